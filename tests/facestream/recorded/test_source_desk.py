"""What of a photo is new, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from facestream.recorded import source_desk
from facestream.recorded.run_report import RunOptions, RunReport, SilentListener
from facestream.recorded.source_desk import SourceDesk
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.source_claims import SourceClaims
from stream.errors import SourceChangedError


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceDesk]:
    keys = Keys("default")
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("redis"))) as handle:
        queue = SampleQueue(handle.client, keys)
        queue.prepare()
        store = IdentityStore(handle.client, keys)
        with SourceClaims(handle.client, keys) as claims:
            yield SourceDesk(
                store, queue, RunOptions(paths=()), SilentListener(), RunReport(), lambda: None, claims
            )


def save(path: Path, colour: str) -> Path:
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def test_a_photo_that_changes_before_its_turn_is_not_taken_for_what_it_was(
    desk: SourceDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is with very large ones.
    monkeypatch.setattr(source_desk, "_AHEAD_PIXELS", 1)
    stop = threading.Event()
    same, other = save(tmp_path / "same.png", "red"), save(tmp_path / "other.png", "blue")
    before = {path: desk.open_photo(path, stop) for path in (same, other)}
    assert [opened.frame for opened in before.values()] == [None, None]
    save(other, "green")
    assert desk.photo(same, before[same], stop) is not None
    with pytest.raises(
        SourceChangedError, match=r"other\.png' has changed while it was looked at; run it again"
    ):
        desk.photo(other, before[other], stop)
    assert desk.photo(other, desk.open_photo(other, stop), stop) is not None
