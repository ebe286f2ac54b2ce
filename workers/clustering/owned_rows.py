"""Tracks in rows, whose they are, and the numbers under which their people are counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column

IntArray = npt.NDArray[np.intp]


class OwnedRows:
    """Which track is in which row, and who has it.

    Rows move when others go; numbers of people are used again.

    Attributes:
        track_ids: Track of each row.
        people: Person of each number, or None where it is free.
    """

    def __init__(self) -> None:
        self.track_ids: list[str] = []
        self.people: list[str | None] = []
        self._row: dict[str, int] = {}
        self._owners = Column((), np.intp)
        self._number: dict[str, int] = {}
        self._counts: list[int] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.track_ids)

    def __contains__(self, track_id: object) -> bool:
        """Whether a track is there."""
        return track_id in self._row

    @property
    def owners(self) -> IntArray:
        """Intp (N,), number of each track's person, of this moment."""
        return self._owners.values

    @property
    def people_count(self) -> int:
        """Number of people who have a track."""
        return len(self._number)

    def number_of(self, person_id: str) -> int | None:
        """Number of a person, or None where they have no track."""
        return self._number.get(person_id)

    def owner_of(self, track_id: str) -> str | None:
        """Who has a track; None where it isn't there."""
        row = self._row.get(track_id)
        return None if row is None else self.people[int(self._owners.values[row])]

    def row_of(self, track_id: str) -> int | None:
        """Row of a track at this moment; None where it isn't there."""
        return self._row.get(track_id)

    def rows_of(self, people: Iterable[str]) -> IntArray:
        """Rows of all tracks of some people, ascending."""
        numbers = [number for person in people if (number := self._number.get(person)) is not None]
        if not numbers:
            return np.zeros(0, np.intp)
        chosen = np.zeros(len(self.people), np.bool_)
        chosen[numbers] = True
        return np.flatnonzero(chosen[self.owners])

    def put(self, track_ids: Collection[str], person_ids: Iterable[str]) -> tuple[IntArray, int]:
        """Take tracks in, or give those that are there to somebody.

        Args:
            track_ids: K tracks, each once.
            person_ids: Who has each.

        Returns:
            intp (K,), the row of each; and how many of them are new, which lie at the end.
        """
        known = len(self.track_ids)
        rows = np.empty(len(track_ids), np.intp)
        numbers = np.empty(len(track_ids), np.intp)
        for k, (track_id, person_id) in enumerate(zip(track_ids, person_ids, strict=True)):
            row = self._row.setdefault(track_id, len(self.track_ids))
            if row == len(self.track_ids):
                self.track_ids.append(track_id)
            # The new owner first, so that nobody goes who only changes a track.
            rows[k], numbers[k] = row, self._joined(person_id)
            if row < known:
                self._left(int(self._owners.values[row]))
        fresh = len(self.track_ids) - known
        self._owners.extend(np.zeros(fresh, np.intp))
        self._owners.values[rows] = numbers
        return rows, fresh

    def remove(self, track_id: str) -> int:
        """Take a track out; the last one moves into its row, which is returned.

        Raises:
            KeyError: It isn't there.
        """
        row = self._row.pop(track_id)
        self._left(int(self._owners.values[row]))
        moved = self.track_ids.pop()
        if moved != track_id:
            self.track_ids[row] = moved
            self._row[moved] = row
        self._owners.remove(row)
        return row

    def _joined(self, person_id: str) -> int:
        number = self._number.get(person_id)
        if number is None:
            if self._free:
                number = self._free.pop()
                self.people[number] = person_id
            else:
                number = len(self.people)
                self.people.append(person_id)
                self._counts.append(0)
            self._number[person_id] = number
        self._counts[number] += 1
        return number

    def _left(self, number: int) -> None:
        self._counts[number] -= 1
        if self._counts[number] == 0:
            person = self.people[number]
            assert person is not None
            del self._number[person]
            self.people[number] = None
            self._free.append(number)
