"""Calls side by side."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from workers.models.lanes import Lanes


def lane_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("model lane")]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("items", [[], [3], [3, 1, 2, 9, 4, 0]])
def test_results_come_in_the_order_of_the_items(count: int, items: list[int]) -> None:
    def square(item: int) -> int:
        time.sleep(item / 1000)
        return item * item

    assert Lanes(count).map(square, items) == [item * item for item in items]


def test_two_lanes_run_at_once() -> None:
    both = threading.Barrier(2)
    assert Lanes(2).map(lambda _: both.wait(10), [1, 2]) in ([0, 1], [1, 0])


def test_one_lane_is_the_calling_thread() -> None:
    mine = threading.get_ident()
    assert Lanes(1).map(lambda _: threading.get_ident(), [1, 2]) == [mine, mine]


def test_what_a_call_raises_is_raised_as_it_is() -> None:
    def fail(item: int) -> int:
        if item > 1:
            raise ValueError(f"item {item}")
        return item

    with pytest.raises(ValueError, match="item 2"):
        Lanes(2).map(fail, [1, 2, 3])


def test_threads_end_with_their_owner() -> None:
    # Those of other tests may end meanwhile.
    before = set(lane_threads())
    lanes = Lanes(3)
    lanes.map(time.sleep, [0.01] * 6)
    mine = set(lane_threads()) - before
    assert mine
    del lanes
    gc.collect()
    for thread in mine:
        thread.join(5)
    assert not any(thread.is_alive() for thread in mine)
