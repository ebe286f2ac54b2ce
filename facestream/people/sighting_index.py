"""All sightings of everybody, the newest first, kept while people change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import numpy as np

from facestream.people.people_filter import PeopleFilter
from facestream.people.person import Person
from facestream.people.sighting import Sightings
from facestream.people.sighting_table import Place, Rows, SightingTable, SourceColumn
from storage.source_record import SourceRecord

# Changed people who are kept beside the table before it is made anew.
_FEW = 1000


class SightingIndex:
    """Finds sightings and people by source and time.

    Most lie in a table that is rarely made, as that takes a second for a million; those of the people who
    have changed since lie in a small one.

    Args:
        people: Everybody by id; is looked at again after each change.
        sources: Sources by id, likewise.
    """

    def __init__(self, people: Mapping[str, Person], sources: Mapping[str, SourceRecord]) -> None:
        self._people = people
        self._sources = sources
        self._column = SourceColumn(sources)
        self._base: SightingTable | None = None
        self._recent: SightingTable | None = None
        self._changed: set[str] = set()

    def changed(self, person_ids: Collection[str]) -> None:
        """People have come, changed or gone."""
        self._changed.update(person_ids)
        self._recent = None

    def sources_changed(self) -> None:
        """What is known of a source is another thing."""
        self._base = self._recent = None

    def prepare(self) -> None:
        """Make the large table where there is none."""
        if self._base is None:
            self._tables()

    def find(
        self,
        where: PeopleFilter,
        offset: int,
        limit: int,
        *,
        person_id: str | None = None,
        hidden: Collection[str] = (),
    ) -> tuple[list[Place], int]:
        """Some of the sightings in sources and a time, the newest first, and how many there are in all.

        Args:
            where: Its `sources`, `since` and `until` count.
            offset: So many are passed over.
            limit: At most so many.
            person_id: Only theirs.
            hidden: People to leave out.
        """
        base, recent = self._tables()
        rows = self._matching(base, where)
        rows = rows[~np.isin(base.person[rows], self._numbers({*self._changed, *hidden}))]
        recent_rows = self._matching(recent, where)
        recent_rows = recent_rows[~np.isin(recent.person[recent_rows], self._numbers(hidden))]
        if person_id is not None:
            number = int(person_id[1:])
            rows = rows[base.person[rows] == number]
            recent_rows = recent_rows[recent.person[recent_rows] == number]
        end = offset + limit
        found = base.taken(rows[:end])
        if len(recent_rows):
            found = found.merged(recent.taken(recent_rows[:end]))
        return found.taken(np.arange(len(found))[offset:end]).places(), len(rows) + len(recent_rows)

    @staticmethod
    def answers(where: PeopleFilter) -> bool:
        """Whether rows can tell what matches: not times within a source, which mean nothing in others."""
        return not any(isinstance(moment, int | float) for moment in (where.since, where.until))

    def seen(self, where: PeopleFilter) -> tuple[SightingTable, SourceColumn]:
        """All sightings in its sources and time by person, and what their numbers of sources mean."""
        base, recent = self._tables()
        rows = self._matching(base, where)
        rows = rows[~np.isin(base.person[rows], self._numbers(self._changed))]
        more = self._matching(recent, where)
        return base.taken(rows).by_person(recent.taken(more)), self._column

    def people_by_source(self) -> dict[str, int]:
        """How many people were seen in each source."""
        base, recent = self._tables()
        kept = base.taken(np.flatnonzero(~np.isin(base.person, self._numbers(self._changed))))
        source = np.concatenate([kept.source, recent.source]).astype(np.int64)
        person = np.concatenate([kept.person, recent.person])
        if not len(person):
            return {}
        # One number for each pair.
        factor = int(person.max()) + 1
        pairs = np.unique(source * factor + person)
        counts = np.bincount(pairs // factor)
        return {i: int(counts[n]) for i, n in self._column.items() if n < len(counts)}

    def _tables(self) -> tuple[SightingTable, SightingTable]:
        if not self._column.covers(self._sources):
            self._base = None
        if self._base is None or len(self._changed) > max(_FEW, len(self._people) // 50):
            self._column = SourceColumn(self._sources)
            self._base = self._table(self._people.values())
            self._changed, self._recent = set(), None
        if self._recent is None:
            self._recent = self._table(self._people[i] for i in self._changed if i in self._people)
        return self._base, self._recent

    def _table(self, people: Iterable[Person]) -> SightingTable:
        seen = ((person.id, person.sightings) for person in people)
        return SightingTable.of(
            [(person_id, s) for person_id, s in seen if isinstance(s, Sightings)], self._column
        )

    def _matching(self, table: SightingTable, where: PeopleFilter) -> Rows:
        """Rows in sources and a time, in their order."""
        if where.sources or where.cameras:
            rows = table.rows_in(self._column.chosen(where.means_source))
        else:
            rows = np.arange(len(table))
        since_s, until_s = (
            moment.timestamp() if isinstance(moment, datetime) else None
            for moment in (where.since, where.until)
        )
        if since_s is not None or until_s is not None:
            rows = rows[table.within(rows, since_s, until_s)]
        return rows

    @staticmethod
    def _numbers(person_ids: Collection[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([int(person_id[1:]) for person_id in person_ids], np.int64)
