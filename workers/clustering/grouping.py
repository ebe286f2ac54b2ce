"""What a classic clustering algorithm makes of a set of faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.intp]
DoubleArray = npt.NDArray[np.float64]


class Algorithm(StrEnum):
    """The classic algorithms."""

    DBSCAN = "dbscan"
    HDBSCAN = "hdbscan"
    KMEANS = "kmeans"
    KMEDOIDS = "kmedoids"
    AGGLOMERATIVE = "agglomerative"


class Linkage(StrEnum):
    """What agglomerative clustering takes for the distance of two clusters."""

    WARD = "ward"
    AVERAGE = "average"
    COMPLETE = "complete"
    SINGLE = "single"
    CENTROID = "centroid"


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Items put into clusters.

    Attributes:
        algorithm: What did it.
        settings: The values it went by, those of the user and the chosen ones: `linkage`, `eps`, `k`,
            `min_samples`, `min_cluster_size`, as far as the algorithm has them.
        labels: int (N,), cluster of each item: 0 is the largest, -1 nobody.
        tree: float64 (N - 1, 4), the merges in the format of `scipy.cluster.hierarchy.linkage`, for
            agglomerative (heights are distances as its linkage measures them) and hdbscan (heights are
            mutual reachability distances); None for the others.
        cut: Height at which the tree was cut; None without a tree or for one that has no single cut.
        k_distances: float64 (N,), ascending: distance of each item to its `min_samples`-th neighbour, itself
            included; for dbscan alone.
        centres: Items that stand for the clusters, row of the item by cluster; for kmedoids alone.
    """

    algorithm: Algorithm
    settings: Mapping[str, float | int | str]
    labels: IntArray
    tree: DoubleArray | None = None
    cut: float | None = None
    k_distances: DoubleArray | None = None
    centres: IntArray = field(default_factory=lambda: np.zeros(0, np.intp))

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def nobody(self) -> int:
        """Number of items that are in no cluster."""
        return int((self.labels < 0).sum())

    def sizes(self) -> IntArray:
        """Items of each cluster, int (clusters,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.clusters)
