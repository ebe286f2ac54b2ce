"""Which tracks look like which, found once and kept beside them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.gallery import Gallery
from workers.clustering.pivots import lists_around_pivots
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
Hits = tuple[IntArray, IntArray, FloatArray]

# Rows and columns compared at once: 16 MB of intermediate results, which stay in a cache.
_ROWS, _COLUMNS = 256, 16_384
# Neighbours of a track that each list of an approximate search may add.
_PER_LIST = 16


class LikenessGraph:
    """For each track, the tracks before it that are as much like it as one person's: faces alone.

    Finding them is what costs time where tracks are many, so that it is done once for each track.

    Args:
        gallery: The tracks. Neighbours are kept in it, and go with their tracks.
        calibration: Of the embedder.
        exact: Most pairs that are all looked at when tracks are new. Where there would be more, each track is
            compared with those around the same pivots alone, and some of its neighbours are missed.
    """

    def __init__(self, gallery: Gallery, calibration: Calibration, exact: int = 400_000_000) -> None:
        self._gallery = gallery
        # Halfway between genuine and impostor: there, likenesses speak for neither.
        self._middle = (calibration.genuine + calibration.impostor) / 2
        gap = np.maximum(calibration.genuine - calibration.impostor, 0.75 * calibration.spread)
        self._steepest = float((gap / calibration.spread**2).max())
        self._exact = exact

    def pairs(self) -> Hits:
        """Tracks that are like each other, each pair once; of very many, the most alike.

        Returns:
            Their rows, and how much more alike than halfway they are, in cosine.
        """
        self._look()
        gallery = self._gallery
        order = np.argsort(gallery.serials)
        serials = gallery.serials[order]
        row, place = np.nonzero(gallery.near >= 0)
        wanted = gallery.near[row, place]
        at = np.minimum(np.searchsorted(serials, wanted), len(serials) - 1)
        # Others are no longer there.
        there = serials[at] == wanted
        return row[there], order[at[there]], gallery.margins[row, place][there]

    @property
    def steepest(self) -> float:
        """The most that a log-likelihood ratio grows with the margin, per unit."""
        return self._steepest

    def _look(self) -> None:
        """Find the neighbours of tracks that are new."""
        gallery = self._gallery
        new = np.flatnonzero(~gallery.looked)
        if len(new) == 0:
            return
        order = np.concatenate([np.flatnonzero(gallery.looked), new])
        # How much more alike than halfway two tracks are, as one product.
        left = np.hstack([gallery.templates, gallery.size_weights @ -self._middle])[order]
        right = np.hstack([gallery.templates, gallery.size_weights])[order]
        known = len(order) - len(new)
        most = gallery.near.shape[1]
        gallery.near[new] = -1
        if len(new) * (known + len(new) / 2) <= self._exact:
            found = _among_all(left, right, known, most)
        else:
            found = iter([_around_pivots(gallery.templates[order], left, right, known, most)])
        for row, column, margin in found:
            row, column, margin, place = _best(row, column, margin, most)
            gallery.near[order[row], place] = gallery.serials[order[column]]
            gallery.margins[order[row], place] = margin
        gallery.looked[new] = True


def _among_all(left: FloatArray, right: FloatArray, known: int, most: int) -> Iterator[Hits]:
    """The neighbours of rows from `known` on among all rows before each, a block of rows at a time."""
    for start in range(known, len(left), _ROWS):
        end = min(start + _ROWS, len(left))
        rows = np.arange(start, end)
        parts = [
            _hits(left, right, rows, np.arange(column, min(column + _COLUMNS, end)), most)
            for column in range(0, end, _COLUMNS)
        ]
        yield _joined(parts)


def _around_pivots(vectors: FloatArray, left: FloatArray, right: FloatArray, known: int, most: int) -> Hits:
    """The neighbours of rows from `known` on among the rows before them that are in a list with them."""
    parts: list[Hits] = []
    for rows in lists_around_pivots(vectors):
        for start in range(int(np.searchsorted(rows, known)), len(rows), _ROWS):
            end = min(start + _ROWS, len(rows))
            parts.append(_hits(left, right, rows[start:end], rows[:end], min(_PER_LIST, most)))
    row, column, margin = _joined(parts)
    # Many meet in several lists.
    key = row * len(left) + column
    ranked = np.argsort(key, kind="stable")
    once = ranked[np.append(True, np.diff(key[ranked]) > 0)] if len(key) else ranked
    return row[once], column[once], margin[once]


def _hits(left: FloatArray, right: FloatArray, rows: IntArray, columns: IntArray, most: int) -> Hits:
    """The best pairs of a row and a column before it that are more alike than halfway, so many of a row.

    Args:
        left: What rows are compared by.
        right: What columns are compared by.
        rows: Ascending.
        columns: Ascending.
        most: How many of a row.
    """
    checkpoint()
    margins = left[rows] @ right[columns].T
    late = int(np.searchsorted(columns, rows[0]))
    margins[:, late:][columns[late:] >= rows[:, None]] = -np.inf
    place = np.arange(len(columns))[None].repeat(len(rows), axis=0)
    if len(columns) > most:
        # Among many who are alike, sorting takes much longer.
        place = np.argpartition(margins, -most, axis=1)[:, -most:]
    best = np.take_along_axis(margins, place, axis=1)
    row, at = np.nonzero(best > 0)
    return rows[row], columns[place[row, at]], best[row, at]


def _joined(parts: list[Hits]) -> Hits:
    row, column, margin = (np.concatenate(part) for part in zip(*parts, strict=True))
    return row, column, margin


def _best(
    row: IntArray, column: IntArray, margin: FloatArray, most: int
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
    """The pairs of highest margin, so many of each row, in the order of rows, and their places in it."""
    ranked = np.lexsort((-margin, row))
    row = row[ranked]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < most
    ranked = ranked[kept]
    return row[kept], column[ranked], margin[ranked], place[kept]
