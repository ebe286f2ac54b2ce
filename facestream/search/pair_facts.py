"""What is known of two people beside their likeness: who is said to differ, and who was seen together."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from storage.decision_record import Decision, DecisionKind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from facestream.search.resident_search import ResidentSearch
    from storage.connection import RedisHandle
    from storage.identity_store import IdentityStore
    from storage.sighting_record import Sighting

Pair = tuple[str, str]

# Of people with more tracks than this, sightings at the same time are enough to have been seen together.
_MOST_TRACKS = 300


class OfPair(Protocol):
    """Anything about two people."""

    @property
    def first(self) -> str:
        """One."""

    @property
    def second(self) -> str:
        """The other."""


Item = TypeVar("Item", bound=OfPair)


class _Seen(NamedTuple):
    """When a track was seen, as `TrackEvidence` has it."""

    moments: npt.NDArray[np.int64]
    seen_s: tuple[float, float]
    photo: bool


def ordered(one: str, other: str) -> Pair:
    """Two people, the older one first."""
    first, second = sorted((one, other), key=lambda person: (len(person), person))
    return first, second


class PairFacts:
    """What is known of pairs of people; what was looked up is kept until one of the two changes.

    Args:
        store: The collection.
        handle: Its server.
        search: The collection in memory, which knows who has which track.
    """

    def __init__(self, store: IdentityStore, handle: RedisHandle, search: ResidentSearch) -> None:
        self._store = store
        self._handle = handle
        self._search = search
        self._lock = threading.Lock()
        self._together: dict[Pair, bool] = {}
        # How often somebody changed: what was looked up meanwhile may be of before.
        self._changes = 0

    def changed(self, people: Collection[str]) -> None:
        """Forget what is known of some people."""
        with self._lock:
            self._changes += 1
            self._together = {
                pair: together for pair, together in self._together.items() if not set(pair) & set(people)
            }

    def differing(self) -> set[Pair]:
        """Pairs of whom a decision says that they are two, as they are now.

        Raises:
            StorageError: If Redis fails.
        """
        with self._handle.errors():
            log = self._store.decisions()
        undone = {decision.undoes for decision in log if decision.kind is DecisionKind.UNDO}
        found: set[Pair] = set()
        for decision in log:
            if decision.number not in undone:
                found |= self._parted(decision)
        return found

    def _parted(self, decision: Decision) -> set[Pair]:
        if decision.redacted or decision.kind not in (DecisionKind.DIFFERS, DecisionKind.SPLIT):
            return set()
        sides = [self._search.owners_of(side.track_ids) for side in decision.sides]
        return {ordered(one, other) for one, other in itertools.product(*sides) if one != other}

    def still_open(self, pairs: Iterable[Item]) -> list[Item]:
        """Those pairs of which nobody has said anything and nothing is known.

        Left out are pairs who are said to differ, were seen together, or one of whom is ignored or no more.

        Raises:
            StorageError: If Redis fails.
        """
        differing = self.differing()
        with self._handle.errors():
            ignored = self._store.ignored()
            return [
                pair
                for pair in pairs
                if ordered(pair.first, pair.second) not in differing
                and not {pair.first, pair.second} & ignored
                and not self._were_together(ordered(pair.first, pair.second))
            ]

    def _were_together(self, pair: Pair) -> bool:
        with self._lock:
            known, changes = self._together.get(pair), self._changes
        if known is not None:
            return known
        together = self._look_up(pair)
        with self._lock:
            if changes == self._changes:
                self._together[pair] = together
        return together

    def _look_up(self, pair: Pair) -> bool:
        from workers.clustering.evidence import follow_each_other, share_moments

        people = [self._store.person(person) for person in pair]
        sightings = [() if person is None else person.sightings for person in people]
        if not _overlap(*sightings):
            return False
        ids = [self._store.track_ids(identity_id=person) for person in pair]
        if max(map(len, ids)) > _MOST_TRACKS:
            return True
        one, other = (self._seen(track_ids) for track_ids in ids)
        return any(
            not follow_each_other(a.seen_s, b.seen_s) and share_moments(a.moments, b.moments, photo=a.photo)
            for source_id in one.keys() & other.keys()
            for a, b in itertools.product(one[source_id], other[source_id])
        )

    def _seen(self, track_ids: Iterable[str]) -> Mapping[str, list[_Seen]]:
        """When some tracks were seen, by source."""
        from workers.track_evidence import first_and_last_s, moments_of

        found: dict[str, list[_Seen]] = {}
        for track in self._store.tracks(track_ids):
            seen_s = first_and_last_s(track.observations)
            if seen_s is not None:
                seen = _Seen(moments_of(track.observations), seen_s, track.photo)
                found.setdefault(track.source_id, []).append(seen)
        return found


def _overlap(one: Iterable[Sighting], other: Iterable[Sighting]) -> bool:
    """Whether two people have sightings in the same source at the same time."""
    by_source: dict[str, list[Sighting]] = {}
    for seen in one:
        by_source.setdefault(seen.source_id, []).append(seen)
    return any(
        seen.start_s <= also.end_s and also.start_s <= seen.end_s
        for also in other
        for seen in by_source.get(also.source_id, ())
    )
