"""Unit vectors under the ids of tracks, as one array."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# float32 vectors this near to unit length are of unit length: they stay bit for bit what they are.
_LENGTH_ERROR = 1e-6


def unit_vector(vector: npt.ArrayLike, dimension: int, track_id: str) -> FloatArray:
    """A vector as float32 (D,) of unit length; doing it twice changes nothing more.

    Args:
        vector: (D,), of any length but zero.
        dimension: D, as it must be.
        track_id: Whose vector it is, for the error.

    Raises:
        ValueError: The vector has another dimension, is not finite or is zero.
    """
    given = np.asarray(vector, np.float32)
    if given.shape != (dimension,):
        raise ValueError(f"the vector of {track_id!r} has shape {given.shape}, not ({dimension},)")
    if not np.isfinite(given).all():
        raise ValueError(f"the vector of {track_id!r} has values that are not finite")
    length = float(np.linalg.norm(given.astype(np.float64)))
    if length == 0:
        raise ValueError(f"the vector of {track_id!r} is zero and points nowhere")
    if abs(length - 1) <= _LENGTH_ERROR:
        return given
    return (given / length).astype(np.float32)


class UnitVectors:
    """Rows of vectors; rows move when others are removed.

    Attributes:
        ids: Track id of each row.

    Args:
        dimension: Of a vector, D.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.ids: list[str] = []
        self._row: dict[str, int] = {}
        self._vectors = Column((dimension,), np.float32)

    def __len__(self) -> int:
        """Number of vectors."""
        return len(self.ids)

    def __contains__(self, track_id: object) -> bool:
        """Whether there is a vector under an id."""
        return track_id in self._row

    def row_of(self, track_id: str) -> int:
        """Row of a track at this moment."""
        return self._row[track_id]

    def rows_of(self, track_ids: Iterable[str]) -> IntArray:
        """Rows of tracks at this moment."""
        return np.array([*map(self._row.__getitem__, track_ids)], np.intp)

    @property
    def values(self) -> FloatArray:
        """float32 (N, D)."""
        return self._vectors.values

    def insert(self, track_id: str, vector: npt.ArrayLike) -> FloatArray:
        """Append the vector of a track that is not there, and return it at unit length.

        Raises:
            ValueError: The track is there, or the vector is none (see `unit_vector`).
        """
        if track_id in self._row:
            raise ValueError(f"there is a vector of {track_id!r} already")
        unit = unit_vector(vector, self.dimension, track_id)
        self._row[track_id] = len(self.ids)
        self.ids.append(track_id)
        self._vectors.append(unit)
        return unit

    def remove(self, track_id: str) -> int:
        """Take a vector out; the last one moves into its row, which is returned."""
        row = self._row.pop(track_id)
        moved = self.ids.pop()
        if moved != track_id:
            self.ids[row] = moved
            self._row[moved] = row
        self._vectors.remove(row)
        return row
