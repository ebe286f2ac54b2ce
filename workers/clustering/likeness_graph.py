"""Which tracks look like which, found once and kept beside them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.gallery import Gallery
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Rows and columns compared at once: 16 MB of intermediate results, which stay in a cache.
_ROWS, _COLUMNS = 256, 16_384


class LikenessGraph:
    """For each track, the tracks before it that are as much like it as one person's: faces alone.

    Finding them is what costs time where tracks are many, so that it is done once for each track.

    Args:
        gallery: The tracks. Neighbours are kept in it, and go with their tracks.
        calibration: Of the embedder.
    """

    def __init__(self, gallery: Gallery, calibration: Calibration) -> None:
        self._gallery = gallery
        # Halfway between genuine and impostor: there, likenesses speak for neither.
        self._middle = (calibration.genuine + calibration.impostor) / 2

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Rows of tracks that are like each other, each pair once; of very many, the most alike."""
        self._look()
        gallery = self._gallery
        order = np.argsort(gallery.serials)
        serials = gallery.serials[order]
        row, place = np.nonzero(gallery.near >= 0)
        wanted = gallery.near[row, place]
        at = np.minimum(np.searchsorted(serials, wanted), len(serials) - 1)
        # Others are no longer there.
        there = serials[at] == wanted
        return row[there], order[at[there]]

    def _look(self) -> None:
        """Find the neighbours of tracks that are new."""
        gallery = self._gallery
        new = np.flatnonzero(~gallery.looked)
        if len(new) == 0:
            return
        order = np.concatenate([np.flatnonzero(gallery.looked), new])
        # How much more alike than halfway two tracks are, as one product.
        left = np.hstack([gallery.templates, gallery.size_weights @ -self._middle])
        right = np.hstack([gallery.templates, gallery.size_weights])[order]
        for start in range(len(order) - len(new), len(order), _ROWS):
            checkpoint()
            rows = order[start : start + _ROWS]
            found = [
                _hits(left[rows], right[column : min(column + _COLUMNS, start + len(rows))], column, start)
                for column in range(0, start + len(rows), _COLUMNS)
            ]
            row, column, margin = (np.concatenate(part) for part in zip(*found, strict=True))
            # The best of each row first.
            ranked = np.lexsort((-margin, row))
            row, column = row[ranked], column[ranked]
            place = np.arange(len(row)) - np.searchsorted(row, row)
            kept = place < gallery.near.shape[1]
            gallery.near[rows] = -1
            gallery.near[rows[row[kept]], place[kept]] = gallery.serials[order[column[kept]]]
        gallery.looked[new] = True


def _hits(
    left: FloatArray, right: FloatArray, column: int, start: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Where rows are more alike than halfway with what comes before them."""
    margins = left @ right.T
    row, other = np.nonzero(margins > 0)
    margin = margins[row, other]
    other += column
    before = other < row + start
    return row[before], other[before], margin[before]
