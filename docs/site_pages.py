"""What the site has beside the pages of this folder: a hook of MkDocs, named in mkdocs.yml.

The README of the examples with the scripts themselves, the changes, and how to contribute are written where
people look for them in a checkout, and become pages of the site here. Links that lead out of this folder lead
to those pages, or become the plain name of the file, since the site has no repository to point to.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT = Path(__file__).resolve().parents[1]
# Files of the checkout by the page that they become.
_PAGES = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "examples.md": "examples/README.md",
}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere."""
    for page, path in _PAGES.items():
        text = (_ROOT / path).read_text(encoding="utf-8")
        if page == "examples.md":
            text += "".join(_script(script) for script in sorted((_ROOT / "examples").glob("*.py")))
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead links that go out of the folder somewhere."""
    source = posixpath.join("docs", page.file.src_uri)
    source = _PAGES.get(page.file.src_uri, source)

    def led(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if place.startswith("docs/"):
            inside = place.removeprefix("docs/")
        else:
            inside = next((name for name, path in _PAGES.items() if path == place), "")
            if not inside and place.startswith("examples/") and page.file.src_uri == "examples.md":
                return f"[{text}](#{posixpath.basename(place).replace('.', '')})"
        if not inside:
            return text
        start = posixpath.dirname(page.file.src_uri) or "."
        return f"[{text}]({posixpath.relpath(inside, start)}{anchor})"

    return _LINK.sub(led, markdown)


def _script(path: Path) -> str:
    return f"\n## {path.name}\n\n```python\n{path.read_text(encoding='utf-8')}```\n"
