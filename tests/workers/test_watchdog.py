from __future__ import annotations

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
