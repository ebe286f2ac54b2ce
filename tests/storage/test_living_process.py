"""A process is known by host, number and start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from storage.living_process import is_alive, own_process


def test_this_process_lives() -> None:
    assert own_process()
    assert is_alive(own_process())


def test_one_that_ended_lives_no_more_also_before_anybody_asked_how() -> None:
    script = "import sys; from storage.living_process import own_process; print(own_process(), flush=True); "
    with subprocess.Popen(
        [sys.executable, "-c", script + "sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        process = other.stdout.readline().strip()
        assert process != own_process()
        assert is_alive(process)
        other.kill()
        # Nobody has waited for it: it is there still, as a zombie.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(process)
    assert not is_alive(process)


def test_no_other_is_taken_for_one_that_lives() -> None:
    host, own = socket.gethostname(), own_process()
    others = [
        "",
        "|",
        "nonsense",
        f"{host}|{os.getpid()}|1",
        f"{host}|self|1",
        f"{host}||",
        f"{host}|{'9' * 5000}|1",
    ]
    for process in [*others, own.replace(host, "elsewhere"), own + "0"]:
        assert not is_alive(process), process
