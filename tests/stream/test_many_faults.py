"""Losses over UDP, hosts that there are not, and half of many cameras that are dead."""

from __future__ import annotations

import contextlib
import socket
import time

from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer
from cameras.viewing import Viewing

from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_source import LiveSource
from stream.live_state import CameraState

QUICK = LiveSettings(fps=25, open_timeout_s=5.0, first_backoff_s=0.05, longest_backoff_s=0.5)
CAMERAS = 50


def test_lost_datagrams_cost_no_connection() -> None:
    with (
        RtspServer(painted_film(), fault=Fault.LOSS) as server,
        Viewing(server.url, LiveSettings(fps=25, transport="udp")) as viewing,
    ):
        # A third of all packets is missing.
        assert viewing.until(lambda: server.frames_sent >= 60)
        assert viewing.until_frames(10)
        server.fault = Fault.NONE
        assert viewing.until_frames(10)
        assert viewing.status.connects == 1
        assert CameraState.BACKING_OFF not in viewing.states


def test_a_host_that_there_is_not_is_named_as_such_and_tried_again() -> None:
    with Viewing("rtsp://no-such-host.invalid/live", QUICK) as viewing:
        assert viewing.until(lambda: any("name is unknown" in error for error in viewing.errors))
        assert viewing.until(lambda: sum(s.state is CameraState.CONNECTING for s in viewing.reported) > 2)
        assert CameraState.FAILED not in viewing.states


def test_with_half_of_fifty_cameras_dead_the_others_lose_nothing() -> None:
    settings = LiveSettings(fps=5, open_timeout_s=5.0)
    with socket.socket() as nobody, contextlib.ExitStack() as stack:
        # A port that nobody listens on.
        nobody.bind(("127.0.0.1", 0))
        urls = [
            f"rtsp://127.0.0.1:{nobody.getsockname()[1]}/live"
            if number % 2
            else f"synthetic://cam{number}?width=64&height=48&fps=5"
            for number in range(CAMERAS)
        ]
        sources = [
            stack.enter_context(
                LiveSource(CameraUrl.parse(url), f"c-{number}", settings, LiveClock(time.time()))
            )
            for number, url in enumerate(urls)
        ]
        alive, dead = sources[::2], sources[1::2]
        taken = dict.fromkeys((source.source_id for source in alive), 0)
        ends_s = time.monotonic() + 60
        while min(taken.values()) < 5 and time.monotonic() < ends_s:
            for source in alive:
                while source.take() is not None:
                    taken[source.source_id] += 1
            time.sleep(0.02)
        assert min(taken.values()) >= 5
        # Evenly.
        assert max(taken.values()) <= 3 * min(taken.values())
        assert {source.status.state for source in alive} == {CameraState.STREAMING}
        assert {source.status.connects for source in alive} == {1}
        assert all("nobody listens" in source.status.last_error for source in dead)
        assert all(source.status.received == 0 for source in dead)
