"""The C library's memory, of processes that run for long with many threads."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
_ARENAS = 2
# Below any picture, above what is allocated by the thousand.
_LARGE_BYTES = 256 << 10


def steady_memory() -> None:
    """Keep glibc from growing for as long as the process runs; call it before threads are started.

    By default each thread gets an arena of its own. What was freed in one serves no other, so that a process
    with a thread for each camera grows for as long as its arenas find new sizes to be fragmented by: 1.7 MB a
    minute with six cameras, and 0.3 with two arenas. And once a picture was freed, glibc puts the next ones
    of its size among small blocks, some of which outlive them: 1.2 MB a minute with three cameras. Pictures
    are mapped on their own here, and given back whole. Whoever has set the variables of `mallopt(3)` or
    GLIBC_TUNABLES is not overruled; nothing happens with other C libraries.
    """
    if sys.platform != "linux" or "GLIBC_TUNABLES" in os.environ:
        return
    # musl has no such function.
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if "MALLOC_ARENA_MAX" not in os.environ:
            libc.mallopt(_M_ARENA_MAX, _ARENAS)
        if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
            libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
