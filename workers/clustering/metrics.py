"""How well a clustering agrees with the truth: pure. How well it is separated: see `separation`.

Labels are any hashable values, one for each item. A clustering may leave items out: those are None here, see
`with_unassigned`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import metrics as sklearn_metrics
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix

from workers.clustering.separation import davies_bouldin, dunn, numbered, silhouette

__all__ = [
    "Agreement",
    "PairCounts",
    "PrecisionRecall",
    "adjusted_rand_index",
    "agreement",
    "bcubed",
    "davies_bouldin",
    "dunn",
    "mutual_information",
    "normalised_mutual_information",
    "pair_counts",
    "purity",
    "rand_index",
    "silhouette",
    "with_unassigned",
]

IntArray = npt.NDArray[np.intp]

Labels = Sequence[Hashable]
Mean = Literal["arithmetic", "geometric", "min", "max"]
Unassigned = Literal["own", "together", "drop"]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Two shares in [0, 1]: of what was put together, what belongs together; and the other way round."""

    precision: float
    recall: float

    def f(self, beta: float = 1.0) -> float:
        """F-beta (van Rijsbergen 1979): recall counts `beta` times as much as precision.

        Raises:
            ValueError: If beta is not positive.
        """
        if not 0 < beta < np.inf:
            raise ValueError(f"beta is {beta:g}; it must be positive and finite")
        weighted = beta**2 * self.precision + self.recall
        return (1 + beta**2) * self.precision * self.recall / weighted if weighted else 0.0


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Unordered pairs of items.

    Attributes:
        together: Of one class and in one cluster: true positives.
        mixed: Of two classes, but in one cluster: false positives.
        torn: Of one class, but in two clusters: false negatives.
        apart: Of two classes and in two clusters: true negatives.
    """

    together: int
    mixed: int
    torn: int
    apart: int

    @property
    def precision_recall(self) -> PrecisionRecall:
        """Pairwise precision and recall; where no pair is claimed none is wrong, and precision is 1."""
        claimed, true = self.together + self.mixed, self.together + self.torn
        return PrecisionRecall(
            self.together / claimed if claimed else 1.0, self.together / true if true else 1.0
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a clustering agrees with the truth. All shares are in [0, 1], higher is better.

    Attributes:
        items: Number of items compared.
        classes: Number of classes in the truth.
        clusters: Number of clusters found.
        cluster_count_ratio: Clusters per class; 1 is right, more is splitting, less is merging.
        purity: See `purity`.
        inverse_purity: The purity of the truth's classes by the clusters found: low where people are split.
        pair_counts: See `pair_counts`.
        pairs: Pairwise precision and recall.
        bcubed: See `bcubed`.
        rand_index: See `rand_index`.
        adjusted_rand_index: See `adjusted_rand_index`; in [-0.5, 1].
        mutual_information_bits: See `mutual_information`.
        normalised_mutual_information: With the arithmetic mean of both entropies.
    """

    items: int
    classes: int
    clusters: int
    cluster_count_ratio: float
    purity: float
    inverse_purity: float
    pair_counts: PairCounts
    pairs: PrecisionRecall
    bcubed: PrecisionRecall
    rand_index: float
    adjusted_rand_index: float
    mutual_information_bits: float
    normalised_mutual_information: float


def agreement(truth: Labels, found: Labels) -> Agreement:
    """All measures of agreement at once.

    Args:
        truth: Class of each item.
        found: Cluster of each item.

    Raises:
        ValueError: If there is nothing to compare, the lengths differ, or a label is missing.
    """
    classes, clusters = _checked(truth, found)
    class_count, cluster_count = int(classes.max()) + 1, int(clusters.max()) + 1
    pairs = pair_counts(truth, found)
    return Agreement(
        items=len(classes),
        classes=class_count,
        clusters=cluster_count,
        cluster_count_ratio=cluster_count / class_count,
        purity=purity(truth, found),
        inverse_purity=purity(found, truth),
        pair_counts=pairs,
        pairs=pairs.precision_recall,
        bcubed=bcubed(truth, found),
        rand_index=rand_index(truth, found),
        adjusted_rand_index=adjusted_rand_index(truth, found),
        mutual_information_bits=mutual_information(truth, found),
        normalised_mutual_information=normalised_mutual_information(truth, found),
    )


def purity(truth: Labels, found: Labels) -> float:
    """Share of the items that are of the most frequent class of their cluster (Manning et al. 2008, 16.3).

    It is 1 where every item is a cluster of its own: look at the number of clusters as well.

    Raises:
        ValueError: As `agreement`.
    """
    cells = _cells(truth, found)
    return float(cells.max(axis=0).sum() / cells.sum())


