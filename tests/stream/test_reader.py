import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from painted_video import read_number, write_video

from stream.errors import SourceNotFoundError
from stream.frame import Frame
from stream.reader import FrameReader
from stream.video import VideoFile


class Counter:
    """Yields numbered frames; can fail after some, or fall silent until stopped."""

    source_id = "counter"

    def __init__(self, count: int, error: Exception | None = None, *, silent: bool = False) -> None:
        self.count = count
        self.error = error
        self.silent = silent
        self.made = 0
        self.closed_in: str | None = None

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        try:
            for index in range(self.count):
                self.made += 1
                yield Frame("counter", index, index / 25, None, np.zeros((2, 2, 3), np.uint8))
            if self.silent:
                stop.wait(30)
            if self.error is not None:
                raise self.error
        finally:
            self.closed_in = threading.current_thread().name


def reading_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("read ")]


def eventually(condition: object) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if callable(condition) and condition():
            return True
        time.sleep(0.01)
    return False


def test_delivers_every_frame_in_order_and_ends() -> None:
    with FrameReader(Counter(100), capacity=3) as reader:
        assert [frame.index for frame in reader] == list(range(100))
        assert list(reader) == []
    assert reading_threads() == []


def test_decoder_waits_for_the_consumer() -> None:
    source = Counter(100)
    with FrameReader(source, capacity=4) as reader:
        assert eventually(lambda: reader.queued == 4)
        time.sleep(0.25)
        assert source.made == 5  # four lie ready, one waits
        next(reader)
        assert eventually(lambda: source.made == 6)


def test_error_comes_after_the_frames_before_it_as_the_same_object() -> None:
    error = RuntimeError("disk on fire")
    with FrameReader(Counter(5, error), capacity=8) as reader:
        assert eventually(lambda: not reading_threads())
        assert [next(reader).index for _ in range(5)] == list(range(5))
        with pytest.raises(RuntimeError) as caught:
            next(reader)
        assert caught.value is error
        assert list(reader) == []


def test_error_at_opening_reaches_the_consumer(tmp_path: Path) -> None:
    with FrameReader(VideoFile(tmp_path / "none.mp4", "clip")) as reader, pytest.raises(SourceNotFoundError):
        next(reader)


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_leaving_early_ends_the_thread_within_a_second(taken: int) -> None:
    source = Counter(1000)
    with FrameReader(source, capacity=2) as reader:
        for _ in range(taken):
            next(reader)
        left = time.monotonic()
    assert time.monotonic() - left < 1.0
    assert reading_threads() == []
    assert source.closed_in == "read counter"
    assert list(reader) == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_exception_of_the_consumer_ends_the_thread(kind: type[BaseException]) -> None:
    def consume() -> None:
        with FrameReader(Counter(1000), capacity=2) as reader:
            next(reader)
            raise kind

    with pytest.raises(kind):
        consume()
    assert reading_threads() == []


def test_silent_source_is_stopped_through_its_event() -> None:
    with FrameReader(Counter(1, silent=True)) as reader:
        next(reader)
        left = time.monotonic()
    assert time.monotonic() - left < 1.0
    assert reading_threads() == []


def test_slow_source_is_waited_for() -> None:
    class Slow(Counter):
        def frames(self, stop: threading.Event) -> Iterator[Frame]:
            for frame in super().frames(stop):
                time.sleep(0.25)
                yield frame

    with FrameReader(Slow(3)) as reader:
        assert [frame.index for frame in reader] == [0, 1, 2]


def test_consumer_in_another_thread_is_released_on_exit() -> None:
    results: list[list[int]] = []
    with FrameReader(Counter(1, silent=True)) as reader:
        consumer = threading.Thread(target=lambda: results.append([frame.index for frame in reader]))
        consumer.start()
        assert eventually(lambda: reader.queued == 0)
    consumer.join(2)
    assert results == [[0]]


def test_use_outside_of_with_is_refused() -> None:
    with pytest.raises(RuntimeError, match="with FrameReader"):
        next(FrameReader(Counter(1)))
    assert reading_threads() == []


def test_capacity_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity is 0"):
        FrameReader(Counter(1), capacity=0)


def test_reads_a_real_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=60)
    with FrameReader(VideoFile(path, "clip", fps=None), capacity=2) as reader:
        assert [read_number(frame.image_bgr) for frame in reader] == list(range(60))


def test_batches_hold_what_lies_ready_and_nothing_waits_for_more() -> None:
    def most() -> int:
        # Until all of the next batch lies ready, or the source is at its end.
        assert eventually(lambda: reader.queued == 4 or source.closed_in)
        return limits.pop(0)

    source, limits = Counter(12), [3, 1, 8, 8, 8]
    with FrameReader(source, capacity=4) as reader:
        batches = [[frame.index for frame in batch] for batch in reader.batches(most)]
    assert batches[:2] == [[0, 1, 2], [3]]
    assert max(map(len, batches)) <= 5
    assert [index for batch in batches for index in batch] == list(range(12))


def test_frames_before_an_error_come_in_batches_as_well() -> None:
    taken: list[int] = []

    def take_all() -> None:
        with FrameReader(Counter(5, ValueError("torn"))) as reader:
            for batch in reader.batches(lambda: 3):
                taken.extend(frame.index for frame in batch)

    with pytest.raises(ValueError, match="torn"):
        take_all()
    assert taken == [0, 1, 2, 3, 4]
