"""Which names hold a text, among very many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

# Between names: no name has it.
_GAP = "\n"
# For more hits, to look at each name is quicker.
_FEW = 2000


class NameSearch:
    """Names in one long text, which is looked through faster than each by itself.

    Args:
        names: Names by id, without line breaks.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._ids = list(names)
        self._text = _GAP.join(self._names.values())
        self._ends = list(accumulate(len(name) + 1 for name in self._names.values()))

    def holding(self, text: str) -> set[str]:
        """Ids of the names that hold a text, which isn't empty."""
        if _GAP in text:
            return set()
        if self._text.count(text) > _FEW:
            return {person_id for person_id, name in self._names.items() if text in name}
        found = set()
        at = self._text.find(text)
        while at >= 0:
            place = bisect_right(self._ends, at)
            found.add(self._ids[place])
            at = self._text.find(text, self._ends[place])
        return found
