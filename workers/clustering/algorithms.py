"""The classic clustering algorithms on distances of all with all: pure, and the same result every time.

DBSCAN (Ester et al. 1996) and k-means (Lloyd 1982, k-means++ of Arthur and Vassilvitskii 2007) are those of
scikit-learn, HDBSCAN* (Campello et al. 2013) that of the package `hdbscan`, agglomerative clustering (Müllner
2011) that of SciPy; k-medoids is in `kmedoids`.

Clusters are numbered from 0, the largest first, and of equally large ones the one with the first item; -1 is
nobody. Distances are float64 (N, N), symmetric; those of faces are cosine distances, see `distances`. With N
items they take 8 N^2 bytes, and an algorithm up to four times as much again on its way.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt
from hdbscan import HDBSCAN
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from sklearn.cluster import DBSCAN, KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from workers.clustering.distances import checked_distances, neighbour_distances, share_within, unit_vectors
from workers.clustering.grouping import Algorithm, DoubleArray, Grouping, IntArray, Linkage
from workers.clustering.kmedoids import medoids, nearest_medoids

# The best of so many beginnings counts.
_KMEANS_STARTS = 4
# They measure from the mean of a cluster, which only Euclidean distances have.
EUCLIDEAN_LINKAGES = frozenset({Linkage.WARD, Linkage.CENTROID})


def dbscan(distances: npt.ArrayLike, eps: float, min_samples: int = 2) -> Grouping:
    """Items with enough neighbours, and those neighbours, and theirs; the rest is nobody.

    Args:
        distances: (N, N).
        eps: Neighbours are at most so far apart; positive.
        min_samples: Enough neighbours, the item itself included, [1, N]. With 2 it is single linkage without
            the clusters of one item.

    Raises:
        ValueError: If these are no distances, or a parameter doesn't fit.
    """
    table = checked_distances(distances)
    _check_eps(eps)
    k_distances = np.sort(neighbour_distances(table, min_samples))
    found = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(table)
    labels, _ = by_size(found.labels_)
    settings = {"eps": eps, "min_samples": min_samples}
    return Grouping(Algorithm.DBSCAN, settings, labels, k_distances=k_distances)


def hdbscan(
    distances: npt.ArrayLike,
    min_cluster_size: int = 2,
    min_samples: int = 1,
    eps: float = 0.0,
    one_person_eps: float | None = None,
) -> Grouping:
    """The clusters that last longest while the density that is asked for grows; the rest is nobody.

    Args:
        distances: (N, N).
        min_cluster_size: Smallest cluster, from 2.
        min_samples: The density around an item is that of so many neighbours, from 1.
        eps: Clusters that are no farther apart are not told apart, from 0 (Malzer and Baum 2020).
        one_person_eps: Everything may be one cluster only where more than half of all pairs are no farther
            apart than this, which is then `eps` as well: of many people, all in one cluster would often last
            longest, and one person alone would be torn without it. None: never.

    Raises:
        ValueError: If these are no distances, or a parameter doesn't fit.
    """
    table = checked_distances(distances)
    if min_cluster_size < 2 or min_samples < 1:
        raise ValueError(
            f"min_cluster_size is {min_cluster_size} and min_samples {min_samples}: they must be at least 2 "
            "and 1"
        )
    _check_eps(eps, least=0.0)
    one_person = one_person_eps is not None and share_within(table, one_person_eps) > 0.5
    if one_person and one_person_eps is not None:
        eps = max(eps, one_person_eps)
    settings = {"min_cluster_size": min_cluster_size, "min_samples": min_samples, "eps": eps}
    if len(table) == 1:
        return Grouping(Algorithm.HDBSCAN, settings, np.full(1, -1, np.intp), tree=np.empty((0, 4)))
    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        metric="precomputed",
        cluster_selection_epsilon=float(eps),
        allow_single_cluster=one_person,
    ).fit(table)
    labels, _ = by_size(found.labels_)
    tree = np.array(found.single_linkage_tree_.to_numpy(), np.float64)
    return Grouping(Algorithm.HDBSCAN, settings, labels, tree=tree)


def kmeans(vectors: npt.ArrayLike, k: int) -> Grouping:
    """The k clusters whose items are nearest to the mean of theirs; needs no distances of all with all.

    Args:
        vectors: (N, D), of any length; their directions are clustered.
        k: How many clusters, [1, N]. Of fewer different vectors there are fewer.

    Raises:
        ValueError: If the vectors have no direction, or k doesn't fit.
    """
    units = unit_vectors(vectors)
    _check_k(k, len(units))
    # Its products are small: sharing them out among threads takes ten times as long as doing them.
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        # There are fewer different vectors than clusters: the result says so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(k, n_init=_KMEANS_STARTS, random_state=0).fit(units)
    labels, _ = by_size(found.labels_)
    return Grouping(Algorithm.KMEANS, {"k": k}, labels)


def kmedoids(distances: npt.ArrayLike, k: int) -> Grouping:
    """The k clusters whose items are nearest to one of them, the medoid; see `kmedoids.medoids`.

    Args:
        distances: (N, N).
        k: How many clusters, [1, N].

    Raises:
        ValueError: If these are no distances, or k doesn't fit.
    """
    table = checked_distances(distances)
    chosen = medoids(table, k)
    labels, order = by_size(nearest_medoids(table, chosen))
    return Grouping(Algorithm.KMEDOIDS, {"k": k}, labels, centres=chosen[order])


def agglomerative(
    distances: npt.ArrayLike,
    linkage: Linkage = Linkage.AVERAGE,
    *,
    eps: float | None = None,
    k: int | None = None,
) -> Grouping:
    """The two nearest clusters are merged, again and again, while they are near enough or too many.

    Args:
        distances: (N, N). Ward and centroid linkage take them for cosine distances d of vectors of length 1
            and measure the Euclidean distance sqrt(2 d).
        linkage: What the distance of two clusters is.
        eps: Clusters farther apart stay apart; as a distance of `distances`, also for Ward and centroid.
        k: How many clusters instead, [1, N].

    Raises:
        ValueError: If these are no distances, a parameter doesn't fit, or not just one of eps and k is given.
    """
    table = checked_distances(distances)
    if (eps is None) == (k is None):
        raise ValueError("just one of eps and k says where merging ends")
    tree = _tree(table, linkage)
    if k is not None:
        _check_k(k, len(table))
        labels = _after(tree, len(table) - k)
        settings: dict[str, float | int | str] = {"linkage": str(linkage), "k": k}
        cut = _height_between(tree, len(table) - k)
    else:
        assert eps is not None
        _check_eps(eps)
        cut = math.sqrt(2 * eps) if linkage in EUCLIDEAN_LINKAGES else eps
        # Where a merge is lower than one inside it (centroid linkage), the higher one counts.
        labels = (
            np.asarray(hierarchy.fcluster(tree, cut, "distance"), np.intp)
            if len(tree)
            else np.zeros(1, np.intp)
        )
        settings = {"linkage": str(linkage), "eps": eps}
    labels, _ = by_size(labels)
    return Grouping(Algorithm.AGGLOMERATIVE, settings, labels, tree=tree, cut=cut)


def by_size(labels: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Number clusters anew, the largest first, of equally large ones the one with the first item.

    Args:
        labels: int (N,); negative is nobody.

    Returns:
        The new labels, with -1 for nobody, and the place of each new cluster among the old ones in ascending
        order.
    """
    old = np.asarray(labels, np.intp)
    _, first, index, sizes = np.unique(old, return_index=True, return_inverse=True, return_counts=True)
    nobody = old[first] < 0
    order = np.lexsort((first, -sizes, nobody))[: int((~nobody).sum())]
    number = np.full(len(first), -1, np.intp)
    number[order] = np.arange(len(order))
    return number[index], order - int(nobody.sum())


