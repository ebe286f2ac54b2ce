"""What others do with the vectors of single faces; each rule comes with all the settings that are tried.

A rule is prepared for a set of faces and then gives labels (-1 is nobody) for a threshold, a cosine distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dlib
import hdbscan
import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn import cluster

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Rule = Callable[[float], IntArray]


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to cluster faces.

    Attributes:
        name: What it is called.
        rules: Rules of cosine distances (N, N), by what sets them apart from each other.
    """

    name: str
    rules: dict[str, Callable[[DoubleArray], Rule]]


def distances(vectors: npt.NDArray[np.float32]) -> DoubleArray:
    """Cosine distances of L2-normalised vectors, (N, N), symmetric."""
    wide = vectors.astype(np.float64)
    result = np.clip(1 - wide @ wide.T, 0, 2)
    np.fill_diagonal(result, 0)
    return (result + result.T) / 2


def dbscan(min_samples: int) -> Callable[[DoubleArray], Rule]:
    """Ester et al. 1996, by scikit-learn."""
    return lambda distance: (
        lambda eps: cluster.DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(
            distance
        )
    )


def hdbscan_of(min_cluster_size: int, min_samples: int, *, one_person: bool) -> Callable[[DoubleArray], Rule]:
    """Campello et al. 2013 with the epsilon floor of Malzer and Baum 2020, by the library hdbscan."""
    return lambda distance: (
        lambda eps: hdbscan.HDBSCAN(
            metric="precomputed",
            min_cluster_size=min_cluster_size,
            min_samples=min_samples,
            cluster_selection_epsilon=eps,
            allow_single_cluster=one_person,
        ).fit_predict(distance)
    )


def average_linkage(distance: DoubleArray) -> Rule:
    """By SciPy; a lone face is a person."""
    tree = linkage(squareform(distance, checks=False), "average")
    return lambda eps: fcluster(tree, eps, "distance").astype(np.int64) - 1


def chinese_whispers(distance: DoubleArray) -> Rule:
    """Biemann 2006, by dlib, which clusters faces so; a lone face is a person."""

    def rule(eps: float) -> IntArray:
        # Without an edge from a face to itself, which would outweigh every neighbour.
        first, second = np.nonzero(np.triu(distance <= eps, 1))
        edges = list(zip(first.tolist(), second.tolist(), strict=True))
        labels = np.array(dlib.chinese_whispers(edges) if edges else [], np.int64)
        # Faces behind the last one with a neighbour are alone.
        people = labels.max(initial=-1) + 1
        return np.concatenate([labels, people + np.arange(len(distance) - len(labels))])

    return rule


def nearest_person(min_faces: int) -> Callable[[DoubleArray], Rule]:
    """The rule of photo servers such as Immich, face by face in the order they come.

    A face with enough faces around it may found a person; any other goes to the person of the nearest face
    that has one. Faces that could do neither are looked at once more at the end.
    """

    def prepare(distance: DoubleArray) -> Rule:
        order = np.argsort(distance, axis=1, kind="stable")

        def rule(eps: float) -> IntArray:
            labels = np.full(len(distance), -1, np.int64)
            people = 0
            # The faces that came before are all that there is when one is looked at.
            for last in (False, True):
                for face in range(len(distance)):
                    if labels[face] >= 0:
                        continue
                    near = order[face][: np.searchsorted(distance[face][order[face]], eps, "right")]
                    if not last:
                        near = near[near <= face]
                    known = near[labels[near] >= 0]
                    if len(known):
                        labels[face] = labels[known[0]]
                    elif len(near) >= min_faces:
                        labels[face] = people
                        people += 1
            return labels

        return rule

    return prepare


DBSCAN = Rival("DBSCAN", {f"min_samples {n}": dbscan(n) for n in (2, 3, 5)})
RIVALS = (
    DBSCAN,
    Rival(
        "HDBSCAN",
        {
            f"min_cluster_size {m}, min_samples {n}" + ", allow_single_cluster" * one: hdbscan_of(
                m, n, one_person=one
            )
            for m, n in ((2, 1), (2, 3), (5, 1), (5, 5), (10, 5))
            for one in (False, True)
        },
    ),
    Rival("average linkage", {"": average_linkage}),
    Rival("Chinese whispers", {"": chinese_whispers}),
    Rival("nearest person, as in Immich", {f"min_faces {n}": nearest_person(n) for n in (1, 2, 3)}),
)
