"""Models that hang end their process."""

from __future__ import annotations

import subprocess
import sys

from facestream.processes.hang import EXIT_HUNG, ModelWatchdog

SCRIPT = """
import time
from facestream.processes.hang import model_watchdog
with model_watchdog() as watchdog, watchdog.watching("c-door at 12.0 s"):
    time.sleep(120)
"""


def test_a_model_that_hangs_ends_its_process_and_that_says_on_what(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**environment, "FACESTREAM_LOOK_LIMIT_S": "0.2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == EXIT_HUNG
    assert "worked on c-door at 12.0 s for more than 0.2 s (setting look_limit_s): they hang" in done.stderr


def test_it_knows_whether_models_are_at_work() -> None:
    watchdog = ModelWatchdog(60.0, lambda _: None)
    assert not watchdog.is_at_work
    with watchdog.watching("frames of several cameras"):
        with watchdog.watching("one of them"):
            assert watchdog.is_at_work
        assert watchdog.is_at_work
    assert not watchdog.is_at_work
