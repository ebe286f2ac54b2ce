"""Code of docs/python.md and other documents runs as it stands, on a made-up collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from collections_made import fill
from command_runs import Processed
from doc_commands import PAGES
from PIL import Image

import facestream
from facestream.demo_video import ASTRONAUT
from storage.connection import open_redis
from storage.datafolder import DataFolder

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"
# Pages whose code other tests run.
ELSEWHERE = {
    "docs/python.md": "this file",
    "docs/redis.md": "tests/storage/test_redis_doc.py",
    "docs/webhooks.md": "tests/facestream/webhooks/test_signature.py",
}
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
    (readme,) = _blocks_of(ROOT / "README.md")
    exec(readme, {})
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


def _blocks_of(page: Path) -> list[str]:
    return [found[2] for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", ["alerts", "query-redis"])
def test_code_of_how_tos_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    folder = fill(tmp_path / "data")
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(folder))
    (block,) = _blocks_of(ROOT / "docs" / "howto" / f"{name}.md")
    with open_redis(None, DataFolder(folder)) as handle:
        names: dict[str, Any] = {"SOCKET": handle.client.connection_pool.connection_kwargs["path"]}
        exec(block, names)
        if "stream" in names:
            names["client"].xadd(names["stream"], {"kind": "created", "identity_id": "p9"})
            exec(block, names)
            assert names["fields"] == {"kind": "created", "identity_id": "p9"}
            assert names["client"].xpending(names["stream"], "billing")["pending"] == 0
            names["client"].close()


def test_the_code_of_every_document_is_run() -> None:
    pages = {page.relative_to(ROOT).as_posix() for page in PAGES if _blocks_of(page)}
    assert pages == {"README.md", "docs/howto/alerts.md", "docs/howto/query-redis.md", *ELSEWHERE}


def test_every_method_is_told_of() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (
        *("people", "person", "find", "sightings", "watch", "decisions", "enroll", "forget", "merge"),
        *("clips", "export_person"),
    ):
        assert re.search(rf"\b{name}\b", text)
        assert hasattr(facestream.Store, name)
