"""Which colour each cluster has in a plot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.intp]
DoubleArray = npt.NDArray[np.float64]

INK, PALE, GRID = "#2b2b2b", "#8a8a8a", "#dddddd"
# Items that are in no cluster, and those that are one by themselves among many.
NOBODY, ALONE = "#b9b9b9", "#59636e"
# Told apart on white and beside grey; neighbours in the list differ most.
PALETTE = (
    "#1f77b4",
    "#d62728",
    "#2ca02c",
    "#ff7f0e",
    "#9467bd",
    "#17becf",
    "#e377c2",
    "#8c564b",
    "#a8a800",
    "#0b2f7f",
    "#7b0a3c",
    "#00a287",
    "#f2b701",
    "#5b2a86",
    "#7fc241",
    "#ff4f9a",
)


class ClusterColours:
    """Colours of clusters, such that those of one colour lie far apart.

    The largest clusters have the palette's colours in its order. Of more clusters, each takes the colour
    whose nearest cluster is farthest away; those of one item have one colour together.

    Args:
        labels: int (N,), cluster of each item, 0 is the largest; -1 is none.
        rows: int (M,), items that are on the plane.
        points: float64 (M, 2), where.
    """

    def __init__(self, labels: IntArray, rows: IntArray, points: DoubleArray) -> None:
        self._labels = labels
        sizes = np.bincount(labels[labels >= 0])
        shown = labels[rows]
        centres = np.full((len(sizes), 2), np.nan)
        for cluster in np.unique(shown[shown >= 0]):
            centres[cluster] = np.median(points[shown == cluster], axis=0)
        self._chosen = np.full(len(sizes), -1)
        for cluster, size in enumerate(sizes):
            if cluster < len(PALETTE):
                self._chosen[cluster] = cluster
            elif size > 1:
                self._chosen[cluster] = _farthest(centres, self._chosen, cluster)

    @property
    def alone(self) -> int:
        """Number of clusters that have the one colour of those of one item."""
        return int((self._chosen < 0).sum())

    def of_cluster(self, cluster: int) -> str:
        """Colour of a cluster, or that of nobody for -1."""
        if cluster < 0:
            return NOBODY
        number = self._chosen[cluster]
        return ALONE if number < 0 else PALETTE[number]

    def of_item(self, item: int) -> str:
        """Colour of an item's cluster."""
        return self.of_cluster(int(self._labels[item]))


def _farthest(centres: DoubleArray, chosen: IntArray, cluster: int) -> int:
    """The colour whose clusters are farthest from one."""
    on_plane = np.isfinite(centres[:, 0])
    if not on_plane[cluster]:
        return cluster % len(PALETTE)
    coloured = np.flatnonzero((chosen >= 0) & on_plane)
    nearest = np.full(len(PALETTE), np.inf)
    np.minimum.at(nearest, chosen[coloured], np.hypot(*(centres[coloured] - centres[cluster]).T))
    return int(nearest.argmax())
