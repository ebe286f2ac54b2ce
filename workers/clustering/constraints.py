"""What people said about who is whom, as constraints on a clustering."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pair = tuple[frozenset[str], frozenset[str]]
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """Tracks that belong together and tracks that don't, whatever they look like.

    Instance-level constraints in the sense of Wagstaff et al. 2001, closed over must-links: what is said of a
    track holds for all that belong together with it. Tracks that are not there play no part. Made by `of`.

    Attributes:
        together: Disjoint groups; the tracks of each are one person.
        apart: Pairs of sides; no track of one is of the same person as one of the other.
    """

    together: tuple[frozenset[str], ...]
    apart: tuple[Pair, ...]
    _group: Mapping[str, frozenset[str]]
    _sides: Mapping[str, tuple[tuple[int, int], ...]]

    @classmethod
    def of(
        cls,
        together: Iterable[Collection[str]] = (),
        apart: Iterable[tuple[Collection[str], Collection[str]]] = (),
    ) -> Constraints:
        """Constraints from what was said.

        Args:
            together: Tracks that are one person; groups with a track in common are one.
            apart: Tracks of the first are other people than tracks of the second.
        """
        group: dict[str, set[str]] = {}
        for said in together:
            merged: set[str] = set(said)
            # The largest takes the others in, so that many small ones cost little.
            for other in {id(group[t]): group[t] for t in said if t in group}.values():
                merged, other = (merged, other) if len(merged) >= len(other) else (other, merged)
                merged |= other
            for track_id in merged:
                group[track_id] = merged
        # Each once, however many tracks it has.
        distinct = {id(members): members for members in group.values()}
        groups = {key: frozenset(members) for key, members in distinct.items()}
        frozen = {track_id: groups[id(members)] for track_id, members in group.items()}

        def whole(side: Collection[str]) -> frozenset[str]:
            theirs = {id(found): found for track_id in side if (found := frozen.get(track_id)) is not None}
            return frozenset(side).union(*theirs.values())

        pairs = tuple((whole(first), whole(second)) for first, second in apart)
        sides: dict[str, list[tuple[int, int]]] = {}
        for number, pair in enumerate(pairs):
            for which, side in enumerate(pair):
                for track_id in side:
                    sides.setdefault(track_id, []).append((number, which))
        return cls(
            tuple(groups.values()),
            pairs,
            frozen,
            {track_id: tuple(found) for track_id, found in sides.items()},
        )

    @property
    def consistent(self) -> bool:
        """Whether no two tracks belong together and apart."""
        return all(first.isdisjoint(second) for first, second in self.apart)

    def with_(self, track_id: str) -> frozenset[str]:
        """All tracks of the group that a track belongs to, itself included; empty where it is in none."""
        return self._group.get(track_id, _NONE)

    def reach(self, track_ids: Collection[str]) -> set[str]:
        """Some tracks, and all of the groups that they belong to."""
        # Each group once: the tracks of one have it in common.
        return set(track_ids).union(*{self.with_(track_id) for track_id in track_ids})

    @property
    def joined(self) -> AbstractSet[str]:
        """The tracks of all groups."""
        return self._group.keys()

    def decided(self, track_ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether each of N tracks is in a group, bool (N,)."""
        if not self._group:
            return np.zeros(len(track_ids), np.bool_)
        return np.fromiter((track_id in self._group for track_id in track_ids), np.bool_, len(track_ids))

    def sides_of(self, track_id: str) -> tuple[tuple[int, int], ...]:
        """Where a track stands in `apart`: numbers of pairs, and which side of each."""
        return self._sides.get(track_id, ())

    def against(self, track_id: str) -> frozenset[str]:
        """All tracks that a track must stay apart from."""
        sides = self.sides_of(track_id)
        return _NONE.union(*(self.apart[number][1 - which] for number, which in sides)) if sides else _NONE

    def allow(self, first: Collection[str], second: Collection[str]) -> bool:
        """Whether tracks may be of the same person as others."""
        others = frozenset(second)
        return all(self.against(track_id).isdisjoint(others) for track_id in first)

    def moves(self, owners: Mapping[str, str]) -> list[tuple[list[str], str | None]]:
        """What makes a grouping keep to them.

        Tracks that belong together go to whoever has most of them. Then those who must be apart are parted:
        the fewer leave for somebody new. That tears nothing else, for sides hold groups as a whole.

        Args:
            owners: Person of each track that has one.

        Returns:
            Tracks and who gets them, None for somebody new: in this order, so that it holds. Empty where it
            holds already.
        """
        owner = dict(owners)
        found: list[tuple[list[str], str | None]] = []
        for group in self.together:
            theirs = Counter(owner[track_id] for track_id in sorted(group) if track_id in owner)
            if len(theirs) > 1:
                heir = theirs.most_common(1)[0][0]
                found.append((sorted(t for t in group if owner.get(t, heir) != heir), heir))
                owner.update(dict.fromkeys(found[-1][0], heir))
        for pair in self.apart:
            first, second = ({owner[t] for t in side if t in owner} for side in pair)
            for both in sorted(first & second):
                leaving = sorted(([t for t in side if owner.get(t) == both] for side in pair), key=len)[0]
                found.append((sorted(leaving), None))
                owner.update(dict.fromkeys(leaving, f"new {len(found)}"))
        return found


