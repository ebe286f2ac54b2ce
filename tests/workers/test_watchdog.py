from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from workers.watchdog import Watchdog


def test_work_that_takes_too_long_is_told_once_and_by_its_name() -> None:
    told: list[str] = []
    heard = threading.Event()

    def on_hang(what: str) -> None:
        told.append(what)
        heard.set()

    with Watchdog(0.05, on_hang) as watchdog:
        with watchdog.watching("frame 1"):
            pass
        # As a whole, although each of its parts is quick.
        with watchdog.watching("frame 2"):
            for _ in range(3):
                with watchdog.watching("a part"):
                    pass
            assert heard.wait(30)
            time.sleep(0.1)
    assert told == ["frame 2"]


def test_work_in_time_is_no_matter_however_much_there_is() -> None:
    told: list[str] = []
    with Watchdog(30.0, told.append) as watchdog:
        for number in range(1000):
            with watchdog.watching(f"frame {number}"):
                pass
        time.sleep(0.1)
    assert told == []


_PAUSED = """
import sys
from workers.watchdog import Watchdog

with Watchdog(4.0, lambda what: print("hangs:", what, flush=True)) as watchdog:
    with watchdog.watching("frame 1"):
        print("begun", flush=True)
        sys.stdin.readline()
print("done", flush=True)
"""


def test_a_process_that_was_paused_does_not_hang() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PAUSED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(5.0)
        os.kill(child.pid, signal.SIGCONT)
        # So that it looks at what has passed.
        time.sleep(1.2)
        said, _ = child.communicate("\n", timeout=60)
    assert said == "done\n"
