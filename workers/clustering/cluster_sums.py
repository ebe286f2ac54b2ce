"""What whole clusters of tracks think of each other, from sums over their tracks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from workers.clustering.cancellation import checkpoint
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio, paired_face_log_ratio
from workers.clustering.row_products import row_products
from workers.clustering.sides import Side, Sides
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
AnyFloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

# Pairs looked at together: bounds the memory.
_CHUNK = 1 << 13


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """Something that two tracks may have in common, and what it says.

    Attributes:
        labels: intp (N,), the same number for tracks that have it in common.
        value: float32 (N,), the same for tracks that have it in common: added to the affinity of such pairs.
    """

    labels: IntArray
    value: FloatArray


class ClusterSums:
    """Mean log-likelihood ratios between clusters, without a look at each pair of their tracks.

    The ratio is linear in the cosine, so that the mean over all pairs of tracks of two clusters is the ratio
    at the mean cosine, which is the product of their mean templates (not normalised). That holds where faces
    are of one size within each cluster; where not, it is an approximation. Ratios have no limit here: where
    sources are very many, the prior would outgrow it. Clothes play no part.

    Args:
        templates: float32 (M, D), L2-normalised. They stay as they are.
        rows: intp (N,), which of them each track has.
        size_weights: float32 (N, S), see `Calibration.size_weights`.
        weights: float32 (N,), positive: weight of each track in the mean of a cluster.
        rise: float32 (N,), impostor rise of each track's source.
        common: What pairs may have in common.
        sides: Rows that must not be in one cluster with other rows.
        base: Added to each ratio.
        calibration: Of the embedder.
        settings: How evidence is weighed.
    """

    def __init__(
        self,
        templates: FloatArray,
        rows: IntArray,
        size_weights: FloatArray,
        weights: FloatArray,
        rise: FloatArray,
        common: Sequence[Common],
        sides: Sequence[tuple[Side, Side]],
        base: float,
        calibration: Calibration,
        settings: LikelihoodSettings,
    ) -> None:
        self._mass = weights.astype(np.float64)
        self._units, self._rows, self._weights = templates, rows, weights
        # Of very many tracks these take much memory: most ask for those of their groups alone.
        self._made: FloatArray | None = None
        self._sizes = size_weights * weights[:, None]
        self._rise = (rise * weights).astype(np.float64)
        told = [_shares(one, weights) for one in common if one.value.any()]
        self._common = [(shares, values) for shares, values in told if shares.nnz]
        self._sides = Sides(sides, len(weights))
        self._base = base
        self._calibration = calibration
        self._settings = replace(settings, limit=np.inf)

    def between(self, first: IntArray, second: IntArray) -> FloatArray:
        """Mean log-likelihood ratios float32 (E,) of pairs of clusters; -inf where sides forbid it."""
        result = np.empty(len(first), np.float32)
        for start in range(0, len(first), _CHUNK):
            checkpoint()
            part = slice(start, start + _CHUNK)
            a, b = first[part], second[part]
            product = row_products(self._templates, a, self._templates, b)
            result[part] = self.at(a, b, product / (self._mass[a] * self._mass[b]))
        return result

    def at(self, a: IntArray, b: IntArray, similarity: AnyFloatArray) -> FloatArray:
        """The same where the mean cosine (E,) of the pairs is known."""
        mass_a, mass_b = self._mass[a], self._mass[b]
        both = mass_a * mass_b
        ratio = paired_face_log_ratio(
            np.asarray(similarity, np.float32),
            np.asarray(self._sizes[a] / mass_a[:, None], np.float32),
            np.asarray(self._sizes[b] / mass_b[:, None], np.float32),
            np.maximum(self._rise[a] / mass_a, self._rise[b] / mass_b),
            self._calibration,
            self._settings,
        )
        for shares, values in self._common:
            ratio += _products(shares, shares, a, b, values) / both
        if self._sides:
            ratio[self._sides.hold_apart(a, b)] = -np.inf
        return np.asarray(ratio + self._base, np.float32)

    def heard(self, labels: IntArray) -> FloatArray:
        """What each cluster hears, on the mean, from the others of its group; infinite for one that is alone.

        Args:
            labels: intp (N,), numbers from 0: the group of each.
        """
        count = len(labels)
        gather = csr_array((np.ones(count, np.float32), (labels, np.arange(count))))
        mass, rise = gather @ self._mass, gather @ self._rise
        templates, sizes = self._gathered(labels), gather @ self._sizes
        common = [(shares, csr_array(gather @ shares), values) for shares, values in self._common]
        vectors, rows, factors = self._parts()
        result = np.full(count, np.inf, np.float32)
        in_company = np.flatnonzero(np.bincount(labels)[labels] > 1)
        for start in range(0, len(in_company), _CHUNK):
            one = in_company[start : start + _CHUNK]
            group = labels[one]
            rest = mass[group] - self._mass[one]
            both = self._mass[one] * rest
            at, times = rows[one], factors[one]
            product = row_products(vectors, at, templates, group) * times
            product -= row_products(vectors, at, vectors, at) * times**2
            ratio = paired_face_log_ratio(
                np.asarray(product / both, np.float32),
                np.asarray(self._sizes[one] / self._mass[one, None], np.float32),
                np.asarray((sizes[group] - self._sizes[one]) / rest[:, None], np.float32),
                np.maximum(self._rise[one] / self._mass[one], (rise[group] - self._rise[one]) / rest),
                self._calibration,
                self._settings,
            )
            for shares, whole, values in common:
                own = _products(shares, shares, one, one, values)
                ratio += (_products(shares, whole, one, group, values) - own) / both
            result[one] = ratio + self._base
        return result

    def with_all(self, some: IntArray) -> FloatArray:
        """Mean log-likelihood ratios float32 (K, N) of some clusters with all, whatever sides forbid."""
        own = np.asarray(self._mass, np.float32)
        mass = own[some, None] * own
        rise = np.asarray(self._rise / self._mass, np.float32)
        sizes = self._sizes / own[:, None]
        ratio = face_log_ratio(
            (self._templates[some] @ self._templates.T) / mass,
            sizes[some],
            sizes,
            np.maximum(rise[some, None], rise),
            self._calibration,
            self._settings,
        )
        for shares, values in self._common:
            told = csr_array(shares[some].multiply(values))
            ratio += np.asarray((told @ shares.T).toarray() / mass, np.float32)
        ratio += np.float32(self._base)
        return ratio

    def grouped(self, labels: IntArray) -> ClusterSums:
        """The sums of groups of these clusters.

        Args:
            labels: intp (N,), the group of each, all numbers from 0.
        """
        gather = csr_array((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))))
        groups = copy.copy(self)
        groups._mass, groups._rise = gather @ self._mass, gather @ self._rise
        groups._made, groups._sizes = self._gathered(labels), gather @ self._sizes
        groups._sides = self._sides.grouped(labels)
        groups._move(gather)
        return groups

    def merge(self, into: IntArray, gone: IntArray) -> None:
        """Let clusters take others in; no cluster is named twice."""
        templates = self._templates
        for sums in (templates, self._mass, self._sizes, self._rise):
            sums[into] += sums[gone]
        self._sides.merge(into, gone)
        if not self._common:
            return
        count = len(self._mass)
        moved = np.arange(count)
        moved[gone] = into
        self._move(csr_array((np.ones(count), (moved, np.arange(count))), shape=(count, count)))

    def keep(self, clusters: IntArray) -> None:
        """Go on with these clusters alone, in this order."""
        self._made, self._sizes = self._templates[clusters], self._sizes[clusters]
        self._mass, self._rise = self._mass[clusters], self._rise[clusters]
        self._sides.keep(clusters)
        if not self._common:
            return
        count = len(clusters)
        shape = count, int(clusters.max(initial=-1)) + 1
        self._move(csr_array((np.ones(count), (np.arange(count), clusters)), shape=shape))

    @property
    def _templates(self) -> FloatArray:
        """float32 (N, D), the sum of the templates of each cluster, times their weights."""
        if self._made is None:
            vectors, rows, factors = self._parts()
            self._made = vectors[rows] * factors[:, None]
        return self._made

    def _parts(self) -> tuple[FloatArray, IntArray, FloatArray]:
        """What the same is made of: vectors, the row of each cluster among them, and the factor of each."""
        if self._made is None:
            return self._units, self._rows, self._weights
        count = len(self._mass)
        return self._made, np.arange(count), np.ones(count, np.float32)

    def _gathered(self, labels: IntArray) -> FloatArray:
        """Sums of the templates of groups, float32 (G, D)."""
        vectors, rows, factors = self._parts()
        sizes = np.bincount(labels)
        # Added in the order of the clusters: where their templates lie changes not even the last bit.
        order = np.argsort(labels, kind="stable")
        begins = np.concatenate([[0], np.cumsum(sizes)])
        gather = csr_array((factors[order], rows[order], begins), shape=(len(sizes), len(vectors)))
        return np.asarray(gather @ vectors)

    def _move(self, move: csr_array) -> None:
        """Let rows of what clusters have in common go where a matrix says."""
        seen = slice(move.shape[1])
        self._common = [(csr_array(move @ shares[seen]), values) for shares, values in self._common]


def _shares(common: Common, weights: FloatArray) -> tuple[csr_array, npt.NDArray[np.float64]]:
    """How much of each cluster, one for each track, has which label that several have; each label's value."""
    _, first, column, count = np.unique(
        common.labels, return_index=True, return_inverse=True, return_counts=True
    )
    rows = np.flatnonzero(count[column] > 1)
    shape = len(column), len(count)
    shares = csr_array((weights[rows].astype(np.float64), (rows, column[rows])), shape=shape)
    return shares, common.value[first].astype(np.float64)


def _products(
    left: csr_array, right: csr_array, a: IntArray, b: IntArray, values: AnyFloatArray | None = None
) -> npt.NDArray[np.float64]:
    """Products of rows; columns count by their values."""
    products = left[a].multiply(right[b])
    return np.asarray(products.sum(axis=1) if values is None else products @ values, np.float64)
