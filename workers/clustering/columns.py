"""Arrays with one row per track, in which a removed row gives its place to the last."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)

_FIRST_ROWS = 64


class Column(Generic[Scalar]):
    """A contiguous array that grows by doubling; rows come at the end and go in O(1).

    Args:
        shape: Shape of a row.
        dtype: Type of the values.
        rows: Rows of zeros that it begins with.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type[Scalar], rows: int = 0) -> None:
        self._array: npt.NDArray[Scalar] = np.empty((max(rows, _FIRST_ROWS), *shape), dtype)
        self._array[:rows] = 0
        self._rows = rows

    def __len__(self) -> int:
        """Number of rows."""
        return self._rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row."""
        return self._array.shape[1:]

    @property
    def values(self) -> npt.NDArray[Scalar]:
        """(N, ...) view of the rows, of this moment: growth leaves it behind."""
        return self._array[: self._rows]

    def append(self, value: npt.ArrayLike) -> None:
        """Add a row at the end."""
        self._make_room(1)
        self._array[self._rows] = value
        self._rows += 1

    def extend(self, values: npt.NDArray[Scalar]) -> None:
        """Add rows (K, ...) at the end."""
        self._make_room(len(values))
        self._array[self._rows : self._rows + len(values)] = values
        self._rows += len(values)

    def remove(self, row: int) -> None:
        """Take a row out; the last one moves into its place, and nothing of either stays behind the end."""
        self._rows -= 1
        self._array[row] = self._array[self._rows]
        self._array[self._rows] = 0

    def _make_room(self, more: int) -> None:
        if self._rows + more > len(self._array):
            # Pages that nothing is written to take no memory.
            size = max(2 * len(self._array), self._rows + more)
            larger = np.empty((size, *self._array.shape[1:]), self._array.dtype)
            larger[: self._rows] = self._array[: self._rows]
            self._array = larger

    def copy(self) -> Column[Scalar]:
        """The same rows by themselves."""
        clone: Column[Scalar] = Column(self.shape, self._array.dtype.type, self._rows)
        clone.values[:] = self.values
        return clone
