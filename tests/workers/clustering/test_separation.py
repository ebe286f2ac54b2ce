"""Measures of separation: values that can be counted by hand, and where there are none."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workers.clustering.separation import davies_bouldin, dunn, silhouette

# Two pairs on a line: 0 and 1, 10 and 12.
LINE = np.array([[0.0], [1.0], [10.0], [12.0]])
PAIRS = ["a", "a", "b", "b"]
DISTANCES = np.abs(LINE - LINE.T)


def test_silhouette_by_hand() -> None:
    a, b = [1, 1, 2, 2], [11, 10, 9.5, 11.5]
    expected = np.mean([(other - own) / max(own, other) for own, other in zip(a, b, strict=True)])
    assert silhouette(LINE, PAIRS, "euclidean") == pytest.approx(expected)
    assert silhouette(DISTANCES, PAIRS, "precomputed") == pytest.approx(expected)


def test_davies_bouldin_by_hand() -> None:
    # Mean distances to the centres 0.5 and 11: 0.5 and 1.
    assert davies_bouldin(LINE, PAIRS) == pytest.approx(1.5 / 10.5)


def test_dunn_by_hand() -> None:
    assert dunn(LINE, PAIRS, "euclidean") == pytest.approx(9 / 2)
    assert dunn(DISTANCES, PAIRS, "precomputed") == pytest.approx(9 / 2)
    # One wrong item decides it.
    assert dunn(LINE, ["a", "a", "a", "b"], "euclidean") == pytest.approx(2 / 10)


def test_cosine_distance_goes_by_direction_alone() -> None:
    points = np.array([[1.0, 0.0], [5.0, 0.1], [0.0, 2.0], [0.1, 1.0]])
    assert silhouette(points, PAIRS) == pytest.approx(silhouette(points * [[3], [1], [1], [2]], PAIRS))
    assert dunn(points, PAIRS) == pytest.approx(dunn(points * [[3], [1], [1], [2]], PAIRS))


@pytest.mark.parametrize(
    "labels",
    [
        [1, 1, 1, 1],
        [1, 2, 3, 4],
        [None, None, None, None],
        [1, 1, None, None],
        [1, 2, None, None],
    ],
    ids=["one cluster", "all alone", "all noise", "one cluster and noise", "two alone and noise"],
)
def test_where_there_is_nothing_to_measure_there_is_no_figure(labels: list[int | None]) -> None:
    assert silhouette(LINE, labels, "euclidean") is None
    assert davies_bouldin(LINE, labels) is None
    assert dunn(LINE, labels, "euclidean") is None


def test_points_without_a_cluster_do_not_count() -> None:
    more = np.vstack([LINE, [[5.0]]])
    labels = [*PAIRS, None]
    alone = silhouette(LINE, PAIRS, "euclidean")
    assert silhouette(more, labels, "euclidean") == alone
    assert davies_bouldin(more, labels) == davies_bouldin(LINE, PAIRS)
    assert dunn(more, labels, "euclidean") == dunn(LINE, PAIRS, "euclidean")
    squared = np.abs(more - more.T)
    assert silhouette(squared, labels, "precomputed") == pytest.approx(alone)


def test_copies_of_one_picture_have_no_width() -> None:
    assert dunn(np.array([[1.0, 0.0]] * 2 + [[0.0, 1.0]] * 2), PAIRS) is None


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e308])
def test_huge_and_tiny_vectors_are_as_well_separated_as_others(scale: float) -> None:
    vectors = np.array([[1.0, 0.1], [1.0, 0.2], [0.1, 1.0], [0.2, 1.0]])
    for measure in (silhouette, davies_bouldin, dunn):
        assert measure(vectors * scale, PAIRS) == pytest.approx(measure(vectors, PAIRS))


def test_likenesses_are_not_taken_for_distances() -> None:
    likenesses = np.eye(4) + 0.1
    for measure in (silhouette, dunn):
        with pytest.raises(ValueError, match=r"from item 0 to itself is 1\.1, not 0: are these likenesses\?"):
            measure(likenesses, PAIRS, "precomputed")
        with pytest.raises(ValueError, match=r"a distance is 1e\+300; at most 1e\+100"):
            measure(DISTANCES * 1e300 / DISTANCES.max(), PAIRS, "precomputed")


def test_what_is_no_set_of_points_is_named() -> None:
    with pytest.raises(ValueError, match="4 points and 3 labels"):
        silhouette(LINE, ["a", "a", "b"])
    with pytest.raises(ValueError, match="not square"):
        silhouette(DISTANCES[:, :3], PAIRS, "precomputed")
    with pytest.raises(ValueError, match="symmetric"):
        dunn(np.triu(DISTANCES), PAIRS, "precomputed")
    with pytest.raises(ValueError, match="symmetric and not negative"):
        dunn(-DISTANCES, PAIRS, "precomputed")
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        davies_bouldin(LINE.ravel(), PAIRS)
    for bad in (math.nan, math.inf):
        broken = LINE.copy()
        broken[2] = bad
        for measure in (silhouette, davies_bouldin, dunn):
            with pytest.raises(ValueError, match="point 2 holds a value that is not finite"):
                measure(broken, PAIRS)
    with pytest.raises(ValueError, match="no direction"):
        silhouette(np.zeros((4, 2)), PAIRS)
    with pytest.raises(ValueError, match="label of item 1 is missing"):
        dunn(LINE, ["a", "", "b", "b"], "euclidean")


@given(
    arrays(np.float64, (12, 3), elements=st.floats(-10, 10, width=16)),
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=12, max_size=12),
)
def test_dunn_in_blocks_equals_its_definition(
    points: npt.NDArray[np.float64], labels: list[str | None]
) -> None:
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    pairs = [(i, j) for i in range(12) for j in range(i) if labels[i] and labels[j]]
    within = max((distance[i, j] for i, j in pairs if labels[i] == labels[j]), default=0.0)
    between = min((distance[i, j] for i, j in pairs if labels[i] != labels[j]), default=None)
    found = dunn(points, labels, "euclidean")
    kept = points[[label is not None for label in labels]]
    # What is next to nothing depends on how far all lie apart.
    extent = np.abs(kept - kept.sum(axis=0) / max(len(kept), 1)).max(initial=0.0)
    if between is None or within <= 1e-6 * extent:
        assert found is None
    else:
        assert found == pytest.approx(between / within, rel=1e-5, abs=1e-6)


def test_who_has_no_cluster_plays_no_part_however_far_they_are() -> None:
    line = np.array([[1e7], [1e7 + 1], [1e7 + 10], [1e7 + 11], [1e9]])
    labels = [*PAIRS, None]
    assert dunn(line[:4], PAIRS, "euclidean") == pytest.approx(9)
    assert dunn(line, labels, "euclidean") == pytest.approx(9)
    assert davies_bouldin(line, labels) == pytest.approx(0.1)
