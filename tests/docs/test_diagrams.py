"""Pictures of the documentation are drawn from the sources beside them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SOURCES = sorted((DOCS / "diagrams").glob("*.mmd"))


def test_every_diagram_has_a_source_and_every_source_a_diagram() -> None:
    drawn = {path.stem.removeprefix("diagram-") for path in (DOCS / "images").glob("diagram-*.svg")}
    assert drawn == {path.stem for path in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_diagram_is_what_its_source_says(source: Path) -> None:
    picture = (DOCS / "images" / f"diagram-{source.stem}.svg").read_text(encoding="utf-8")
    said = hashlib.sha256(source.read_bytes()).hexdigest()
    assert picture.startswith(f"<!-- {said} -->"), "run: python docs/diagram_pictures.py MERMAID"
