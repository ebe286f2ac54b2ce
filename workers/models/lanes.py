"""Calls of models side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Lanes:
    """Runs one function on several items at once, in threads that end with it.

    Scaling pictures, small models and what NumPy does between them use one core: two such calls side by side
    take little longer than one. The answers are the same in any number of lanes.

    Args:
        count: How many run at once; with one, everything runs in the calling thread.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "model lane") if count > 1 else None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """The results in the order of the items; items that take long should come first.

        Raises:
            Exception: What the function raised for the first item that it failed on.
        """
        todo = list(items)
        if self._pool is None or len(todo) < 2:
            return [function(item) for item in todo]
        return list(self._pool.map(function, todo))
