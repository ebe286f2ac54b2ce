"""Items that are gathered as far as somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload


class Gathered(Sequence[str]):
    """A list whose length is known before its items are.

    Args:
        items: The items.
        length: How many there are.
    """

    def __init__(self, items: Iterator[str], length: int) -> None:
        self._items = items
        self._length = length
        self._found: list[str] = []

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            _, stop, _ = index.indices(self._length)
        else:
            stop = range(self._length)[index] + 1
        self._found += islice(self._items, max(stop - len(self._found), 0))
        return self._found[index]
