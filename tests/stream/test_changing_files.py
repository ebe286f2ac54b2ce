"""Files that somebody writes to, or puts another one in the place of, while they are read."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import pytest
from painted_video import read_number, write_video

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


def test_a_file_that_is_cut_short_while_it_is_read_ends_there(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "cut.ts"
    path.write_bytes(whole)
    numbers = []
    for frame in VideoFile(path, "clip", fps=None).frames(threading.Event()):
        if len(numbers) == 20:
            with path.open("r+b") as file:
                file.truncate(len(whole) // 2)
        numbers.append(read_number(frame.image_bgr))
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 20
