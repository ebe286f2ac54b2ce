"""What is known of who is whom beside looks, for whatever groups tracks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.clustering.sides import Side

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """Which tracks belong together, and which are apart. All are named by their position in a list.

    Attributes:
        groups: Disjoint groups of two or more that people put together.
        continued: intp (M, 2), pairs of which one track continues the other, in order of precedence.
        apart: intp (P, 2), pairs that were seen together and must be apart; those that people put together
            are not among them.
        sides: Tracks that must be apart from others, as people said, and all whom people put together from
            whoever was seen with any of them.
    """

    groups: tuple[Sequence[int], ...]
    continued: IntArray
    apart: IntArray
    sides: tuple[tuple[Side, Side], ...]

    @property
    def must(self) -> IntArray:
        """Pairs that belong together, intp (M, 2), in order of precedence: what people said comes first.

        One that contradicts what is apart is ignored.
        """
        chains = _pairs(itertools.chain.from_iterable(map(itertools.pairwise, self.groups)))
        return np.concatenate([chains, self.continued])

    @classmethod
    def of(cls, ids: Sequence[str], tracks: Mapping[str, TrackEvidence], company: Company) -> Ties:
        """What is known of tracks.

        Args:
            ids: The tracks, each once.
            tracks: They and perhaps others.
            company: Who was seen with whom, and what people said.
        """
        position = {track_id: k for k, track_id in enumerate(ids)}
        accompanied = sorted(position[track_id] for track_id in company.accompanied() if track_id in position)
        seen = (
            (k, position[other]) for k in accompanied for other in company.of(ids[k]) if other in position
        )
        before = [tracks[track_id].continues for track_id in ids]
        continued = ((position[t], k) for k, t in enumerate(before) if t is not None and t in position)
        return cls(
            tuple(_said(position, company.constraints)),
            _pairs(continued),
            _pairs(seen),
            tuple(
                (_places(position, one), _places(position, other))
                for one, other in itertools.chain(company.constraints.apart, company.of_groups())
            ),
        )

    def part(self, chosen: IntArray, count: int) -> Ties:
        """The same of some tracks alone.

        Args:
            chosen: Their positions; theirs in the part are in this order.
            count: Number of all tracks.
        """
        at = np.full(count, -1)
        at[chosen] = np.arange(len(chosen))
        continued, apart = at[self.continued], at[self.apart]
        groups = (_there(at, np.asarray(group, np.intp)).tolist() for group in self.groups)
        return Ties(
            tuple(group for group in groups if len(group) > 1),
            continued[(continued >= 0).all(axis=1)],
            apart[(apart >= 0).all(axis=1)],
            tuple((_there(at, one), _there(at, other)) for one, other in self._facing(at)),
        )

    def _facing(self, at: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
        """Sides of which both are there: of few tracks among many groups, hardly any."""
        if not self.sides:
            return
        there = np.ones(len(self.sides), np.bool_)
        for which in (0, 1):
            sides = [np.asarray(pair[which], np.intp) for pair in self.sides]
            of = np.repeat(np.arange(len(sides)), [len(side) for side in sides])
            there &= np.bincount(of, at[np.concatenate(sides)] >= 0, len(sides)) > 0
        for number in np.flatnonzero(there).tolist():
            one, other = self.sides[number]
            yield np.asarray(one, np.intp), np.asarray(other, np.intp)


def _there(at: IntArray, side: IntArray) -> IntArray:
    places = at[side]
    return places[places >= 0]


def _places(position: Mapping[str, int], tracks: Iterable[str]) -> IntArray:
    return np.array([position[t] for t in tracks if t in position], np.intp)


def group_said(track_id: str, groups: Mapping[str, str], constraints: Constraints) -> str | None:
    """The group of most of those whom people put together with a track; None where they have none.

    Args:
        track_id: The track.
        groups: Group of tracks that have one.
        constraints: What people said.
    """
    said = sorted(groups[t] for t in constraints.with_(track_id) if t in groups and t != track_id)
    return max(set(said), key=lambda group: (said.count(group), group)) if said else None


def founding(
    ids: Sequence[str], tracks: Mapping[str, TrackEvidence], constraints: Constraints
) -> npt.NDArray[np.bool_]:
    """Whether each of N tracks makes a person, bool (N,): good enough, or people said so."""
    good = np.array([tracks[track_id].founder for track_id in ids], np.bool_)
    return good | constraints.decided(ids)


def _said(position: Mapping[str, int], constraints: Constraints) -> Iterator[Sequence[int]]:
    """Positions of the tracks of each group that people put together, where there are several."""
    for group in constraints.together:
        places = sorted(position[t] for t in group if t in position)
        if len(places) > 1:
            yield places


def _pairs(pairs: Iterable[tuple[int, int]]) -> IntArray:
    return np.array(list(pairs), np.intp).reshape(-1, 2)