NO_CONSTRAINTS = Constraints.of()
"""Nobody said anything."""


def yielding(
    groups: Sequence[Sequence[str]],
    firm: Iterable[Sequence[str]],
    apart: Iterable[tuple[Collection[str], Collection[str]]],
) -> list[list[list[str]]]:
    """Groups of tracks as far as they go together with all else that was said.

    Each yields to what is firm and to the groups before it. It is torn only where it must be: what is free to
    be with any of its parts is with the largest.

    Args:
        groups: Tracks that are one person, in the order of their weight.
        firm: Tracks that are one person whatever the groups say.
        apart: Tracks that are other people than others whatever the groups say.

    Returns:
        The parts of each group; those that nothing is in the way of are whole.
    """
    together, sides = [*firm], [*apart]
    found: list[list[list[str]]] = []
    while len(found) < len(groups):
        left = groups[len(found) :]
        whole = _compatible(left, together, sides)
        found += [[list(group)] for group in left[:whole]]
        together += left[:whole]
        if whole < len(left):
            found.append(_parts(left[whole], Constraints.of(together, sides)))
            together += found[-1]
    return found


def _compatible(
    groups: Sequence[Sequence[str]],
    together: Sequence[Sequence[str]],
    apart: Sequence[tuple[Collection[str], Collection[str]]],
) -> int:
    """How many groups, from the first, go together with what was said."""

    def clash(count: int) -> bool:
        return not Constraints.of([*together, *groups[:count]], apart).consistent

    # As a rule, all of them do.
    if not clash(len(groups)):
        return len(groups)
    return bisect_left(range(len(groups)), x=True, key=lambda number: clash(number + 1))


def _parts(group: Sequence[str], constraints: Constraints) -> list[list[str]]:
    units: dict[frozenset[str], list[str]] = {}
    for track_id in group:
        units.setdefault(constraints.with_(track_id) or frozenset((track_id,)), []).append(track_id)
    # What is said of one track of a unit is said of all.
    apart = [(unit, constraints.against(unit[0])) for unit in units.values()]
    whole = frozenset(group)
    parts: list[dict[str, None]] = []
    # Those that are free come last, for only then is it known which part is the largest.
    for unit, against in sorted(apart, key=lambda one: one[1].isdisjoint(whole)):
        part = max((p for p in parts if p.keys().isdisjoint(against)), key=len, default=None)
        if part is None:
            parts.append(dict.fromkeys(unit))
        else:
            part |= dict.fromkeys(unit)
    return [[*part] for part in parts]
