"""Processes that are kept for a collection don't begin another one of its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done

from facestream.configuration.settings import Place
from facestream.wiring import keys_of, make_store, open_handle
from storage.errors import CollectionGoneError
from storage.retention_policy import RetentionPolicy


def keys_there(place: Place) -> list[bytes]:
    with open_handle(place) as handle:
        return sorted(handle.client.scan_iter("fs:*"))


@pytest.mark.parametrize("command", ["cluster-worker", "worker"])
def test_one_that_comes_too_late_leaves_nothing(
    here: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("FACESTREAM_RETENTION_UNNAMED", "30")
    monkeypatch.setenv("FACESTREAM_RETENTION_NAMED", "forever")
    done = here(command, "--began", "1777636800.000", "--for", "20s", code=1)
    assert "was dropped or replaced" in done.stderr
    assert keys_there(Place(tmp_path / "data")) == []


def test_what_a_collection_is_changes_only_while_it_is_the_one_that_is_meant(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    with open_handle(place) as handle:
        store = make_store(handle, keys_of(place))
        store.claim_model("dlib@1", {"pack": "open"})
        began = store.meta()["created_at_s"]
        store.claim_model("dlib@1", {"pack": "open"}, began=began)
        store.keep_retention(RetentionPolicy(unnamed=3.0), began=began)
        before = store.meta()
        for change in (
            lambda: store.claim_model("dlib@1", {"licence": "MIT"}, began="1.000"),
            lambda: store.keep_retention(RetentionPolicy(unnamed=4.0), began="1.000"),
        ):
            with pytest.raises(CollectionGoneError):
                change()
        assert store.meta() == before
