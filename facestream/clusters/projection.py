"""Faces on a plane: near to each other where their vectors are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Fewer have no neighbourhoods to keep.
_LEAST_FOR_TSNE = 8
# t-SNE of so many takes about half a minute on one core.
MOST = 3000
_PERPLEXITY = 30.0
# Clusters have parted by then; more of them move little and take as long again.
_ITERATIONS = 500
# Where t-SNE starts is so wide (Kobak and Berens 2019).
_START_SPREAD = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Where items lie on a plane.

    Attributes:
        rows: int (M,), the items that were projected, ascending.
        points: float64 (M, 2), without a unit.
        method: How, in words.
    """

    rows: IntArray
    points: DoubleArray
    method: str


def project(vectors: FloatArray, most: int = MOST) -> Projection:
    """Project vectors by t-SNE on their cosine distances, or by PCA where there are too few.

    van der Maaten and Hinton 2008, begun from the principal components, so that the same faces give the same
    picture.

    Args:
        vectors: float32 (N, D), L2-normalised.
        most: Of more items so many are taken, evenly at random but always the same ones.
    """
    rows = np.arange(len(vectors))
    if len(vectors) > most:
        rows = np.sort(np.random.default_rng(0).choice(len(vectors), most, replace=False))
        vectors = vectors[rows]
    points = principal_components(vectors)
    if len(rows) < _LEAST_FOR_TSNE or not points.any():
        return Projection(rows, points, "principal components")
    start = points / points[:, 0].std() * _START_SPREAD
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    tsne = TSNE(
        metric="cosine",
        init=start.astype(np.float32),
        perplexity=perplexity,
        max_iter=_ITERATIONS,
        random_state=0,
    )
    # Its threads wait for each other by spinning: beside other work two take four times as long as one.
    with threadpool_limits(1):
        points = np.asarray(tsne.fit_transform(vectors), np.float64)
    return Projection(rows, points, "t-SNE of cosine distances")


def principal_components(vectors: FloatArray) -> DoubleArray:
    """The two directions in which vectors differ most (Pearson 1901).

    Args:
        vectors: float32 (N, D).

    Returns:
        float64 (N, 2); zeros for equal vectors and for what has fewer dimensions.
    """
    points = np.zeros((len(vectors), 2))
    if len(vectors) < 2:
        return points
    centred = vectors - vectors.mean(axis=0, dtype=np.float64)
    # Rounding makes equal vectors differ.
    centred[np.abs(centred) < 1e-6] = 0.0
    if not centred.any():
        return points
    _, directions = np.linalg.eigh(centred.T @ centred)
    largest = directions[:, ::-1][:, :2]
    # A direction has two signs; the libraries of linear algebra differ in which one they give.
    signs = np.sign(largest[np.abs(largest).argmax(axis=0), range(largest.shape[1])])
    points[:, : largest.shape[1]] = centred @ (largest * signs)
    return points
