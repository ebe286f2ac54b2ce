"""The tree of merges as lines on a plane: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.intp]
DoubleArray = npt.NDArray[np.float64]

# Label of a branch whose items are of several clusters.
MIXED = -2


@dataclass(frozen=True, slots=True, eq=False)
class Tip:
    """Where a branch of the drawn tree ends: one item, or a cluster that is not drawn further.

    Attributes:
        items: Rows of its items.
        label: Their cluster, or -1.
        height: Height at which they are all merged; 0 for one item.
    """

    items: IntArray
    label: int
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Dendrogram:
    """A tree of merges, laid out.

    Attributes:
        tips: From left to right, at x = 0, 1, 2 and so on.
        merges: float64 (M, 4, 2): left foot, left shoulder, right shoulder, right foot of each merge.
        labels: int (M,), cluster of all items below a merge, -1 for nobody, `MIXED` for several.
    """

    tips: tuple[Tip, ...]
    merges: DoubleArray
    labels: IntArray


def lay_out(tree: DoubleArray, labels: IntArray, *, folded: bool) -> Dendrogram:
    """Lay a tree out.

    SciPy's own function calls itself for each merge, which single linkage nests deeper than Python allows.

    Args:
        tree: float64 (N - 1, 4), merges in the format of `scipy.cluster.hierarchy.linkage`.
        labels: int (N,), cluster of each item, or -1.
        folded: Whether a branch whose items are all of one cluster, or all of none, is one tip.
    """
    count = len(labels)
    left, right = tree[:, 0].astype(np.intp), tree[:, 1].astype(np.intp)
    height_of = np.concatenate([np.zeros(count), tree[:, 2]])
    label_of = np.concatenate([labels, np.full(len(tree), MIXED)])
    for merge, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True), count):
        if label_of[a] == label_of[b]:
            label_of[merge] = label_of[a]
    tips: list[Tip] = []
    x_of = np.full(count + len(tree), np.nan)
    waiting = [count + len(tree) - 1]
    while waiting:
        node = waiting.pop()
        if node >= count and not (folded and label_of[node] != MIXED):
            waiting += [int(right[node - count]), int(left[node - count])]
            continue
        x_of[node] = len(tips)
        items = _items(node, left, right, count)
        tips.append(Tip(items, int(label_of[node]), float(height_of[node])))
    drawn = []
    for merge in range(len(tree)):
        a, b = left[merge], right[merge]
        if np.isnan(x_of[a]) or np.isnan(x_of[b]):
            # Inside a tip.
            continue
        x_of[count + merge] = (x_of[a] + x_of[b]) / 2
        drawn.append(merge)
    corners = np.zeros((len(drawn), 4, 2))
    for child, foot, shoulder in ((left, 0, 1), (right, 3, 2)):
        corners[:, foot, 0] = corners[:, shoulder, 0] = x_of[child[drawn]]
        corners[:, foot, 1] = height_of[child[drawn]]
        corners[:, shoulder, 1] = tree[drawn, 2]
    return Dendrogram(tuple(tips), corners, label_of[count:][drawn])


def hung(drawn: Dendrogram, length: float) -> Dendrogram:
    """The same with stems of single items that are no longer than this: many down to 0 hide the merges."""
    merges = drawn.merges.copy()
    for foot, shoulder in ((0, 1), (3, 2)):
        stems = merges[:, foot, 1] == 0
        merges[stems, foot, 1] = np.maximum(merges[stems, shoulder, 1] - length, 0)
    return replace(drawn, merges=merges)


def _items(node: int, left: IntArray, right: IntArray, count: int) -> IntArray:
    """Items below a node."""
    items, waiting = [], [node]
    while waiting:
        node = waiting.pop()
        if node < count:
            items.append(node)
        else:
            waiting += [int(left[node - count]), int(right[node - count])]
    return np.array(sorted(items), np.intp)
