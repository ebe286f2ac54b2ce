"""Cameras that freeze and die again and again, and what that leaves behind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from operator import gt
from pathlib import Path

from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer
from cameras.viewing import WITHIN_S, Viewing

from stream.live_settings import LiveSettings
from stream.live_state import CameraState

CAMERAS, CYCLES = 3, 20
# With the defaults, fifteen seconds are allowed; these are thirty times as fast, and the machine may be busy.
QUICK = LiveSettings(
    fps=25, transport="tcp", open_timeout_s=2.0, stall_s=0.3, first_backoff_s=0.03, longest_backoff_s=0.3
)
RECOVERY_S = 7.5
FILM = painted_film()


def fail_and_return(server: RtspServer, viewing: Viewing, cycle: int) -> float:
    """Freeze the camera or take its power, wait until that is noticed, undo it; seconds until it is seen."""
    if cycle % 2:
        server.stop()
        assert viewing.until_state(CameraState.BACKING_OFF), viewing.reported[-5:]
        server.start()
    else:
        known = len(viewing.reported)
        server.fault = Fault.FREEZE
        assert viewing.until(
            lambda: CameraState.STALLED in {status.state for status in viewing.reported[known:]}
        ), viewing.reported[-5:]
        server.fault = Fault.NONE
    returned_s = time.monotonic()
    assert viewing.until_state(CameraState.STREAMING), viewing.reported[-5:]
    assert viewing.until_frames(2), viewing.reported[-5:]
    return time.monotonic() - returned_s


def held() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))


def test_every_camera_is_seen_again_after_each_of_twenty_failures_and_nothing_is_left_behind() -> None:
    def watch(_: int) -> list[float]:
        with RtspServer(FILM) as server, Viewing(server.url, QUICK) as viewing:
            assert viewing.until_frames(2), viewing.reported
            recoveries_s = [fail_and_return(server, viewing, cycle) for cycle in range(CYCLES)]
            assert viewing.status.connects > CYCLES / 2
            return recoveries_s

    with ThreadPoolExecutor(CAMERAS) as pool:
        list(pool.map(time.sleep, [0.01] * CAMERAS))  # its threads are there
        before = held()
        watched = list(pool.map(watch, range(CAMERAS)))
        ends_s = time.monotonic() + WITHIN_S
        while any(map(gt, after := held(), before)) and time.monotonic() < ends_s:
            time.sleep(0.05)  # on a busy machine, a thread that was told to end may take a second more
    assert max(max(recoveries_s) for recoveries_s in watched) < RECOVERY_S
    assert after[0] <= before[0]
    assert after[1] <= before[1]
