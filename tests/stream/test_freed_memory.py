from __future__ import annotations

import ctypes
import time

import psutil
import pytest

from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_source import LiveSettings, LiveSource

MIB = 1 << 20
BLOCK_BYTES = 64 << 10
WITHIN_S = 20.0


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library isn't glibc")
def test_a_camera_that_comes_and_goes_leaves_no_holes_in_memory() -> None:
    process = psutil.Process()
    blocks = [bytes([1]) * BLOCK_BYTES for _ in range(2000)]
    full = process.memory_info().rss
    # Holes between what stays: nothing at the end of the heap that would be given back anyway.
    blocks = blocks[::10]
    assert process.memory_info().rss > full - 20 * MIB

    url = CameraUrl.parse("synthetic://gate?width=64&height=48&fps=100&frames=1")
    quick = LiveSettings(first_backoff_s=0.001, longest_backoff_s=0.001)
    with LiveSource(url, "c-gate", quick, LiveClock(time.time())) as source:
        ends_s = time.monotonic() + WITHIN_S
        while process.memory_info().rss > full - 80 * MIB and time.monotonic() < ends_s:
            time.sleep(0.01)
        assert process.memory_info().rss <= full - 80 * MIB, source.status
    assert len(blocks) == 200