def pair_counts(truth: Labels, found: Labels) -> PairCounts:
    """Pairs of items by whether they are together in truth and in the clustering.

    Raises:
        ValueError: As `agreement`.
    """
    # scikit-learn counts each pair twice.
    (apart, mixed), (torn, together) = (pair_confusion_matrix(*_checked(truth, found)) // 2).tolist()
    return PairCounts(together, mixed, torn, apart)


def bcubed(truth: Labels, found: Labels) -> PrecisionRecall:
    """BCubed (Bagga and Baldwin 1998): for each item, the share of its cluster that is of its class.

    Precision is the mean of that share over all items; recall is the mean share of its class that is in its
    cluster. Amigó et al. (2009) show why it is the one to trust: it counts people, not pairs, so that one
    large person doesn't drown the small ones.

    Raises:
        ValueError: As `agreement`.
    """
    cells = _cells(truth, found).tocoo()
    of_class, of_cluster = np.asarray(cells.sum(axis=1)).ravel(), np.asarray(cells.sum(axis=0)).ravel()
    squared = cells.data.astype(np.float64) ** 2
    total = float(of_class.sum())
    return PrecisionRecall(
        float((squared / of_cluster[cells.col]).sum() / total),
        float((squared / of_class[cells.row]).sum() / total),
    )


def rand_index(truth: Labels, found: Labels) -> float:
    """Share of the pairs on which truth and clustering agree (Rand 1971).

    With many people nearly all pairs are apart in both, and the index is near 1 whatever was done.

    Raises:
        ValueError: As `agreement`.
    """
    return float(sklearn_metrics.rand_score(*_checked(truth, found)))


def adjusted_rand_index(truth: Labels, found: Labels) -> float:
    """Rand index, with 0 for what chance would give (Hubert and Arabie 1985); in [-0.5, 1].

    Raises:
        ValueError: As `agreement`.
    """
    return float(sklearn_metrics.adjusted_rand_score(*_checked(truth, found)))


def mutual_information(truth: Labels, found: Labels, base: float = 2.0) -> float:
    """What the cluster of an item tells about its class.

    Args:
        truth: Class of each item.
        found: Cluster of each item.
        base: Of the logarithm: 2 for bits, `math.e` for nats.

    Raises:
        ValueError: As `agreement`, or if the base is not above 1.
    """
    if not 1 < base < np.inf:
        raise ValueError(f"base is {base:g}; it must be above 1 and finite")
    nats = float(sklearn_metrics.mutual_info_score(*_checked(truth, found)))
    # Rounding leaves a little below 0 where the two are independent.
    return max(nats, 0.0) / float(np.log(base))


def normalised_mutual_information(truth: Labels, found: Labels, mean: Mean = "arithmetic") -> float:
    """Mutual information divided by a mean of the entropies of classes and clusters; the base cancels out.

    Args:
        truth: Class of each item.
        found: Cluster of each item.
        mean: Which mean: arithmetic (Manning et al. 2008), geometric (Strehl and Ghosh 2002), min or max.

    Raises:
        ValueError: As `agreement`, or if there is no such mean.
    """
    if mean not in ("arithmetic", "geometric", "min", "max"):
        raise ValueError(f"no mean {mean!r}; there are arithmetic, geometric, min and max")
    value = sklearn_metrics.normalized_mutual_info_score(*_checked(truth, found), average_method=mean)
    return float(np.clip(value, 0.0, 1.0))


def with_unassigned(
    truth: Labels, found: Sequence[Hashable | None], unassigned: Unassigned = "own"
) -> tuple[list[Hashable], list[Hashable]]:
    """Say what becomes of items that were given to no cluster, which are None in `found`.

    Args:
        truth: Class of each item.
        found: Cluster of each item, or None.
        unassigned: "own" makes each a cluster of its own, "together" makes one cluster of all, "drop" leaves
            them out.

    Returns:
        Truth and clusters of the items that are left.

    Raises:
        ValueError: If the lengths differ.
    """
    _check_lengths(truth, found)
    kept = [(t, f) for t, f in zip(truth, found, strict=True) if f is not None or unassigned != "drop"]
    # Tuples of this class can't equal a label.
    clusters = [_Nobody(k if unassigned == "own" else 0) if f is None else f for k, (_, f) in enumerate(kept)]
    return [t for t, _ in kept], list(clusters)


class _Nobody(tuple[int]):
    """The cluster of an item that was given to none."""

    __slots__ = ()

    def __new__(cls, number: int) -> _Nobody:
        return super().__new__(cls, (number,))


def _check_lengths(truth: Sequence[object], found: Sequence[object]) -> None:
    if len(truth) != len(found):
        raise ValueError(f"{len(truth)} true labels and {len(found)} found ones: there must be as many")


def _checked(truth: Labels, found: Labels) -> tuple[IntArray, IntArray]:
    """Classes and clusters as numbers from 0."""
    _check_lengths(truth, found)
    if len(truth) == 0:
        raise ValueError("there is nothing to compare: no labels")
    return numbered(truth, "true"), numbered(found, "found")


def _cells(truth: Labels, found: Labels) -> sparse.csr_matrix:
    """How many items of each class (rows) are in each cluster (columns)."""
    return contingency_matrix(*_checked(truth, found), sparse=True)
