"""Which names hold a text, among very many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

# Between names: no name has it.
_GAP = "\n"
# From then on, to look at each name by itself is quicker.
_MANY = 2000


class NameSearch:
    """Names in one long text, which is looked through faster than each by itself.

    Args:
        names: Names by id, without line breaks.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._ids = list(names)
        self._text = _GAP.join(names.values())
        self._ends = list(accumulate(len(name) + 1 for name in names.values()))

    def holding(self, text: str) -> set[str] | None:
        """Ids of the names that hold a text, which isn't empty; None where those are very many."""
        if _GAP in text:
            return set()
        if self._text.count(text) > _MANY:
            return None
        found = set()
        at = self._text.find(text)
        while at >= 0:
            place = bisect_right(self._ends, at)
            found.add(self._ids[place])
            at = self._text.find(text, self._ends[place])
        return found
