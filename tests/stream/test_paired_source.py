from __future__ import annotations

import socket
import time
from collections.abc import Callable

import numpy as np
import pytest

from stream.camera_url import CameraUrl
from stream.frame import Frame
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_state import CameraState, LiveStatus
from stream.paired_source import PairedSource

QUICK = LiveSettings(fps=25, stall_s=1.0, open_timeout_s=1.0, first_backoff_s=0.01, longest_backoff_s=0.05)
SUB = "synthetic://gate?width=64&height=48&fps=25&pattern=bars"
MAIN = "synthetic://gate?width=256&height=192&fps=25&pattern=bars"
WITHIN_S = 20.0


class Watching:
    """A camera of two streams, and the frames of it."""

    def __init__(self, main: str, sub: str = SUB) -> None:
        self.frames: list[Frame] = []
        clock = LiveClock(time.time())
        urls = CameraUrl.parse(main), CameraUrl.parse(sub)
        self.source = PairedSource(*urls, "c-gate", QUICK, clock, QUICK)

    def until(self, reached: Callable[[list[Frame], LiveStatus], bool]) -> None:
        """Take frames until something is so."""
        end_s = time.monotonic() + WITHIN_S
        while not reached(self.frames, self.source.status):
            assert time.monotonic() < end_s, self.source.status
            frame = self.source.take()
            if frame is None:
                time.sleep(0.005)
            else:
                self.frames.append(frame)


def bare(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.detail is None]


def test_frames_of_the_sub_stream_have_the_picture_of_the_main_stream_beside_them() -> None:
    watching = Watching(MAIN)
    with watching.source:
        watching.until(lambda frames, status: len(frames) - len(bare(frames)) >= 5)
        status = watching.source.status
        (*_, frame) = [frame for frame in watching.frames if frame.detail is not None]
    assert frame.source_id == "c-gate"
    assert frame.image_bgr.shape == (48, 64, 3)
    assert frame.detail is not None
    assert (frame.detail.width_px, frame.detail.height_px) == (256, 192)
    # Converted after the camera is gone.
    image = frame.detail.image_bgr()
    assert image is not None
    assert image.shape == (192, 256, 3)
    np.testing.assert_array_equal(image[2::4, 2::4], frame.image_bgr)
    indices = [frame.index for frame in watching.frames]
    assert indices == sorted(set(indices))
    assert (status.width_px, status.height_px) == (64, 48)
    assert status.main is not None
    assert status.main.state is CameraState.STREAMING
    assert (status.main.width_px, status.main.height_px) == (256, 192)
    assert status.paired >= 5


def test_a_main_stream_that_is_down_costs_the_detail_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    watching = Watching(f"rtsp://eve:s3cret@127.0.0.1:{port}/live")
    with watching.source:
        watching.until(lambda frames, status: len(frames) >= 5 and status.main.last_error != "")
        status = watching.source.status
    assert len(bare(watching.frames)) == len(watching.frames)
    assert status.state is CameraState.STREAMING
    assert status.last_error == ""
    assert status.main is not None
    assert "listens" in status.main.last_error
    assert "s3cret" not in repr(status)


def test_frames_go_on_while_the_main_stream_is_silent() -> None:
    watching = Watching(f"{MAIN}&frames=10&then=silence")
    with watching.source:
        watching.until(lambda frames, status: len(frames) > len(bare(frames)))
        seen = len(watching.frames)
        watching.until(lambda frames, status: len(bare(frames[seen:])) >= 5)


def test_a_sub_stream_that_is_down_is_the_camera_that_is_down() -> None:
    watching = Watching(MAIN, f"{SUB}&frames=5")
    with watching.source:
        watching.until(lambda frames, status: status.last_error != "")
        watching.until(lambda frames, status: status.connects > 1 and len(frames) > 5)


def test_streams_of_two_aspect_ratios_are_not_paired_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watching = Watching(MAIN.replace("192", "144"))
    with watching.source:
        watching.until(lambda frames, status: len(frames) >= 8 and "aspect" in status.main.last_error)
    assert len(bare(watching.frames)) == len(watching.frames)
    said = [record.message for record in caplog.records if "aspect ratio" in record.message]
    assert len(said) == 1
    assert "256x144" in said[0]
    assert "64x48" in said[0]


def test_whoever_waits_is_woken_and_nobody_who_takes_nothing_holds_up_the_streams() -> None:
    watching = Watching(MAIN)
    woken: list[float] = []
    watching.source.on_arrival = lambda: woken.append(time.monotonic())
    with watching.source:
        end_s = time.monotonic() + WITHIN_S
        while watching.source.status.dropped < 5:
            assert time.monotonic() < end_s
            time.sleep(0.01)
        assert len(woken) >= 5
        assert watching.source.waiting_since_s is not None
