"""A collection that is named and isn't there: it must not look like one in which nobody is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from collections_made import fill
from command_runs import Done

from facestream import connect
from facestream.errors import NotFoundError

Here = Callable[..., Done]

ASKING = [
    ["people"],
    ["people", "--json"],
    ["people", "show", "p1"],
    ["people", "together"],
    ["people", "log", "--json"],
    ["people", "export-all", "p1", "-o", "all"],
    ["export"],
    ["export", "--what", "people", "-o", "rows"],
    ["export", "--format", "vtt", "-o", "captions"],
    ["report", "-o", "page.html"],
    ["sources"],
    ["stats", "--json"],
    ["tracks", "list"],
    ["dead"],
    ["dead", "drop", "--all"],
    ["readers", "--json"],
    ["readers", "drop", "changes", "billing"],
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_collection_that_is_named_and_isnt_there_is_an_error_everywhere(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "data")
    said = "there is no collection 'defualt' in "
    told = here(*words, "--collection", "defualt", code=1)
    assert said in told.stderr
    assert "Did you mean 'default'?" in told.stderr
    assert told.stdout == ""
    monkeypatch.setenv("FACESTREAM_COLLECTION", "defualt")
    assert said in here(*words, code=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_default_collection_may_always_be_without_anybody(here: Here) -> None:
    assert here("people", "--json").json() == []
    assert "Nothing was processed" in here("people").stdout
    assert here("export", "--json").json() == []


def test_a_collection_with_cameras_alone_is_there(here: Here) -> None:
    here("camera", "add", "door", "rtsp://192.0.2.1/1", "--no-test", "--collection", "yard")
    assert here("people", "--json", "--collection", "yard").json() == []


def test_a_script_is_told_that_a_collection_isnt_there(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    with connect(tmp_path / "data") as store:
        store.check_there()
    with (
        connect(tmp_path / "data", collection="nope") as store,
        pytest.raises(NotFoundError, match="no collection"),
    ):
        store.check_there()


def test_a_store_says_which_collection_it_is_and_no_secret(tmp_path: Path) -> None:
    with connect(tmp_path / "data", collection="family") as store:
        assert repr(store) == f"<Store of collection 'family' in {store.where}>"
        assert str(tmp_path) in repr(store)
