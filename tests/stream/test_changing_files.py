"""Files that somebody writes to, or puts another one in the place of, while they are read."""

from __future__ import annotations

import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from painted_video import read_number, write_video

from stream.errors import SourceChangedError
from stream.fingerprint import fingerprint
from stream.video import VideoFile


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Ten seconds in a container that can be read as far as it goes."""
    return write_video(tmp_path_factory.mktemp("video") / "whole.ts", frames=250).read_bytes()


def test_of_a_file_that_still_grows_what_is_there_is_read_in_order(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "grows.ts"
    path.write_bytes(whole[: len(whole) // 2])
    video = VideoFile(path, "clip", fps=None)
    frames = []
    for frame in video.frames(threading.Event()):
        if len(frames) == 20:
            with path.open("ab") as file:
                file.write(whole[len(whole) // 2 :])
        frames.append(frame)
    numbers = [read_number(frame.image_bgr) for frame in frames]
    # What comes while it is read may count or not; none is left out in between, and none comes twice.
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 120
    assert all(earlier.media_s < later.media_s for earlier, later in pairwise(frames))
    (warning,) = (text for text in video.warnings if "grew" in text)
    assert "forget what was seen in this one (clip)" in warning


def test_a_file_that_another_takes_the_place_of_is_read_to_its_own_end(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "camera.ts"
    path.write_bytes(whole)
    numbers = []
    video = VideoFile(path, "clip", fps=None)
    for frame in video.frames(threading.Event()):
        if len(numbers) == 20:
            path.rename(tmp_path / "camera.ts.1")
            path.write_bytes(b"another recording begins")
        numbers.append(read_number(frame.image_bgr))
    assert numbers == list(range(250))
    assert video.warnings == []


def test_a_file_that_is_cut_short_while_it_is_read_is_told_with_its_sizes(
    tmp_path: Path, whole: bytes
) -> None:
    path = tmp_path / "cut.ts"
    path.write_bytes(whole)
    numbers = []

    def read() -> None:
        for frame in VideoFile(path, "clip", fps=None).frames(threading.Event()):
            if len(numbers) == 20:
                os.truncate(path, len(whole) // 2)
            numbers.append(read_number(frame.image_bgr))

    with pytest.raises(SourceChangedError, match=rf"cut\.ts' has .* it had {len(whole):,} bytes, and has"):
        read()
    # What was read before is given.
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 20


@pytest.mark.parametrize("end_s", [None, 5.0])
def test_a_file_that_is_written_over_while_it_is_read_is_told(
    tmp_path: Path, whole: bytes, end_s: float | None
) -> None:
    path = tmp_path / "over.ts"
    path.write_bytes(whole)
    video = VideoFile(path, "clip", fps=None, end_s=end_s, content=fingerprint(path)[:16])

    def read() -> None:
        for number, _ in enumerate(video.frames(threading.Event())):
            if number == 20:
                with path.open("r+b") as file:
                    file.seek(len(whole) // 2)
                    file.write(bytes(1000))

    with pytest.raises(SourceChangedError, match="it was written over"):
        read()


def test_a_file_that_is_touched_or_gone_while_it_is_read_is_read_to_its_end(
    tmp_path: Path, whole: bytes
) -> None:
    path = tmp_path / "same.ts"
    path.write_bytes(whole)
    for change in (path.touch, path.unlink):
        video = VideoFile(path, "clip", fps=None, content=fingerprint(path)[:16])
        numbers = []
        for frame in video.frames(threading.Event()):
            if len(numbers) == 20:
                change()
            numbers.append(read_number(frame.image_bgr))
        assert numbers == list(range(250))
        assert video.warnings == []


def test_a_file_that_a_longer_one_is_written_over_is_told(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "over.ts"
    path.write_bytes(whole[: len(whole) // 2])
    video = VideoFile(path, "clip", fps=None, content=fingerprint(path)[:16])

    def read() -> None:
        for number, _ in enumerate(video.frames(threading.Event())):
            if number == 20:
                with path.open("r+b") as file:
                    file.write(whole[::-1])

    with pytest.raises(SourceChangedError, match="it was written over"):
        read()


def test_a_file_that_something_is_added_to_was_not_written_over(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "grows.ts"
    path.write_bytes(whole[: len(whole) // 2])
    video = VideoFile(path, "clip", fps=None, content=fingerprint(path)[:16])
    for number, _ in enumerate(video.frames(threading.Event())):
        if number == 20:
            with path.open("ab") as file:
                file.write(whole[len(whole) // 2 :])
    assert [text for text in video.warnings if "grew" in text]
