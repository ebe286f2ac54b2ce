"""Who has which track, as a clusterer asks for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.gallery import NO_GROUP, Gallery

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of tracks, kept by somebody else.

    Attributes:
        of: Group of each track that has one.
        members: The tracks of a group.
        moves: How often a track has left a group. As long as that stays the same, a track that had a group
            has it still.
    """

    of: Mapping[str, str]
    members: Callable[[str], Collection[str]]
    moves: Callable[[], int]


class GroupsOfRows:
    """Tells the groups of many rows of a gallery at once, by a number of the group that stands beside each.

    To look up whose each row is takes as long as to compare it. A number stands until a track leaves a group.

    Args:
        gallery: The tracks as arrays.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._groups: Groups | None = None
        self._moves = 0
        self._names: list[str] = []
        self._number: dict[str, int] = {}

    def names(self, rows: IntArray, groups: Groups) -> set[str]:
        """Groups of those of some rows (K,) that have one."""
        self._follow(groups)
        ids, number_of_row = self._gallery.ids, self._gallery.groups
        for row in rows[number_of_row[rows] == NO_GROUP].tolist():
            name = groups.of.get(ids[row])
            if name is not None:
                number_of_row[row] = self._number_of(name)
        found = np.unique(number_of_row[rows])
        return {self._names[number] for number in found[found != NO_GROUP].tolist()}

    def _follow(self, groups: Groups) -> None:
        """Forget the numbers where a track may have another group by now."""
        moves = groups.moves()
        if groups is not self._groups or moves != self._moves:
            self._groups, self._moves = groups, moves
            self._names, self._number = [], {}
            self._gallery.groups[:] = NO_GROUP

    def _number_of(self, name: str) -> int:
        number = self._number.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number
