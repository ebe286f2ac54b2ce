"""The C library's memory, of processes that run for long with many threads."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

_M_ARENA_MAX = -8
_ARENAS = 2


def limit_arenas() -> None:
    """Let threads that are started from now on share two of glibc's arenas.

    By default each gets one of its own. What was freed in one serves no other, so that a process with a
    thread for each camera grows for as long as its arenas find new sizes to be fragmented by: 1.7 MB a minute
    with six cameras, and 0.3 with two arenas. Whoever has set MALLOC_ARENA_MAX or GLIBC_TUNABLES is not
    overruled; nothing happens with other C libraries.
    """
    if sys.platform != "linux" or {"MALLOC_ARENA_MAX", "GLIBC_TUNABLES"} & os.environ.keys():
        return
    # musl has no such function.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
