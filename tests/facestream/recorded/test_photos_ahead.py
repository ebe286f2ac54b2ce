"""Photos that are opened while others are looked at."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from facestream.recorded import photos_ahead
from facestream.recorded.photos_ahead import PhotosAhead, threads_for
from facestream.recorded.source_work import OpenedPhoto
from stream.errors import PhotoUnreadableError
from stream.frame import Frame

PATHS = [Path(f"{number}.jpg") for number in range(12)]


class Opener:
    """Opens photos, and says how many are open."""

    def __init__(self) -> None:
        self.opened: list[Path] = []
        self.threads: set[int] = set()
        self.lock = threading.Lock()

    def __call__(self, path: Path) -> OpenedPhoto:
        with self.lock:
            self.opened.append(path)
            self.threads.add(threading.get_ident())
        if path.stem == "3":
            raise PhotoUnreadableError("'3.jpg' is torn", "3.jpg")
        return OpenedPhoto(path.stem, Frame(path.stem, 0, 0.0, None, np.zeros((4, 4, 3), np.uint8)))


def _until(reached: object) -> None:
    end_s = time.monotonic() + 20.0
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < end_s
        time.sleep(0.002)


@pytest.mark.parametrize("threads", [1, 3, 20])
def test_they_come_in_their_order_and_one_that_fails_costs_the_others_nothing(threads: int) -> None:
    opener = Opener()
    seen = []
    with PhotosAhead(PATHS, opener, threading.Event(), threads) as photos:
        for path, open_photo in photos:
            try:
                opened = open_photo()
            except PhotoUnreadableError:
                seen.append((path, "torn"))
            else:
                assert opened is not None
                seen.append((path, opened.source_id))
    assert [path for path, _ in seen] == PATHS
    assert [said for _, said in seen] == ["torn" if p.stem == "3" else p.stem for p in PATHS]
    assert sorted(opener.opened) == sorted(PATHS)
    assert threading.get_ident() not in opener.threads


@pytest.mark.parametrize("threads", [1, 3])
def test_the_next_ones_are_open_when_their_turn_comes_and_no_more_than_there_are_threads(
    threads: int,
) -> None:
    opener = Opener()
    with PhotosAhead(PATHS, opener, threading.Event(), threads) as photos:
        for number, (_, open_photo) in enumerate(photos):
            if number == 3:
                continue
            open_photo()
            ahead = min(number + 1 + threads, len(PATHS))
            _until(lambda ahead=ahead: len(opener.opened) == ahead)
            time.sleep(0.01)
            assert len(opener.opened) == ahead


def test_once_it_is_stopped_nothing_is_waited_for_and_no_thread_stays() -> None:
    stop, holds = threading.Event(), threading.Event()

    def slow(path: Path) -> OpenedPhoto:
        assert holds.wait(20)
        return OpenedPhoto(path.stem, None)

    threads = threading.active_count()
    with PhotosAhead(PATHS, slow, stop, 2) as photos:
        _, open_photo = next(iter(photos))
        threading.Timer(0.05, stop.set).start()
        assert open_photo() is None
        holds.set()
    _until(lambda: threading.active_count() == threads)


def test_of_no_photos_there_is_none() -> None:
    with PhotosAhead([], Opener(), threading.Event()) as photos:
        assert list(photos) == []


def test_half_of_the_processors_open_photos_and_never_many() -> None:
    assert [threads_for(cores) for cores in (1, 2, 3, 4, 8, 64)] == [1, 1, 1, 2, 4, 4]


def test_one_whose_reading_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos_ahead, "_LEAVE_S", 0.2)
    hangs, stop = threading.Event(), threading.Event()

    def open_photo(path: Path) -> OpenedPhoto:
        hangs.wait(60)
        return OpenedPhoto(path.stem, None)

    began_s = time.monotonic()
    with PhotosAhead(PATHS, open_photo, stop, 2) as photos:
        _, opened = next(iter(photos))
        stop.set()
        assert opened() is None
        left = [thread for thread in threading.enumerate() if thread.name.startswith("photos ahead")]
    assert time.monotonic() - began_s < 10
    # Nothing waits for them when the process ends.
    assert [thread.daemon for thread in left] == [True, True]
    hangs.set()
    for thread in left:
        thread.join(20)
        assert not thread.is_alive()
