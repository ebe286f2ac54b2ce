"""docs/python.md: its code runs as it stands, on a made-up collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from collections_made import fill
from PIL import Image
from processes import Processed

import facestream
from facestream.demo_video import ASTRONAUT

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
_BLOCK = re.compile(r"(<!-- needs .*? -->\n)?```python\n(.*?)```", re.DOTALL)


def test_all_blocks_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(fill(tmp_path / "data")))
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "page"}
    ran = 0
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(2))
        # Lines in a traceback are those of the page.
        code = compile("\n" * line + found[2], str(PAGE), "exec")
        if not found[1]:
            exec(code, names)
            ran += 1
    assert ran >= 8
    assert names["ada"].id == "p1"
    assert names["picture"].startswith(b"\xff\xd8")
    assert [seen.person_id for seen in names["at_the_door"]] == ["p3"]
    assert {seen.person_id for seen in names["of_ada"]} == {"p1"}
    assert names["in_films"]
    assert names["last_id"] != "0-0"
    assert (tmp_path / "ada.zip").is_file()


@pytest.mark.e2e
def test_the_blocks_that_need_models_run_on_people_who_were_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processed: Processed
) -> None:
    with Image.open(ASTRONAUT.path()) as picture:
        picture.convert("RGB").save(tmp_path / "visitor.jpg", quality=95)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(processed.cli.data_dir))
    blocks = [found[2] for found in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")) if found[1]]
    assert blocks
    with facestream.connect(processed.cli.data_dir) as store:
        for block in blocks:
            names: dict[str, Any] = {"store": store}
            exec(block, names)
            if "report" in names:
                assert (len(names["report"].sources), names["report"].faces) == (1, 1)
                continue
            by_path = store.find("visitor.jpg", limit=1)
            # The same by an open file, by bytes and by an image.
            first, alone = names["faces"][0].matches[0], by_path[0].matches[0]
            assert (first.person, first.similarity) == (alone.person, pytest.approx(alone.similarity))
            # How many are looked at closely depends on how many are asked for.
            assert first.sureness == pytest.approx(alone.sureness, abs=1e-6)
            assert store.find((tmp_path / "visitor.jpg").read_bytes(), limit=1) == by_path
            assert store.find(names["image"], limit=1)[0].matches[0].person == by_path[0].matches[0].person
            names["image"][0, 0] = 0  # still the caller's to write to


def test_every_method_is_told_of() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (
        *("people", "person", "find", "sightings", "watch", "decisions", "enroll", "forget", "merge"),
        *("clips", "export_person"),
    ):
        assert re.search(rf"\b{name}\b", text)
        assert hasattr(facestream.Store, name)
