"""Signs of life of a process that works, waits or hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from facestream.metrics.health import Heartbeat
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.metrics.sign_of_life import SignOfLife

# Several times as long as there is between two signs.
_LONG_S = 2.5


def until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def first_sign(kept: KeptMetrics, heartbeat: Heartbeat) -> int | None:
    """What its first round leaves of this process, of which there is nothing before."""
    pid = os.getpid()
    time.sleep(_LONG_S)
    assert kept.sign_of(pid) is None
    heartbeat.beat()
    until(lambda: kept.sign_of(pid))
    return kept.sign_of(pid)


def test_there_is_one_for_each_round_of_the_loop_and_none_before_the_first() -> None:
    with KeptMetrics() as kept:
        heartbeat, pid = Heartbeat(), os.getpid()
        with SignOfLife(kept.folder, heartbeat):
            first = first_sign(kept, heartbeat)
            # The loop hangs.
            time.sleep(_LONG_S)
            assert kept.sign_of(pid) == first
            heartbeat.beat()
            until(lambda: kept.sign_of(pid) != first)
        kept.ended(pid)
        assert kept.sign_of(pid) is None


def test_whose_models_are_at_work_is_alive_but_not_before_it_has_begun() -> None:
    with KeptMetrics() as kept:
        heartbeat, pid = Heartbeat(), os.getpid()
        heartbeat.at_work = lambda: True
        with SignOfLife(kept.folder, heartbeat):
            first = first_sign(kept, heartbeat)
            until(lambda: kept.sign_of(pid) != first)
