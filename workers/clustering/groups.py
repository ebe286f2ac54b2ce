"""Who has which track, as a clusterer asks for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from workers.clustering.gallery import NO_GROUP, Gallery

IntArray = npt.NDArray[np.intp]

# Some members of a group stand for it until it has grown by such a part.
_GROWN = 1 / 8


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
        # Of large groups some members, and how many it had when they were chosen.
        self._some: dict[tuple[str, int], tuple[list[str], int]] = {}

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

    def some(self, name: str, most: int, groups: Groups) -> Collection[str]:
        """Members of a group: all, or of more than so many some that are spread evenly over it.

        Those are looked for again when it has grown by an eighth: to go over all members of a large group
        takes longer than to compare a few.
        """
        members = groups.members(name)
        if len(members) <= most:
            return members
        self._follow(groups)
        some, chosen_of = self._some.get((name, most), ([], 0))
        if len(members) > chosen_of * (1 + _GROWN):
            some = list(islice(members, 0, None, -(-len(members) // most)))
            self._some[name, most] = some, len(members)
        return some

    def _follow(self, groups: Groups) -> None:
        """Forget the numbers where a track may have another group by now."""
        moves = groups.moves()
        if groups is not self._groups or moves != self._moves:
            self._groups, self._moves = groups, moves
            self._names, self._number, self._some = [], {}, {}
            self._gallery.groups[:] = NO_GROUP

    def _number_of(self, name: str) -> int:
        number = self._number.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number
