"""The profiles of all people there are, kept as they change."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from workers.clustering.columns import Column
from workers.clustering.profiles import IntArray, Profiles


class ProfileBook:
    """Profiles in rows, which move when others go.

    Args:
        dimension: Length of the vectors, D.
        sizes: Number of sizes of the calibration, S.
    """

    def __init__(self, dimension: int, sizes: int) -> None:
        self._people: list[str] = []
        self._row: dict[str, int] = {}
        self._means = Column((dimension,), np.float32)
        self._size_weights = Column((sizes,), np.float32)
        self._views = Column((), np.float32)
        self._video_share = Column((), np.float32)

    def __contains__(self, person_id: object) -> bool:
        """Whether there is a profile of somebody."""
        return person_id in self._row

    @property
    def all(self) -> Profiles:
        """All profiles, as views of this moment."""
        return Profiles(
            self._people,
            self._means.values,
            self._size_weights.values,
            self._views.values,
            self._video_share.values,
        )

    def rows_of(self, people: Collection[str]) -> IntArray:
        """Rows of some people at this moment; those who have none are left out."""
        return np.array([self._row[person] for person in people if person in self._row], np.intp)

    def put(self, profiles: Profiles) -> None:
        """Take profiles in; those that are there already are replaced."""
        known = len(self._people)
        rows = np.empty(len(profiles), np.intp)
        for k, person in enumerate(profiles.person_ids):
            rows[k] = self._row.setdefault(person, len(self._people))
            if rows[k] == len(self._people):
                self._people.append(person)
        for column, values in (
            (self._means, profiles.means),
            (self._size_weights, profiles.size_weights),
            (self._views, profiles.views),
            (self._video_share, profiles.video_share),
        ):
            column.extend(np.zeros((len(self._people) - known, *column.shape), np.float32))
            column.values[rows] = values

    def remove(self, person_id: str) -> None:
        """Forget a person: nothing of the profile stays in memory.

        Raises:
            KeyError: There is none.
        """
        row = self._row.pop(person_id)
        moved = self._people.pop()
        if moved != person_id:
            self._people[row] = moved
            self._row[moved] = row
        for column in (self._means, self._size_weights, self._views, self._video_share):
            column.remove(row)
