"""Mean cosine similarities of clusters, by the sums of their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workers.clustering.row_products import row_products
from workers.clustering.sides import Side, Sides

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


class CosineSums:
    """What clusters think of each other: the mean over all pairs of their vectors (see `MeanAffinity`).

    Args:
        vectors: float32 (N, D), of unit length.
        weights: float32 (N,), positive: weight of each in a mean.
        labels: (N,), cluster of each, all numbers from 0.
        sides: Clusters that must not become one with other clusters.
    """

    def __init__(
        self,
        vectors: FloatArray,
        weights: FloatArray,
        labels: IntArray,
        sides: Sequence[tuple[Side, Side]] = (),
    ) -> None:
        self._mass = np.bincount(labels, weights)
        self._sums = np.zeros((len(self._mass), vectors.shape[1]))
        np.add.at(self._sums, labels, vectors * weights.astype(np.float64)[:, None])
        self._sides = Sides(sides, len(self._mass))

    def __len__(self) -> int:
        """Number of clusters."""
        return len(self._mass)

    @property
    def weights(self) -> FloatArray:
        """float32 (N,), weight of each cluster in the mean of several."""
        return self._mass.astype(np.float32)

    def all(self) -> FloatArray:
        """Mean similarities float32 (N, N) of all clusters with all, whatever sides forbid."""
        means = self._sums / self._mass[:, None]
        return np.asarray(means @ means.T, np.float32)

    def between(self, first: IntArray, second: IntArray) -> FloatArray:
        """Mean similarities float32 (E,) of pairs of clusters; -inf where sides forbid it."""
        products = row_products(self._sums, first, self._sums, second)
        result = np.asarray(products / (self._mass[first] * self._mass[second]), np.float32)
        if self._sides:
            result[self._sides.hold_apart(first, second)] = -np.inf
        return result

    def merge(self, into: IntArray, gone: IntArray) -> None:
        """Let clusters take others in; no cluster is named twice."""
        self._sums[into] += self._sums[gone]
        self._mass[into] += self._mass[gone]
        self._sides.merge(into, gone)

    def keep(self, clusters: IntArray) -> None:
        """Go on with these clusters alone, in this order."""
        self._sums, self._mass = self._sums[clusters], self._mass[clusters]
        self._sides.keep(clusters)
