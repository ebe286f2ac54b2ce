"""Which tracks look like which, found once and kept beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
# Neighbours that are found before the best of each row are picked: bounds the memory.
_FOUND = 1 << 21


class LikenessGraph:
    """For each track, the tracks before it that are as much like it as one person's: faces alone.

    Finding them is what costs time where tracks are many, so that it is done once for each track, and again
    for those of which most of those tracks are gone. Of more than it keeps, which ones they are depends on
    the order in which tracks came, and a little of the partition with them.

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
        # Of the gallery, when it was last seen who is gone.
        self._removals = 0

    def pairs(self, rows: IntArray) -> Hits:
        """Tracks that are like each other, each pair once; of very many, the most alike.

        Args:
            rows: Of the tracks, in the gallery.

        Returns:
            Their places in `rows`, and how much more alike than halfway they are, in cosine.
        """
        self._look()
        near, margins = self._gallery.near[rows], self._gallery.margins[rows]
        order = np.argsort(self._gallery.serials[rows])
        serials = self._gallery.serials[rows][order]
        first, place = np.nonzero(near >= 0)
        wanted = near[first, place]
        at = np.minimum(np.searchsorted(serials, wanted), len(serials) - 1)
        # Others are not asked for, or no longer there.
        there = serials[at] == wanted
        return first[there], order[at[there]], margins[first, place][there]

    def cosines(self, first: IntArray, second: IntArray, margins: FloatArray) -> FloatArray:
        """Cosine similarities float32 (E,) of pairs of rows of the gallery, from their margins."""
        sizes = self._gallery.size_weights
        halfway = np.einsum("es,es->e", sizes[first] @ self._middle, sizes[second])
        return np.asarray(margins + halfway, np.float32)

    @property
    def steepest(self) -> float:
        """The most that a log-likelihood ratio grows with the margin, per unit."""
        return self._steepest

    def _look(self) -> None:
        """Find the neighbours of tracks that are new, and of those that have lost most of theirs."""
        gallery = self._gallery
        deserted = self._deserted() if self._removals != gallery.removals else np.zeros_like(gallery.looked)
        self._removals = gallery.removals
        fresh = ~gallery.looked | deserted
        new = np.flatnonzero(fresh)
        if len(new) == 0:
            return
        order = np.concatenate([np.flatnonzero(~fresh), new])
        known = len(order) - len(new)
        gallery.near[new] = -1
        gallery.margins[new] = 0
        exact = len(new) * (known + len(new) / 2) <= self._exact
        before = (
            _all_before(known, len(order))
            if exact
            else _around_pivots(lists_around_pivots(gallery.templates, order), known)
        )
        found: list[Hits] = []
        count = 0
        for rows, columns in before:
            found.append(self._hits(order, rows, columns))
            count += len(found[-1][0])
            if count > _FOUND:
                self._keep(order, found)
                found, count = [], 0
        self._keep(order, found)
        gallery.looked[new] = True
        self._once(np.flatnonzero(deserted))

    def _deserted(self) -> npt.NDArray[np.bool_]:
        """Tracks of which more than half of those that they were found to be like are gone, bool (N,).

        Where old tracks are erased, young ones would soon be like nobody.
        """
        near = self._gallery.near
        if len(near) == 0:
            return np.zeros(0, np.bool_)
        # Takes some tenths of a second for very many.
        serials = np.sort(self._gallery.serials)
        at = np.minimum(np.searchsorted(serials, near), len(serials) - 1)
        named = near >= 0
        gone = named & (serials[at] != near)
        return np.asarray(2 * gone.sum(axis=1) > named.sum(axis=1))

    def _once(self, rows: IntArray) -> None:
        """Leave out what rows that were looked at again share with others that name them already."""
        if len(rows) == 0:
            return
        gallery = self._gallery
        order = np.argsort(gallery.serials)
        near = gallery.near[rows]
        at = np.minimum(np.searchsorted(gallery.serials[order], near), len(order) - 1)
        named = (gallery.near[order[at]] == gallery.serials[rows, None, None]).any(axis=2)
        gallery.near[rows] = np.where(named & (near >= 0), -1, near)

    def _hits(self, order: IntArray, rows: IntArray, columns: IntArray) -> Hits:
        """Pairs of a row and a column before it that are more alike than halfway, and than those known.

        Args:
            order: Rows of the gallery; all else names them by their places in it.
            rows: Ascending.
            columns: Ascending.
        """
        checkpoint()
        gallery = self._gallery
        row, column = order[rows], order[columns]
        sizes, most = gallery.size_weights, gallery.near.shape[1]
        margins = gallery.templates[row] @ gallery.templates[column].T
        margins -= (sizes[row] @ self._middle) @ sizes[column].T
        late = int(np.searchsorted(columns, rows[0]))
        margins[:, late:][columns[late:] >= rows[:, None]] = -np.inf
        # The last one of those known is the least.
        least = gallery.margins[row, -1]
        better = margins > least[:, None]
        busy = np.flatnonzero(np.count_nonzero(better, axis=1) > most)
        if len(busy):
            ranked = np.partition(margins[busy], -most, axis=1)
            better[busy] &= margins[busy] >= ranked[:, -most, None]
        first, second = np.nonzero(better)
        return rows[first], columns[second], margins[first, second]

    def _keep(self, order: IntArray, found: list[Hits]) -> None:
        """Keep the best of what was found and of what was known before."""
        if not found:
            return
        gallery = self._gallery
        row, column, margin = (np.concatenate(part) for part in zip(*found, strict=True))
        rows = order[np.unique(row)]
        first, place = np.nonzero(gallery.near[rows] >= 0)
        before = rows[first]
        row = np.concatenate([order[row], before])
        wanted = np.concatenate([gallery.serials[order[column]], gallery.near[before, place]])
        margin = np.concatenate([margin, gallery.margins[before, place]])
        # Many were found several times, in different lists.
        key = row * (int(wanted.max(initial=0)) + 1) + wanted
        ranked = np.argsort(key)
        ranked = ranked[np.diff(key[ranked], prepend=-1) > 0]
        # Numbers that are not negative are in the order of their bits; the highest come first.
        key = (row[ranked] << 32) - margin[ranked].view(np.int32)
        ranked = ranked[np.argsort(key)]
        row, wanted = row[ranked], wanted[ranked]
        at = np.arange(len(row)) - np.searchsorted(row, row)
        kept = at < gallery.near.shape[1]
        gallery.near[row[kept], at[kept]] = wanted[kept]
        gallery.margins[row[kept], at[kept]] = margin[ranked[kept]]


def _all_before(known: int, count: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Rows from `known` to `count` with all rows before each, a block at a time."""
    for start in range(known, count, _ROWS):
        rows = np.arange(start, min(start + _ROWS, count))
        for column in range(0, int(rows[-1]) + 1, _COLUMNS):
            yield rows, np.arange(column, min(column + _COLUMNS, int(rows[-1]) + 1))


def _around_pivots(
    lists: Iterable[tuple[IntArray, IntArray]], known: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Rows from `known` on with the rows before them around the same pivots, a block at a time."""
    for looking, kept in lists:
        for start in range(int(np.searchsorted(looking, known)), len(looking), _ROWS):
            rows = looking[start : start + _ROWS]
            columns = kept[: np.searchsorted(kept, rows[-1])]
            for column in range(0, len(columns), _COLUMNS):
                yield rows, columns[column : column + _COLUMNS]
