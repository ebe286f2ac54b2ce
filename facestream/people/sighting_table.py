"""Sightings of many people as columns, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from facestream.people.sighting import Sightings, in_order
from storage.source_record import SourceRecord

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


class Place(NamedTuple):
    """Where a sighting is: whose it is, and which of theirs in their order."""

    person_id: str
    position: int


class SourceColumn:
    """Small numbers for sources, in the order in which they are listed; unknown ones come last.

    Args:
        sources: All that are known.
    """

    def __init__(self, sources: Mapping[str, SourceRecord]) -> None:
        self._sources = sources
        self._known = frozenset(sources)
        ordered = sorted(sources.values(), key=lambda source: (in_order(source.path), source.source_id))
        self._number = {source.source_id: number for number, source in enumerate(ordered)}

    def covers(self, source_ids: Collection[str]) -> bool:
        """Whether exactly these were known when it was made."""
        return self._known == set(source_ids)

    def items(self) -> Iterable[tuple[str, int]]:
        """Sources with their numbers."""
        return self._number.items()

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return len(self._number)

    def source_ids(self) -> list[str]:
        """Sources by their numbers."""
        return list(self._number)

    def number(self, source_id: str) -> int:
        """Number of a source."""
        return self._number.setdefault(source_id, len(self._number))

    def recorded_at_s(self, source_id: str) -> float:
        """Unix time of its start; NaN where nobody knows."""
        source = self._sources.get(source_id)
        return np.nan if source is None or source.recorded_at_s is None else source.recorded_at_s

    def chosen(self, means: Callable[[str, str], bool]) -> Numbers:
        """Numbers of those that are meant by their id and path."""
        paths = ((i, n, self._sources[i].path if i in self._sources else "") for i, n in self.items())
        return np.array([number for source_id, number, path in paths if means(source_id, path)], np.int64)


@dataclass(frozen=True, eq=False)
class SightingTable:
    """Sightings, the newest first: those with a date by their end, then the others by their source.

    Attributes:
        person: int64 (N,): number in the id of the person.
        position: int32 (N,): place among their sightings.
        source: int32 (N,): number of the source.
        start_s: float64 (N,): media time.
        end_s: float64 (N,): media time.
        recorded_at_s: float64 (N,): unix time of the start of the source, or NaN.
    """

    person: Numbers
    position: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    start_s: npt.NDArray[np.float64]
    end_s: npt.NDArray[np.float64]
    recorded_at_s: npt.NDArray[np.float64]

    @classmethod
    def of(cls, people: Iterable[tuple[str, Sightings]], column: SourceColumn) -> SightingTable:
        """The sightings of people by id."""
        rows = [(int(person_id[1:]), seen.stored) for person_id, seen in people]
        lengths = np.array([len(stored) for _, stored in rows], np.int64)
        total = int(lengths.sum())
        every = [seen for _, stored in rows for seen in stored]
        firsts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        known: dict[str, tuple[int, float]] = {}
        for source_id in {seen[0] for seen in every}:
            known[source_id] = (column.number(source_id), column.recorded_at_s(source_id))
        return cls(
            np.repeat(np.array([number for number, _ in rows], np.int64), lengths),
            (np.arange(total) - firsts).astype(np.int32),
            np.fromiter((known[seen[0]][0] for seen in every), np.int32, total),
            np.fromiter((seen[1] for seen in every), np.float64, total),
            np.fromiter((seen[2] for seen in every), np.float64, total),
            np.fromiter((known[seen[0]][1] for seen in every), np.float64, total),
        )._in_order()

    def _in_order(self) -> SightingTable:
        ends_at_s = self.recorded_at_s + self.end_s
        undated = np.isnan(ends_at_s)
        source = np.where(undated, self.source, 0)
        when_s = np.where(undated, self.end_s, ends_at_s)
        return self.taken(np.lexsort((self.position, self.person, -when_s, source, undated)))

    def taken(self, rows: Rows) -> SightingTable:
        """Some of the rows."""
        return SightingTable(
            self.person[rows],
            self.position[rows],
            self.source[rows],
            self.start_s[rows],
            self.end_s[rows],
            self.recorded_at_s[rows],
        )

    def merged(self, others: SightingTable) -> SightingTable:
        """Those of two tables with the same numbers of sources."""
        pairs = zip(self._columns(), others._columns(), strict=True)
        return SightingTable(*(np.concatenate(pair) for pair in pairs))._in_order()

    def by_person(self, others: SightingTable) -> SightingTable:
        """Those of two tables with the same numbers of sources, by person, and of each in their order."""
        pairs = zip(self._columns(), others._columns(), strict=True)
        both = SightingTable(*(np.concatenate(pair) for pair in pairs))
        return both.taken(np.lexsort((both.position, both.person)))

    def _columns(self) -> Sequence[npt.NDArray[np.generic]]:
        return (self.person, self.position, self.source, self.start_s, self.end_s, self.recorded_at_s)

    def rows_in(self, sources: Numbers) -> Rows:
        """Rows of some sources, by their numbers, in the order of the table."""
        order, firsts = self._by_source
        known = sources[sources < len(firsts) - 1].tolist()
        parts = [order[firsts[number] : firsts[number + 1]] for number in known]
        # Sorted already, each by itself.
        return np.sort(np.concatenate([np.empty(0, np.intp), *parts]), kind="stable")

    @cached_property
    def _by_source(self) -> tuple[npt.NDArray[np.int32], Numbers]:
        """The rows by source, and where each source begins."""
        order = np.argsort(self.source, kind="stable").astype(np.int32)
        count = int(self.source.max(initial=-1)) + 1
        return order, np.searchsorted(self.source[order], np.arange(count + 1))

    def within(self, rows: Rows, since_s: float | None, until_s: float | None) -> Mask:
        """Which of some rows have a date, ended at one moment or later, and began at another or before.

        Args:
            rows: Of these; the answer has as many.
            since_s: Unix time.
            until_s: Unix time.
        """
        recorded_at_s = self.recorded_at_s[rows]
        mask = ~np.isnan(recorded_at_s)
        # Dates have microseconds.
        if since_s is not None:
            mask &= np.round((recorded_at_s + self.end_s[rows]) * 1e6) >= round(since_s * 1e6)
        if until_s is not None:
            mask &= np.round((recorded_at_s + self.start_s[rows]) * 1e6) <= round(until_s * 1e6)
        return mask

    def places(self) -> list[Place]:
        """Where they are, in order."""
        return [
            Place(f"p{person}", position)
            for person, position in zip(self.person.tolist(), self.position.tolist(), strict=True)
        ]

    def __len__(self) -> int:
        return len(self.person)