def _tree(distances: DoubleArray, linkage: Linkage) -> DoubleArray:
    """All merges, as `scipy.cluster.hierarchy.linkage` gives them."""
    if len(distances) == 1:
        return np.empty((0, 4))
    pairs = squareform(distances, checks=False)
    if linkage in EUCLIDEAN_LINKAGES:
        pairs *= 2
        np.sqrt(pairs, out=pairs)
    return np.asarray(hierarchy.linkage(pairs, str(linkage)), np.float64)


def _after(tree: DoubleArray, merges: int) -> IntArray:
    """Labels after the first merges. `fcluster` gives fewer clusters where several have the same height."""
    count = len(tree) + 1
    parent = np.arange(count + merges)
    for merge in range(merges):
        left, right = tree[merge, :2].astype(np.intp)
        parent[[left, right]] = count + merge
    # A cluster comes after those it was made of.
    for node in range(count + merges - 1, -1, -1):
        parent[node] = parent[parent[node]]
    return parent[:count]


def _height_between(tree: DoubleArray, merges: int) -> float | None:
    """A height above the first merges and below the others; None where there is none."""
    lower = float(tree[:merges, 2].max(initial=0.0))
    if merges == len(tree):
        return lower * 1.05
    upper = float(tree[merges:, 2].min())
    return (lower + upper) / 2 if lower < upper else None


def _check_k(k: int, count: int) -> None:
    if not 1 <= k <= count:
        raise ValueError(f"k is {k}, and there are {count} items: it must be from 1 to {count}")


def _check_eps(eps: float, least: float = math.ulp(0.0)) -> None:
    if not least <= eps < math.inf:
        raise ValueError(f"eps is {eps:g}: it must be a positive distance")
