"""Every page is in the menu of the site; said here as well, since the site itself is built by CI alone."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    listed = re.findall(r"([\w/-]+\.md)$", menu, re.MULTILINE)
    assert len(listed) == len(set(listed))
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    # Those that are written elsewhere: docs/site_pages.py.
    made = set(re.findall(r'^    "([\w-]+\.md)": "', (docs / "site_pages.py").read_text(), re.MULTILINE))
    assert len(made) == 3
    assert set(listed) == pages | made, "mkdocs.yml needs a line for each page"
