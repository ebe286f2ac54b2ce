"""How well clusters are separated, without any truth: pure.

Labels are any hashable values, one for each point; None is a point without a cluster.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sklearn_metrics

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

Metric = Literal["cosine", "euclidean", "precomputed"]

# Rows of distances held at once.
_BLOCK = 1024
# Rounding makes distances differ so much.
_ROUNDING = 1e-6
# Sums of its squares are numbers still.
_MOST = 1e100


def silhouette(
    points: FloatArray, labels: Sequence[Hashable | None], metric: Metric = "cosine"
) -> float | None:
    """Mean of (b - a) / max(a, b): a is the mean distance to the own cluster, b to the nearest other one.

    Rousseeuw 1987. In [-1, 1]; items alone in their cluster count 0, items without a cluster not at all.

    Args:
        points: (N, D) vectors, or (N, N) distances for the metric "precomputed".
        labels: Cluster of each point, or None.
        metric: How distance is measured.

    Returns:
        None where it has no meaning: with fewer than two clusters, or as many clusters as points.

    Raises:
        ValueError: If the points are not finite, or are no distances, or the lengths differ.
    """
    points, numbers = _assigned(points, labels, metric)
    if not 2 <= numbers.max(initial=-1) + 1 < len(numbers):
        return None
    if metric == "precomputed":
        points = points - np.diag(np.diag(points))
    return float(sklearn_metrics.silhouette_score(points, numbers, metric=metric))


def davies_bouldin(vectors: FloatArray, labels: Sequence[Hashable | None]) -> float | None:
    """Mean over clusters of how alike each is to the one most like it (Davies and Bouldin 1979).

    Likeness is the sum of both clusters' mean distances to their centres, divided by the distance of the
    centres; Euclidean, lower is better. Clusters of one item have no width and make it look better than it
    is.

    Args:
        vectors: (N, D).
        labels: Cluster of each, or None.

    Returns:
        None where it has no meaning: with fewer than two clusters, or as many clusters as points.

    Raises:
        ValueError: If the vectors are not finite, or the lengths differ.
    """
    vectors, numbers = _assigned(vectors, labels, "euclidean")
    if not 2 <= numbers.max(initial=-1) + 1 < len(numbers):
        return None
    return float(sklearn_metrics.davies_bouldin_score(vectors, numbers))


def dunn(points: FloatArray, labels: Sequence[Hashable | None], metric: Metric = "cosine") -> float | None:
    """Smallest distance between two clusters, divided by the largest inside one (Dunn 1974).

    Higher is better; above 1, every item is nearer to all of its cluster than to anything else. One wrong
    item decides it.

    Args:
        points: (N, D) vectors, or (N, N) distances for the metric "precomputed".
        labels: Cluster of each point, or None.
        metric: How distance is measured.

    Returns:
        None where it has no meaning: with fewer than two clusters, or where no cluster has any width.

    Raises:
        ValueError: If the points are not finite, or are no distances, or the lengths differ.
    """
    points, numbers = _assigned(points, labels, metric)
    if numbers.max(initial=-1) < 1:
        return None
    between, within = np.inf, 0.0
    for start in range(0, len(points), _BLOCK):
        rows = slice(start, start + _BLOCK)
        distances = points[rows]
        if metric != "precomputed":
            distances = sklearn_metrics.pairwise_distances(distances, points, metric)
        same = numbers[rows][:, None] == numbers[None]
        within = max(within, float(distances[same].max()))
        between = min(between, float(distances[~same].min(initial=np.inf)))
    # Two copies of a picture are not exactly 0 apart.
    return between / within if within > _ROUNDING else None


def numbered(labels: Sequence[Hashable], which: str) -> IntArray:
    """Labels as numbers from 0, in the order of their first items.

    Raises:
        ValueError: If one is missing: None, empty or NaN.
    """
    number: dict[Hashable, int] = {}
    for k, label in enumerate(labels):
        # NaN differs from itself.
        if label is None or label == "" or label != label:
            raise ValueError(f"the {which} label of item {k} is missing")
    return np.array([number.setdefault(label, len(number)) for label in labels], np.intp)


def _scaled(vectors: FloatArray, metric: Metric) -> npt.NDArray[np.float64]:
    """Vectors as they are best reckoned with: no square is too large, and no difference too small.

    Neither the angle of two is another one by that, nor the ratio of two distances.
    """
    if metric == "cosine":
        return _over_largest(vectors, axis=1)
    near = _over_largest(vectors)
    return _over_largest(near - near.mean(axis=0)) if len(near) else near


def _over_largest(vectors: FloatArray, axis: int | None = None) -> npt.NDArray[np.float64]:
    largest = np.abs(vectors).max(axis=axis, initial=0.0, keepdims=True)
    scaled: npt.NDArray[np.float64] = np.divide(
        vectors, largest, out=np.zeros(vectors.shape), where=largest > 0
    )
    return scaled


def _assigned(
    points: FloatArray, labels: Sequence[Hashable | None], metric: Metric
) -> tuple[npt.NDArray[np.float64], IntArray]:
    """The points that have a cluster, and its number."""
    points = np.asarray(points, np.float64)
    if points.ndim != 2:
        raise ValueError(f"points of shape {points.shape}: (N, D) is needed")
    if len(points) != len(labels):
        raise ValueError(f"{len(points)} points and {len(labels)} labels: there must be as many")
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise ValueError(f"point {row} holds a value that is not finite")
    kept = np.array([label is not None for label in labels], bool)
    numbers = numbered([label for label in labels if label is not None], "found")
    if metric == "precomputed":
        if points.shape[0] != points.shape[1]:
            raise ValueError(f"distances of shape {points.shape} are not square")
        if (points < -_ROUNDING).any() or not np.allclose(points, points.T, atol=_ROUNDING):
            raise ValueError("distances must be symmetric and not negative")
        own = np.flatnonzero(points.diagonal() > _ROUNDING)
        if own.size:
            raise ValueError(
                f"the distance from item {own[0]} to itself is {points[own[0], own[0]]:g}, not 0: are these "
                "likenesses?"
            )
        if points.max(initial=0.0) > _MOST:
            raise ValueError(f"a distance is {points.max():g}; at most {_MOST:g} can be reckoned with")
        return points[np.ix_(kept, kept)], numbers
    if metric == "cosine" and not points[kept].any(axis=1).all():
        raise ValueError("a vector of zeros has no direction, and no cosine")
    return _scaled(points[kept], metric), numbers
