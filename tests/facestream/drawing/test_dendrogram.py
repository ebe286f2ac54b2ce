from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy

from facestream.drawing.dendrogram import MIXED, hung, lay_out


def merged(
    count: int, seed: int, linkage: str = "average"
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    tree = hierarchy.linkage(np.random.default_rng(seed).normal(size=(count, 3)), linkage)
    return np.asarray(tree, np.float64)


@given(st.integers(2, 40), st.integers(0, 1000), st.sampled_from(["average", "single", "centroid"]))
def test_it_is_laid_out_as_scipy_does(count: int, seed: int, linkage: str) -> None:
    tree = merged(count, seed, linkage)
    drawn = lay_out(tree, np.zeros(count, np.intp), folded=False)
    theirs = hierarchy.dendrogram(tree, no_plot=True)
    assert [tip.items.tolist() for tip in drawn.tips] == [[leaf] for leaf in theirs["leaves"]]
    # Their leaves are at 5, 15, 25 and so on.
    corners = np.stack([np.array(theirs["icoord"]) / 10 - 0.5, np.array(theirs["dcoord"])], axis=2)
    order = np.lexsort(corners[:, 1].T)
    ours = np.lexsort(drawn.merges[:, 1].T)
    assert drawn.merges[ours] == pytest.approx(corners[order])


@given(st.integers(2, 40), st.integers(0, 1000), st.floats(0.0, 1.0))
def test_a_folded_tree_has_a_tip_for_each_cluster_of_a_cut(count: int, seed: int, share: float) -> None:
    tree = merged(count, seed)
    labels = hierarchy.fcluster(tree, share * tree[-1, 2], "distance") - 1
    drawn = lay_out(tree, labels, folded=True)
    assert sorted(tip.label for tip in drawn.tips) == sorted(set(labels.tolist()))
    for tip in drawn.tips:
        assert tip.items.tolist() == np.flatnonzero(labels == tip.label).tolist()
    assert set(drawn.labels.tolist()) <= {MIXED}


def test_branches_know_whose_they_are() -> None:
    # 0 and 1 merge first, 2 joins them, then 3.
    tree = np.array([[0, 1, 1.0, 2], [2, 4, 2.0, 3], [3, 5, 3.0, 4]])
    drawn = lay_out(tree, np.array([0, 0, 0, -1]), folded=False)
    assert drawn.labels.tolist() == [0, 0, MIXED]


def test_a_chain_of_thousands_is_laid_out() -> None:
    count = 5000
    merges = np.arange(1, count)
    tree = np.stack([merges, np.maximum(count + merges - 2, 0), merges, merges + 1], axis=1).astype(float)
    tree[0, :2] = 0, 1
    drawn = lay_out(tree, np.arange(count), folded=False)
    assert sorted(int(tip.items[0]) for tip in drawn.tips) == list(range(count))
    (whole,) = lay_out(tree, np.zeros(count, np.intp), folded=True).tips
    assert len(whole.items) == count
    assert whole.height == count - 1


def test_one_item_is_one_tip() -> None:
    drawn = lay_out(np.zeros((0, 4)), np.array([-1]), folded=False)
    assert [tip.items.tolist() for tip in drawn.tips] == [[0]]
    assert len(drawn.merges) == 0


def test_only_stems_of_single_items_hang() -> None:
    tree = np.array([[0, 1, 1.0, 2], [2, 3, 5.0, 3]])
    drawn = lay_out(tree, np.zeros(3, np.intp), folded=False)
    feet = hung(drawn, 2.0).merges[:, [0, 3], 1]
    # 1.0 is shorter than a stem; 5 - 2; the other child is a merge at 1.
    assert feet.tolist() == [[0.0, 0.0], [3.0, 1.0]]
    assert drawn.merges[1, 0, 1] == 0.0
