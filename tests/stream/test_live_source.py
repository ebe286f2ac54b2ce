from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_reader import threads_left_behind
from stream.live_source import LiveSettings, LiveSource
from stream.live_state import CameraState, LiveStatus

QUICK = LiveSettings(fps=25, stall_s=1.0, open_timeout_s=1.0, first_backoff_s=0.01, longest_backoff_s=0.05)
WITHIN_S = 20.0


def _source(
    query: str, settings: LiveSettings = QUICK, on_event: Callable[[LiveStatus], None] | None = None
) -> LiveSource:
    url = CameraUrl.parse(f"synthetic://gate?width=64&height=48&{query}")
    return LiveSource(url, "c-gate", settings, LiveClock(time.time()), on_event)


def _until(reached: Callable[[], bool], within_s: float = WITHIN_S) -> bool:
    end_s = time.monotonic() + within_s
    while not reached() and time.monotonic() < end_s:
        time.sleep(0.005)
    return reached()


@pytest.fixture
def mute() -> Iterator[CameraUrl]:
    """A camera that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield CameraUrl.parse(f"rtsp://eve:s3cret@127.0.0.1:{listener.getsockname()[1]}/live")


def test_a_slow_consumer_gets_the_newest_frames_in_order_and_the_loss_is_counted() -> None:
    with _source("fps=25") as source:
        assert _until(lambda: source.status.dropped >= 5)
        source.pause()
        assert _until(lambda: source.status.state is CameraState.PAUSED)
        time.sleep(0.2)
        since_s = source.waiting_since_s
        frames = []
        while (frame := source.take()) is not None:
            frames.append(frame)
        status = source.status

    assert len(frames) == QUICK.capacity
    assert since_s == frames[0].captured_at_s
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    assert status.taken == status.dropped + len(frames)
    assert (status.width_px, status.height_px, status.codec) == (64, 48, "synthetic")
    assert source.waiting_since_s is None


def test_only_so_many_frames_are_taken_as_asked_for_and_the_rate_may_change() -> None:
    with _source("fps=50") as source:
        source.set_fps(2)
        assert _until(lambda: source.status.received >= 100)
        slow = source.status
        source.set_fps(25)
        assert _until(lambda: source.status.received >= slow.received + 100)
        fast = source.status
    assert slow.taken <= slow.received * 2 / 50 * 1.5 + 3
    assert fast.taken - slow.taken >= 25
    with pytest.raises(ValueError, match="at most 25"):
        source.set_fps(50)


def test_whoever_waits_is_woken_by_every_frame() -> None:
    arrived = threading.Event()
    source = _source("fps=25")
    source.on_arrival = arrived.set
    with source:
        for _ in range(3):
            assert arrived.wait(WITHIN_S)
            arrived.clear()


def test_every_change_of_state_is_reported_and_a_pause_ends_the_connection() -> None:
    reported: list[LiveStatus] = []
    with _source("fps=25", on_event=reported.append) as source:
        assert _until(lambda: source.status.state is CameraState.STREAMING)
        source.pause()
        received = source.status.received
        time.sleep(0.3)
        assert source.status.received <= received + 1
        source.resume()
        assert _until(lambda: source.status.state is CameraState.STREAMING)
        assert source.status.connects == 2
    assert [status.state for status in reported] == ["streaming", "paused", "connecting", "streaming"]


def test_a_camera_that_falls_silent_is_stalled_then_given_up_then_seen_again() -> None:
    reported: list[LiveStatus] = []
    with _source("fps=50&frames=5&then=silence", on_event=reported.append) as source:
        assert _until(lambda: source.status.connects >= 2 and source.waiting_since_s is not None)
    states = [status.state for status in reported]
    assert states[:4] == ["streaming", "stalled", "backing_off", "connecting"]
    assert "sent nothing for 1 s" in reported[2].last_error


def test_what_only_a_person_can_mend_is_failed_and_tried_again_all_the_same() -> None:
    reported: list[LiveStatus] = []
    url = CameraUrl.parse("synthetic://gate?pattern={env:NO_SUCH_PATTERN}")
    with LiveSource(url, "c-gate", QUICK, LiveClock(time.time()), reported.append) as source:
        assert _until(lambda: source.status.state is CameraState.FAILED)
    assert [status.state for status in reported] == ["failed"]


def test_sixty_reconnects_leave_threads_and_descriptors_as_they_were() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        ended = threading.Event()

        def hang_up() -> None:
            listener.settimeout(0.1)
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                connection.close()
                accepted.append(1)

        accepted: list[int] = []
        server = threading.Thread(target=hang_up)
        server.start()
        url = CameraUrl.parse(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live")
        process = psutil.Process()
        try:
            with LiveSource(url, "c-gate", QUICK, LiveClock(time.time())) as source:
                assert _until(lambda: len(accepted) >= 10)
                before = process.num_threads(), process.num_fds()
                assert _until(lambda: len(accepted) >= 70)
                after = process.num_threads(), process.num_fds()
                assert source.status.state in {CameraState.BACKING_OFF, CameraState.CONNECTING}
        finally:
            ended.set()
            server.join()
    # A connection may be open at either moment.
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 2


def test_closing_takes_about_a_second_while_connecting_and_the_thread_ends_by_itself(mute: CameraUrl) -> None:
    left = threads_left_behind()
    slow = LiveSettings(open_timeout_s=6.0)
    source = LiveSource(mute, "c-gate", slow, LiveClock(time.time()))
    with source:
        time.sleep(0.3)
        begun_s = time.monotonic()
    assert time.monotonic() - begun_s < 2.5
    assert threads_left_behind() == left + 1
    assert _until(lambda: threads_left_behind() == left)


def test_a_source_that_never_began_can_be_closed() -> None:
    source = _source("fps=25")
    source.close()
    assert source.take() is None
    assert source.status.state is CameraState.CONNECTING
