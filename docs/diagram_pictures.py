"""Draw docs/images/diagram-NAME.svg from docs/diagrams/NAME.mmd: `python docs/diagram_pictures.py MERMAID`.

MERMAID is dist/mermaid.min.js of the npm package `mermaid` (MIT; `npm pack mermaid`), which Debian's chromium
runs. The pages hold pictures and no scripts of Mermaid, so that readers fetch nothing from elsewhere.
Each picture names the hash of its source: a test fails while one is not what its source says.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_DOCS = Path(__file__).resolve().parent
# Text as text and not as HTML, which pictures on a page don't show everywhere.
_SETTINGS = """{
    startOnLoad: false, theme: 'neutral', htmlLabels: false, deterministicIds: true, fontFamily: 'sans-serif',
    flowchart: {htmlLabels: false}
}"""


def source_hash(source: str) -> str:
    """What a picture says of the source that it was drawn from."""
    return hashlib.sha256(source.encode()).hexdigest()


def main() -> None:
    """Draw all of them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<html><body></body></html>")
        page.add_script_tag(path=sys.argv[1])
        page.evaluate(f"mermaid.initialize({_SETTINGS})")
        for path in sorted((_DOCS / "diagrams").glob("*.mmd")):
            source = path.read_text(encoding="utf-8")
            picture = page.evaluate(
                "async ([name, text]) => (await mermaid.render(name, text)).svg", [path.stem, source]
            )
            # Dark pages have light lines of text, and these are dark.
            picture = picture.replace("max-width:", "background-color: white; max-width:", 1)
            target = _DOCS / "images" / f"diagram-{path.stem}.svg"
            target.write_text(f"<!-- {source_hash(source)} -->\n{picture}\n", encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    main()
