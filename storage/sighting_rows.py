"""Sightings of one person as they are written, kept from step to step: only what changes is written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping

from storage.sighting_record import Sighting


class SightingRows:
    """Sightings in the order of their sorted set, with their JSON, and what Redis does not hold yet.

    Args:
        sightings: Those that it begins with.

    Attributes:
        is_new: Whether the set in Redis is to be written as a whole, whatever it holds.
    """

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self.is_new = True
        # Start and member of each, it, and its place in the list of the overview: in the order of the set.
        keyed = sorted((sighting.start_s, sighting.encode(), sighting) for sighting in sightings)
        self._order = [(start_s, member) for start_s, member, _ in keyed]
        self._sightings = [sighting for _, _, sighting in keyed]
        self._json = [sighting.encode_row() for sighting in self._sightings]
        self._come: dict[str, float] = {member: start_s for start_s, member in self._order}
        self._gone: set[str] = set()

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """All of them: the earliest start first, and of equal ones by their members."""
        return tuple(self._sightings)

    @property
    def starts(self) -> dict[str, float]:
        """The start of each by its member."""
        return {member: start_s for start_s, member in self._order}

    @property
    def come(self) -> Mapping[str, float]:
        """The start of those that came since the last step, by their members."""
        return self._come

    @property
    def gone(self) -> Collection[str]:
        """Members of those that went since the last step."""
        return self._gone

    def add(self, sighting: Sighting) -> None:
        """Take in one that isn't there."""
        member = sighting.encode()
        key = (sighting.start_s, member)
        at = bisect_left(self._order, key)
        self._order.insert(at, key)
        self._sightings.insert(at, sighting)
        self._json.insert(at, sighting.encode_row())
        self._gone.discard(member)
        self._come[member] = sighting.start_s

    def remove(self, sighting: Sighting) -> None:
        """Take one out that is there."""
        member = sighting.encode()
        at = bisect_left(self._order, (sighting.start_s, member))
        for rows in (self._order, self._sightings, self._json):
            del rows[at]
        self._come.pop(member, None)
        self._gone.add(member)

    def json(self) -> bytes:
        """All of them as the overview has them: a list of lists."""
        return b"[%s]" % b",".join(self._json)

    def committed(self) -> None:
        """The step is in Redis."""
        self.is_new = False
        self._come.clear()
        self._gone.clear()
