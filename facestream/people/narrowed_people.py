"""People by those of their sightings alone that match, without making any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from facestream.people.people_filter import PeopleFilter, sort_key
from facestream.people.person import Person
from facestream.people.sighting import Order, media_order
from facestream.people.sighting_table import SightingTable, SourceColumn
from storage.seen_interval import US_PER_S
from storage.source_record import SourceRecord


class NarrowedPeople:
    """People who were seen in sightings that match, for long enough in these.

    Args:
        seen: Those sightings, by person.
        column: Says which source a number of the table is.
        sources: Sources by id.
        where: Says how long is long enough.

    Attributes:
        ids: Whom.
    """

    def __init__(
        self,
        seen: SightingTable,
        column: SourceColumn,
        sources: Mapping[str, SourceRecord],
        where: PeopleFilter,
    ) -> None:
        self._seen = seen
        numbers, of_row = np.unique(seen.source, return_inverse=True)
        source_ids = column.source_ids()
        self._sources = [sources.get(source_ids[number]) for number in numbers.tolist()]
        self._of_row = of_row
        firsts = np.flatnonzero(np.diff(seen.person, prepend=-1))
        ends = np.append(firsts[1:], len(seen))[: len(firsts)]
        # In whole microseconds, as `Person.within` counts: the last digit may decide who comes first.
        first_seen_us = self._first_seen_us()
        seconds = (np.add.reduceat(first_seen_us, firsts) if len(firsts) else first_seen_us) / US_PER_S
        long = seconds >= where.min_seconds
        if where.max_seconds is not None:
            long &= seconds <= where.max_seconds
        self.ids = [f"p{number}" for number in seen.person[firsts][long].tolist()]
        self._firsts, self._ends, self._seconds = firsts[long], ends[long], seconds[long]

    def _seconds_by_row(self) -> npt.NDArray[np.float64]:
        """Time seen in each sighting, s; see `Sighting`."""
        known = [source is not None and source.kind != "photo" for source in self._sources]
        period_s = [1 / source.fps if source is not None and source.fps else 0.0 for source in self._sources]
        last_s = [(source.duration_s if source is not None else 0.0) or np.inf for source in self._sources]
        start_s, end_s = self._seen.start_s, self._seen.end_s
        limit_s = np.maximum(np.array(last_s, np.float64)[self._of_row], end_s)
        until_s = np.minimum(end_s + np.array(period_s, np.float64)[self._of_row], limit_s)
        return np.where(np.array(known, np.bool_)[self._of_row], until_s - start_s, 0.0)

    def _first_seen_us(self) -> npt.NDArray[np.int64]:
        """Time seen in each sighting that no other of the same person tells of, µs; see `seconds_of`."""
        seen = self._seen
        dated = ~np.isnan(seen.recorded_at_s)
        origin_us = np.rint(np.where(dated, seen.recorded_at_s, 0.0) * US_PER_S).astype(np.int64)
        start_us = origin_us + np.rint(seen.start_s * US_PER_S).astype(np.int64)
        length_us = np.rint(self._seconds_by_row() * US_PER_S).astype(np.int64)
        # All that has a date lies on one line of time.
        line = np.where(dated, -1, seen.source)
        person, order = seen.person, np.arange(len(seen))
        later = (line[1:] > line[:-1]) | ((line[1:] == line[:-1]) & (start_us[1:] >= start_us[:-1]))
        if not np.all(later | (person[1:] > person[:-1])):
            # Rarely: sightings of a person mostly lie in this order, and sorting takes the longest.
            order = np.lexsort((start_us, line, person))
            person, line, start_us, length_us = person[order], line[order], start_us[order], length_us[order]
        begins = np.ones(len(order), np.bool_)
        begins[1:] = (person[1:] != person[:-1]) | (line[1:] != line[:-1])
        first_seen_us = np.empty(len(order), np.int64)
        first_seen_us[order] = _length_not_before(begins, start_us, start_us + length_us)
        return first_seen_us

    def ordered(self, known: Mapping[str, Person], by: str, *, reverse: bool = False) -> list[str]:
        """The ids of those who are known, as `facestream.people.people_filter.sorted_people` would list them.

        Raises:
            UsageError: If there is no such order.
        """
        key, descending = sort_key(by)
        if by == "seconds":
            # What is asked for most, without looking at each of them.
            faces = [known[i].faces if i in known else 0 for i in self.ids]
            sign = 1 if reverse else -1
            places = np.lexsort((sign * np.array(faces, np.int64), sign * self._seconds))
            return [i for i in map(self.ids.__getitem__, places.tolist()) if i in known]
        # They are by id, and among equals stay so.
        people = sorted(self._people(known), key=key, reverse=descending != reverse)
        return [person.id for person in people]

    def _people(self, known: Mapping[str, Person]) -> Iterator[NarrowedPerson]:
        """What an order needs of those who are known."""
        spans = zip(self._firsts.tolist(), self._ends.tolist(), self._seconds.tolist(), strict=True)
        for person_id, (first, end, seconds) in zip(self.ids, spans, strict=True):
            person = known.get(person_id)
            if person is not None:
                yield NarrowedPerson(person, seconds, self, range(first, end))

    def start_order(self, row: int) -> Order:
        """Sort key of the start of a sighting."""
        return self._order(row, self._starts_s, end=False)

    def end_order(self, row: int) -> Order:
        """Sort key of the end of a sighting."""
        return self._order(row, self._ends_s, end=True)

    def _order(self, row: int, media_s: list[float], *, end: bool) -> Order:
        source = self._sources[self._places[row]]
        if source is None:
            return media_order(None, "", media_s[row], end=end)
        return media_order(source.recorded_at_s, source.path, media_s[row], end=end)

    # As lists, which are quicker one by one; asked for by some orders alone.

    @cached_property
    def _starts_s(self) -> list[float]:
        starts_s: list[float] = self._seen.start_s.tolist()
        return starts_s

    @cached_property
    def _ends_s(self) -> list[float]:
        ends_s: list[float] = self._seen.end_s.tolist()
        return ends_s

    @cached_property
    def _places(self) -> list[int]:
        places: list[int] = self._of_row.tolist()
        return places


def _length_not_before(
    begins: npt.NDArray[np.bool_], start_us: npt.NDArray[np.int64], end_us: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """How much of each interval lies in none before it.

    Args:
        begins: Where the intervals of the next person, or line of time, begin.
        start_us: From; within these ascending.
        end_us: To.
    """
    if not np.any(~begins[1:] & (start_us[1:] < end_us[:-1])):
        return end_us - start_us
    # The latest end before each: by ranks, of which those of later lines are higher.
    by_end = np.argsort(end_us, kind="stable")
    rank = np.empty(len(begins), np.int64)
    rank[by_end] = np.arange(len(begins))
    base = np.cumsum(begins) * len(begins)
    latest = np.maximum.accumulate(base + rank) - base
    covered_us = start_us.copy()
    covered_us[1:] = np.where(begins[1:], start_us[1:], end_us[by_end[latest[:-1]]])
    return np.maximum(end_us - np.maximum(start_us, covered_us), 0)


class NarrowedPerson:
    """What a list needs of somebody to find their place in it; it is called as in `Person`.

    Args:
        person: Who.
        seconds: Time seen in the sightings that match, s.
        rows: Tells of sightings.
        sightings: Which are theirs.
    """

    __slots__ = ("_rows", "faces", "id", "name", "seconds", "sightings")

    def __init__(self, person: Person, seconds: float, rows: NarrowedPeople, sightings: range) -> None:
        self.id = person.id
        self.name = person.name
        self.faces = person.faces
        self.seconds = seconds
        self.sightings = sightings
        self._rows = rows

    @property
    def first_order(self) -> Order:
        """Sort key of the start of the first sighting."""
        return self._rows.start_order(self.sightings[0])

    @property
    def last_order(self) -> Order:
        """Sort key of the end of the last sighting."""
        return max(map(self._rows.end_order, self.sightings))
