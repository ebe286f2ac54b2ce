"""The classic algorithms: groups that anybody sees, what holds of any items, what can't be clustered."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from sklearn.metrics import adjusted_rand_score

from workers.clustering.algorithms import (
    EUCLIDEAN_LINKAGES,
    agglomerative,
    by_size,
    dbscan,
    hdbscan,
    kmeans,
    kmedoids,
)
from workers.clustering.distances import cosine_distances
from workers.clustering.grouping import Algorithm, Grouping, Linkage

Vectors = npt.NDArray[np.float64]
Owners = npt.NDArray[np.intp]
Cluster = Callable[[Vectors], Grouping]

# Between the widest person of `people` and the nearest two.
EPS = 0.15

# Each finds the three people of `people`, who are many times as far apart as they are wide.
ALL: dict[str, Cluster] = {
    "dbscan": lambda vectors: dbscan(cosine_distances(vectors), EPS),
    "hdbscan": lambda vectors: hdbscan(cosine_distances(vectors), min_cluster_size=3, eps=0.01),
    "kmeans": lambda vectors: kmeans(vectors, 3),
    "kmedoids": lambda vectors: kmedoids(cosine_distances(vectors), 3),
    **{
        f"{linkage} with eps": lambda vectors, linkage=linkage: agglomerative(  # type: ignore[misc]
            cosine_distances(vectors), linkage, eps=EPS
        )
        for linkage in Linkage
    },
    **{
        f"{linkage} with k": lambda vectors, linkage=linkage: agglomerative(  # type: ignore[misc]
            cosine_distances(vectors), linkage, k=3
        )
        for linkage in Linkage
    },
}


def people(
    sizes: tuple[int, ...], seed: int = 0, width: float = 0.01
) -> tuple[Vectors, npt.NDArray[np.intp]]:
    """Directions around one for each person, in 32 dimensions, and whose each is."""
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.linalg.qr(random.normal(size=(32, 32)))[0][: len(sizes)]
    return centres[owners] + random.normal(scale=width, size=(len(owners), 32)), owners


@pytest.mark.parametrize("name", ALL)
def test_people_far_apart_are_told_apart(name: str) -> None:
    vectors, owners = people((5, 9, 7))
    order = np.random.default_rng(1).permutation(len(owners))
    found = ALL[name](vectors[order])
    # Numbered by size: the second has 9, the third 7, the first 5.
    assert found.labels.tolist() == np.array([2, 0, 1])[owners[order]].tolist()
    assert found.sizes().tolist() == [9, 7, 5]
    assert (found.clusters, found.nobody) == (3, 0)


@pytest.mark.parametrize("name", ALL)
def test_lengths_of_vectors_do_not_matter(name: str) -> None:
    vectors, _ = people((4, 6, 5))
    lengths = np.linspace(0.1, 30, len(vectors))[:, None]
    assert ALL[name](vectors * lengths).labels.tolist() == ALL[name](vectors).labels.tolist()


@given(
    st.sampled_from(sorted(set(ALL) - {"kmeans", "kmedoids"})),
    st.integers(5, 30),
    st.integers(0, 2**20),
)
def test_the_order_of_the_items_decides_nothing(name: str, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 3))
    order = random.permutation(count)
    found = ALL[name](vectors).labels
    again = ALL[name](vectors[order]).labels
    # The same items are nobody, and the same pairs together.
    assert ((found < 0)[order] == (again < 0)).all()
    assert adjusted_rand_score(found[order], again) == 1


@given(st.sampled_from(sorted(ALL)), st.integers(3, 25), st.integers(0, 2**20))
def test_labels_are_numbered_by_size(name: str, count: int, seed: int) -> None:
    found = ALL[name](np.random.default_rng(seed).normal(size=(count, 4)))
    sizes = found.sizes()
    firsts = [int(np.flatnonzero(found.labels == cluster)[0]) for cluster in range(found.clusters)]
    assert len(found.labels) == count
    assert sizes.sum() + found.nobody == count
    assert sizes.tolist() == sorted(sizes, reverse=True)
    for cluster in range(found.clusters - 1):
        assert sizes[cluster] > sizes[cluster + 1] or firsts[cluster] < firsts[cluster + 1]


@pytest.mark.parametrize("name", ALL)
def test_it_is_the_same_every_time(name: str) -> None:
    vectors = np.random.default_rng(5).normal(size=(60, 4))
    assert ALL[name](vectors).labels.tolist() == ALL[name](vectors).labels.tolist()


@pytest.mark.parametrize("name", ALL)
def test_copies_of_a_picture_stay_together(name: str) -> None:
    vectors, owners = people((3, 3, 3))
    found = ALL[name](np.repeat(vectors, 4, axis=0))
    assert adjusted_rand_score(np.repeat(owners, 4), found.labels) == 1


def test_numbers_by_size_by_hand() -> None:
    labels, order = by_size([7, -1, 3, 3, 9, 7, -1, 3, 9])
    # 3 has three items; 7 and 9 have two, and 7 comes first.
    assert labels.tolist() == [1, -1, 0, 0, 2, 1, -1, 0, 2]
    assert order.tolist() == [0, 1, 2]
    assert by_size([-1, -1])[0].tolist() == [-1, -1]
    assert by_size([1, 0, 1])[1].tolist() == [1, 0]


# One and two items, and as many clusters as items -----------------------------------------------------------


@pytest.mark.parametrize("linkage", Linkage)
def test_one_item_alone(linkage: Linkage) -> None:
    one = np.array([[3.0, 4.0]])
    distances = cosine_distances(one)
    for found in (agglomerative(distances, linkage, eps=0.1), agglomerative(distances, linkage, k=1)):
        assert found.labels.tolist() == [0]
        assert found.tree is not None
        assert found.tree.shape == (0, 4)
    assert kmeans(one, 1).labels.tolist() == kmedoids(distances, 1).labels.tolist() == [0]
    assert dbscan(distances, 0.1, min_samples=1).labels.tolist() == [0]
    for found in (hdbscan(distances), hdbscan(distances, one_person_eps=1.0)):
        assert found.labels.tolist() == [-1]
        assert found.tree is not None
        assert found.tree.shape == (0, 4)
        assert (found.clusters, found.nobody, found.sizes().tolist()) == (0, 1, [])


@pytest.mark.parametrize(("apart", "together"), [(0.05, True), (1.0, False)])
def test_two_items(apart: float, together: bool) -> None:
    distances = np.array([[0, apart], [apart, 0]])
    for linkage in Linkage:
        assert agglomerative(distances, linkage, eps=0.1).clusters == (1 if together else 2)
    assert dbscan(distances, 0.1).labels.tolist() == ([0, 0] if together else [-1, -1])
    assert hdbscan(distances, one_person_eps=0.1).labels.tolist() == ([0, 0] if together else [-1, -1])
    assert hdbscan(distances).labels.tolist() == [-1, -1]


def test_as_many_clusters_as_items() -> None:
    vectors = np.random.default_rng(2).normal(size=(7, 3))
    distances = cosine_distances(vectors)
    for found in (
        kmeans(vectors, 7),
        kmedoids(distances, 7),
        *(agglomerative(distances, linkage, k=7) for linkage in Linkage),
    ):
        assert found.labels.tolist() == list(range(7))


@pytest.mark.parametrize("k", [0, -3, 4])
def test_more_clusters_than_items_are_refused_with_both_numbers(k: int) -> None:
    vectors = np.eye(3)
    said = f"k is {k}, and there are 3 items"
    with pytest.raises(ValueError, match=said):
        kmeans(vectors, k)
    with pytest.raises(ValueError, match=said):
        kmedoids(cosine_distances(vectors), k)
    with pytest.raises(ValueError, match=said):
        agglomerative(cosine_distances(vectors), k=k)


# Bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distances", "said"),
    [
        (np.zeros((0, 0)), "no distances"),
        (np.zeros((3, 2)), "not square"),
        ([[0, np.nan], [np.nan, 0]], "not finite"),
        ([[0, 1], [2, 0]], "differs from the way back"),
        ([[0, -1], [-1, 0]], "negative"),
    ],
)
def test_what_is_no_table_of_distances_is_refused(distances: npt.ArrayLike, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dbscan(distances, 0.1)
    with pytest.raises(ValueError, match=said):
        hdbscan(distances)
    with pytest.raises(ValueError, match=said):
        kmedoids(distances, 1)
    with pytest.raises(ValueError, match=said):
        agglomerative(distances, eps=0.1)


def test_vectors_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="vector 1 holds a value that is not finite"):
        kmeans([[1.0, 0.0], [math.nan, 1.0]], 1)


@pytest.mark.parametrize("eps", [0.0, -1.0, np.nan, np.inf])
def test_a_distance_that_is_none_is_refused(eps: float) -> None:
    distances = cosine_distances(np.eye(3))
    with pytest.raises(ValueError, match="eps is"):
        dbscan(distances, eps)
    with pytest.raises(ValueError, match="eps is"):
        agglomerative(distances, eps=eps)
    if eps != 0:
        with pytest.raises(ValueError, match="eps is"):
            hdbscan(distances, eps=eps)


def test_parameters_that_do_not_fit_are_refused() -> None:
    distances = cosine_distances(np.eye(3))
    with pytest.raises(ValueError, match="just one of eps and k"):
        agglomerative(distances)
    with pytest.raises(ValueError, match="just one of eps and k"):
        agglomerative(distances, eps=0.1, k=2)
    with pytest.raises(ValueError, match="min_cluster_size is 1"):
        hdbscan(distances, min_cluster_size=1)
    with pytest.raises(ValueError, match="min_samples 0"):
        hdbscan(distances, min_samples=0)
    with pytest.raises(ValueError, match="neighbour 4 is asked for, and there are 3 items"):
        dbscan(distances, 0.1, min_samples=4)


# What each of them is -------------------------------------------------------------------------------------


def test_dbscan_tells_how_far_neighbours_are() -> None:
    vectors, _ = people((5, 5))
    distances = cosine_distances(vectors)
    found = dbscan(distances, EPS, min_samples=3)
    assert found.k_distances is not None
    assert found.k_distances.tolist() == sorted(np.sort(distances, axis=1)[:, 2].tolist())
    assert found.settings == {"eps": EPS, "min_samples": 3}


@given(st.integers(2, 30), st.integers(0, 2**20), st.floats(0.01, 1))
def test_dbscan_with_two_samples_is_single_linkage(count: int, seed: int, eps: float) -> None:
    distances = cosine_distances(np.random.default_rng(seed).normal(size=(count, 3)))
    chained = agglomerative(distances, Linkage.SINGLE, eps=eps)
    alone = chained.sizes()[chained.labels] < 2
    assert dbscan(distances, eps).labels.tolist() == np.where(alone, -1, chained.labels).tolist()


def test_dbscan_leaves_out_who_is_alone() -> None:
    vectors, _ = people((6, 1, 4, 1))
    assert dbscan(cosine_distances(vectors), EPS).labels.tolist() == [0] * 6 + [-1] + [1] * 4 + [-1]


def test_hdbscan_finds_people_of_different_width() -> None:
    near, _ = people((12, 12), width=0.005)
    wide, _ = people((12, 12, 12), seed=7, width=0.06)
    vectors = np.vstack([np.hstack([near, np.zeros((24, 32))]), np.hstack([np.zeros((36, 32)), wide])])
    found = hdbscan(cosine_distances(vectors), min_cluster_size=5, min_samples=3)
    assert adjusted_rand_score(np.repeat(np.arange(5), 12), found.labels) > 0.9


def test_hdbscan_finds_one_person_alone() -> None:
    vectors, _ = people((20,), width=0.05)
    distances = cosine_distances(vectors)
    limit = float(distances.max())
    torn = hdbscan(distances)
    whole = hdbscan(distances, one_person_eps=limit)
    assert torn.clusters != 1 or torn.nobody > 0
    assert whole.labels.tolist() == [0] * 20
    assert whole.settings["eps"] == limit


def test_hdbscan_takes_copies_for_people_unless_a_distance_is_given() -> None:
    vectors, owners = people((6, 6))
    twice = np.vstack([vectors, vectors[[0, 6]]])
    distances = cosine_distances(twice)
    torn = hdbscan(distances)
    assert torn.labels[0] == torn.labels[12] != torn.labels[1]
    whole = hdbscan(distances, eps=0.02)
    assert whole.labels.tolist() == [*owners, 0, 1]


def test_hdbscan_does_not_take_two_people_for_one() -> None:
    vectors, owners = people((12, 12))
    distances = cosine_distances(vectors)
    # Just less than half of all pairs are of one person.
    found = hdbscan(distances, min_cluster_size=5, one_person_eps=EPS)
    assert found.labels.tolist() == owners.tolist()
    assert found.settings["eps"] == 0


@pytest.mark.parametrize("count", [2, 3, 40])
def test_trees_are_in_the_format_of_scipy(count: int) -> None:
    distances = cosine_distances(np.random.default_rng(count).normal(size=(count, 4)))
    for found in (hdbscan(distances), *(agglomerative(distances, linkage, k=2) for linkage in Linkage)):
        assert found.tree is not None
        assert hierarchy.is_valid_linkage(found.tree)
        assert len(found.tree) == count - 1


def test_heights_of_trees_are_distances_as_the_linkage_measures_them() -> None:
    distances = cosine_distances([[1, 0], [0, 1]])
    for linkage in Linkage:
        found = agglomerative(distances, linkage, eps=0.5)
        assert found.tree is not None
        euclidean = linkage in EUCLIDEAN_LINKAGES
        assert found.tree[0, 2] == pytest.approx(np.sqrt(2) if euclidean else 1)
        assert found.cut == pytest.approx(1 if euclidean else 0.5)
        assert found.settings == {"linkage": str(linkage), "eps": 0.5}


@given(st.sampled_from(Linkage), st.integers(2, 30), st.integers(0, 2**20), st.data())
def test_a_cut_gives_the_clusters_that_were_asked_for(
    linkage: Linkage, count: int, seed: int, data: st.DataObject
) -> None:
    distances = cosine_distances(np.random.default_rng(seed).normal(size=(count, 3)))
    k = data.draw(st.integers(1, count))
    found = agglomerative(distances, linkage, k=k)
    assert found.clusters == k
    if linkage is not Linkage.CENTROID:
        assert found.cut is not None
    if found.cut is not None:
        assert found.tree is not None
        again = hierarchy.fcluster(found.tree, found.cut, "distance")
        assert adjusted_rand_score(found.labels, again) == 1


@given(st.integers(1, 8), st.sampled_from(Linkage), st.data())
def test_equal_distances_give_as_many_clusters_as_asked_for(
    count: int, linkage: Linkage, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, count))
    found = agglomerative(1 - np.eye(count), linkage, k=k)
    assert found.clusters == k


def test_ward_and_centroid_measure_as_scipy_does_on_vectors() -> None:
    vectors = np.random.default_rng(9).normal(size=(40, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for linkage in EUCLIDEAN_LINKAGES:
        found = agglomerative(cosine_distances(vectors), linkage, k=6)
        assert found.tree is not None
        assert np.allclose(found.tree[:, 2], hierarchy.linkage(vectors, str(linkage))[:, 2])


def test_a_merge_that_is_lower_than_one_inside_it_is_not_cut_apart() -> None:
    # An equilateral triangle: the third corner is nearer to the middle of the other two than they are.
    angles = np.radians([0, 120, 240])
    vectors = np.column_stack([np.cos(angles) * 0.1, np.sin(angles) * 0.1, np.ones(3)])
    distances = cosine_distances(vectors)
    side, height = float(distances[0, 1]), agglomerative(distances, Linkage.CENTROID, k=1).tree
    assert height is not None
    assert height[1, 2] < height[0, 2]
    # Above both merges all are one; below the first one, which is the higher, none are.
    assert agglomerative(distances, Linkage.CENTROID, eps=side * 1.01).clusters == 1
    assert agglomerative(distances, Linkage.CENTROID, eps=side * 0.99).clusters == 3
    inverted = agglomerative(distances, Linkage.CENTROID, k=2)
    assert (inverted.clusters, inverted.cut) == (2, None)


def test_kmedoids_names_the_item_that_stands_for_each_cluster() -> None:
    vectors, owners = people((4, 9, 6))
    found = kmedoids(cosine_distances(vectors), 3)
    assert found.centres.shape == (3,)
    assert found.labels[found.centres].tolist() == [0, 1, 2]
    assert owners[found.centres].tolist() == [1, 2, 0]


def test_kmeans_has_fewer_clusters_where_there_are_fewer_different_vectors() -> None:
    found = kmeans(np.repeat(np.eye(3), 4, axis=0), 5)
    assert (found.clusters, found.sizes().tolist()) == (3, [4, 4, 4])


@given(st.integers(4, 25), st.integers(0, 2**20))
def test_kmedoids_gives_items_to_the_nearest_medoid(count: int, seed: int) -> None:
    distances = cosine_distances(np.random.default_rng(seed).normal(size=(count, 4)))
    found = kmedoids(distances, 4)
    own = distances[np.arange(count), found.centres[found.labels]]
    assert (own == distances[:, found.centres].min(axis=1)).all()


def test_every_grouping_says_what_made_it() -> None:
    vectors, _ = people((4, 4, 4))
    made = {name: ALL[name](vectors).algorithm for name in ALL}
    assert {name: str(algorithm) for name, algorithm in made.items() if " with " not in name} == {
        name: name for name in ("dbscan", "hdbscan", "kmeans", "kmedoids")
    }
    assert {made[name] for name in made if " with " in name} == {Algorithm.AGGLOMERATIVE}
