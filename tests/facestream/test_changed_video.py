"""A video that is cut off while it is looked at: what is missing is looked at once it is whole again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import scenes

from facestream.backfill.backfill_process import _look_at_video
from facestream.backfill.backfill_task import Outcome, Stretch, Task
from facestream.configuration.settings import Place
from facestream.recorded import run
from facestream.recorded.run_report import RunOptions, RunReport, SilentListener
from facestream.recorded.source_id import video_id
from facestream.wiring import find_parts, keys_of, load_parts, make_queue, make_store, open_handle
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.source_record import SourceRecord
from stream.frame import Frame
from workers.face_worker import FaceWorker


class Changing(SilentListener):
    """Changes a file when some of its frames were looked at."""

    def __init__(self, change: Callable[[], object]) -> None:
        self._change = change
        self._frames = 0

    def frame_done(self, frame: Frame, faces: int) -> None:
        self._frames += 1
        if self._frames == 3:
            self._change()


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def write_over(path: Path) -> None:
    """As much as before, and a video still."""
    content = path.read_bytes()
    at = len(content) // 3 // 188 * 188
    with path.open("r+b") as file:
        file.write(content[at:] + content[:at])


@pytest.fixture
def place(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, cache_dir: Path
) -> Place:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    return Place(tmp_path_factory.mktemp("fs") / "data")


@pytest.fixture
def video(tmp_path: Path, media: Path) -> Path:
    """Ten seconds in a container that can be read as far as it goes."""
    scenes.remux(media / "duo.mp4", tmp_path / "once.ts")
    return scenes.repeat(tmp_path / "once.ts", tmp_path / "long.ts", 3)


@pytest.mark.parametrize("change", [cut_off, write_over])
def test_what_is_missing_is_looked_at_when_it_is_whole_again(
    place: Place, video: Path, change: Callable[[Path], None]
) -> None:
    whole = video.read_bytes()

    def looked_at(listener: SilentListener) -> RunReport:
        return run.Run(place, RunOptions(paths=(video,)), listener).execute(threading.Event())

    def source() -> SourceRecord:
        (record,) = store.sources()
        return record

    with open_handle(place) as handle:
        store = make_store(handle, keys_of(place))
        cut = looked_at(Changing(lambda: change(video)))
        ((path, reason),) = cut.failed
        assert path == video
        assert "has changed while it was looked at" in reason
        assert not source().complete
        assert not source().ranges or source().ranges[-1][1] < 2 * scenes.SECONDS

        video.write_bytes(whole)
        again = looked_at(SilentListener())

        assert not again.failed
        assert source().complete
        assert again.already_done == 0
        ((start_s, end_s),) = source().ranges
        assert start_s == 0
        assert end_s > 3 * scenes.SECONDS - 0.5


def test_a_part_of_a_backfill_is_not_looked_at_in_another_file(place: Place, video: Path) -> None:
    source_id = video_id(video)
    with video.open("r+b") as file:
        file.truncate(video.stat().st_size // 3)
    outcome = Outcome(1)
    with open_handle(place) as handle:
        keys: Keys = keys_of(place)
        pack = load_parts(find_parts("open", place.data_dir), "cpu")
        sending: SampleQueue = make_queue(handle, keys, pack.manifest.model_id)
        _look_at_video(
            Stretch(str(video), source_id, 5.0, 0.0, float("inf"), to_end=True),
            outcome,
            FaceWorker(pack, sending),
            RunOptions(paths=()),
            threading.Event(),
        )
        assert sending.waiting() == 0
    ((path, reason),) = outcome.failed
    assert path == str(video)
    assert "has other content than when the backfill began" in reason
    assert (outcome.finished, outcome.frames) == (False, 0)


def test_a_part_of_a_backfill_is_looked_at_in_a_file_that_has_grown(place: Place, video: Path) -> None:
    source_id, size = video_id(video), video.stat().st_size
    with video.open("ab") as file:
        file.write(video.read_bytes()[: size // 3])
    stretch = Stretch(str(video), source_id, 5.0, 0.0, 1.0, to_end=False, size=size)
    assert Task.decode(Task(1, stretch).encode()).work == stretch
    outcome = Outcome(1)
    with open_handle(place) as handle:
        pack = load_parts(find_parts("open", place.data_dir), "cpu")
        sending = make_queue(handle, keys_of(place))
        _look_at_video(stretch, outcome, FaceWorker(pack, sending), RunOptions(paths=()), threading.Event())
    assert (outcome.finished, outcome.failed) == (True, [])
    assert outcome.frames > 1
