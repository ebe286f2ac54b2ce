"""A process by a name that no other has, and whether it lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

# Positions in /proc/PID/stat behind the name of the program, see proc_pid_stat(5): fields 3 and 22.
_STATE, _STARTED = 0, 19
_ENDED = (b"Z", b"X")


def own_process() -> str:
    """Host, number and start of this process; empty where the system doesn't tell when it was started."""
    started = _started(str(os.getpid()))
    return f"{socket.gethostname()}|{os.getpid()}|{started}" if started else ""


def is_alive(process: str) -> bool:
    """Whether a process surely lives: one of another host, of which nothing is known here, doesn't.

    Args:
        process: As of `own_process`, of any process; or any other text.
    """
    host, _, rest = process.rpartition("|")[0].rpartition("|")
    if host != socket.gethostname() or not (rest.isascii() and rest.isdigit()):
        return False
    # A number is given to others in time, such as the first one of each container; not the moment, too.
    started = _started(rest)
    return bool(started) and process == f"{host}|{rest}|{started}"


def has_ended(process: str) -> bool:
    """Whether a process surely doesn't live any more: one of another host, of which nothing is known, may.

    Args:
        process: As of `is_alive`.
    """
    host = process.rpartition("|")[0].rpartition("|")[0]
    return host == socket.gethostname() and not is_alive(process)


def _started(pid: str) -> str:
    """When a process was started, in ticks since the machine was; empty for none, and where nobody tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[_STATE] in _ENDED else str(int(fields[_STARTED]))
    except (OSError, ValueError, IndexError):
        return ""
