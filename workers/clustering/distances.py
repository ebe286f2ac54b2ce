"""Distances of all with all, and what can be wrong with them: pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from workers.clustering.grouping import DoubleArray

# Rows of a table that are looked at together; bounds what is copied.
_BLOCK = 1024
# Rounding makes distances differ so much.
_ROUNDING = 1e-9


def unit_vectors(vectors: npt.ArrayLike) -> DoubleArray:
    """Vectors of length 1.

    Args:
        vectors: (N, D).

    Returns:
        float64 (N, D).

    Raises:
        ValueError: If there are none, or one has no direction; names it.
    """
    found = np.array(vectors, np.float64)
    if found.ndim != 2 or not found.size:
        raise ValueError(f"vectors of shape {found.shape}: at least one row of (N, D) is needed")
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)))
    if bad.size:
        what = "is all zeros" if lengths[bad[0], 0] == 0 else "holds a value that is not finite"
        raise ValueError(f"vector {bad[0]} {what}: it has no direction")
    found /= lengths
    return found


def cosine_distances(vectors: npt.ArrayLike) -> DoubleArray:
    """1 - cosine of all pairs; 0 is the same direction, 2 the opposite one.

    Args:
        vectors: (N, D), of any length.

    Returns:
        float64 (N, N), symmetric, 0 on the diagonal; takes 8 N^2 bytes, and no more on the way.

    Raises:
        ValueError: As `unit_vectors`.
    """
    units = unit_vectors(vectors)
    distances = units @ units.T
    np.subtract(1.0, distances, out=distances)
    np.clip(distances, 0.0, 2.0, out=distances)
    # Whatever the library of linear algebra rounds, both halves are the same.
    for rows in _blocks(len(distances)):
        distances[rows.stop :, rows] = distances[rows, rows.stop :].T
        square = distances[rows, rows]
        distances[rows, rows] = np.triu(square, 1) + np.triu(square, 1).T
    return distances


def checked_distances(distances: npt.ArrayLike) -> DoubleArray:
    """Distances of all with all.

    Args:
        distances: (N, N).

    Returns:
        The same as float64; not copied where it is that.

    Raises:
        ValueError: If it is empty or not square, or a distance is not finite, negative, differs from the way
            back, or is not 0 from an item to itself; names it.
    """
    found: DoubleArray = np.ascontiguousarray(distances, np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise ValueError(f"distances of shape {found.shape} are not square")
    if not found.size:
        raise ValueError("no distances: at least one item is needed")
    for rows in _blocks(len(found)):
        block = found[rows]
        for wrong, why in (
            (~np.isfinite(block), "is not finite"),
            (block < 0, "is negative"),
            (np.abs(block - found[:, rows].T) > _ROUNDING, "differs from the way back"),
        ):
            if wrong.any():
                row, column = np.argwhere(wrong)[0].tolist()
                pair = f"from item {row + rows.start} to item {column}"
                raise ValueError(f"the distance {pair} {why}: {block[row, column]:g}")
    own = np.flatnonzero(found.diagonal() > _ROUNDING)
    if own.size:
        raise ValueError(f"the distance from item {own[0]} to itself is {found[own[0], own[0]]:g}, not 0")
    return found


def share_within(distances: DoubleArray, eps: float) -> float:
    """Share of all pairs of two items that are at most so far apart; 0 without a pair."""
    count = len(distances)
    if count < 2:
        return 0.0
    near = sum(int((distances[rows] <= eps).sum()) for rows in _blocks(count))
    return (near - count) / (count * (count - 1))


def neighbour_distances(distances: DoubleArray, neighbour: int) -> DoubleArray:
    """Distance of each item to its so manieth neighbour, float64 (N,); the first is the item itself.

    Raises:
        ValueError: If there are not so many items.
    """
    count = len(distances)
    if not 1 <= neighbour <= count:
        raise ValueError(f"neighbour {neighbour} is asked for, and there are {count} items")
    found = np.empty(count)
    for rows in _blocks(count):
        found[rows] = np.partition(distances[rows], neighbour - 1, axis=1)[:, neighbour - 1]
    return found


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))
