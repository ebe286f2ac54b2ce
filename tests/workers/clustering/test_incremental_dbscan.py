"""Incremental DBSCAN beside the one of scikit-learn on what is there."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from workers.clustering.approximate_neighbours import ApproximateIndex
from workers.clustering.core_clusters import Change
from workers.clustering.incremental_dbscan import IncrementalDbscan, Role
from workers.clustering.neighbours import ExactIndex

FloatArray = npt.NDArray[np.float32]

# No two vectors of the tests are so near to eps that rounding decides.
CLEAR = 3e-6


def scan(dimension: int, eps: float = 0.05, min_points: int = 3) -> IncrementalDbscan:
    return IncrementalDbscan(ExactIndex(dimension), eps, min_points)


def arc(degrees: float) -> FloatArray:
    """A direction in the plane; with eps 0.05 neighbours are up to 18.19 degrees apart."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def on_arc(*degrees: float, min_points: int = 3) -> IncrementalDbscan:
    found = scan(2, min_points=min_points)
    for number, angle in enumerate(degrees):
        found.insert(f"t{number}", arc(angle))
    return found


@cache
def pool(dimension: int, eps: float, count: int = 60) -> FloatArray:
    """Unit vectors in clumps that touch here and there, no two of them about eps apart."""
    random = np.random.default_rng(dimension)
    centres = random.normal(size=(4, dimension))
    chosen = np.zeros((0, dimension), np.float32)
    while len(chosen) < count:
        vector = centres[random.integers(4)] + 0.3 * random.normal(size=dimension)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        if (np.abs(1 - chosen.astype(np.float64) @ unit.astype(np.float64) - eps) > CLEAR).all():
            chosen = np.vstack([chosen, unit])
    return chosen


def assert_is_dbscan(
    found: IncrementalDbscan, there: dict[str, FloatArray], eps: float, min_points: int
) -> None:
    ids = list(there)
    assert len(found) == len(ids)
    labels = found.labels()
    assert set(labels) == set(ids)
    clusters = [
        [track_id for track_id in ids if labels[track_id] == k] for k in set(labels.values()) - {None}
    ]
    alone = [[track_id] for track_id in ids if labels[track_id] is None]
    assert sorted(map(sorted, found.people())) == sorted(map(sorted, clusters + alone))
    if not ids:
        return
    vectors = np.stack(list(there.values())).astype(np.float64)
    batch = DBSCAN(eps=eps, min_samples=min_points, metric="cosine").fit(vectors)
    core = np.zeros(len(ids), np.bool_)
    core[batch.core_sample_indices_] = True
    near = 1 - vectors @ vectors.T <= eps
    for k, track_id in enumerate(ids):
        assert (found.role_of(track_id) is Role.CORE) == core[k]
        assert (found.role_of(track_id) is Role.NOISE) == (batch.labels_[k] == -1)
        assert (labels[track_id] is None) == (batch.labels_[k] == -1)
        if found.role_of(track_id) is Role.BORDER:
            beside = {labels[ids[other]] for other in np.flatnonzero(near[k] & core)}
            assert labels[track_id] == min(label for label in beside if label is not None)
    names = {(labels[ids[k]], int(batch.labels_[k])) for k in np.flatnonzero(core)}
    assert len(names) == len({mine for mine, _ in names}) == len({theirs for _, theirs in names})


# The same as in batch ------------------------------------------------------------------------------------

operations = st.lists(
    st.tuples(st.sampled_from(["put", "put", "take"]), st.integers(0, 24), st.integers(0, 59)), max_size=80
)


@given(
    st.lists(st.integers(0, 59), max_size=25),
    operations,
    st.integers(2, 8),
    st.sampled_from([0.01, 0.04, 0.1]),
    st.integers(1, 5),
)
@settings(max_examples=80, deadline=None)
def test_after_whatever_comes_changes_and_goes_it_is_dbscan_of_what_is_left(
    first: list[int], steps: list[tuple[str, int, int]], dimension: int, eps: float, min_points: int
) -> None:
    """The first tracks may come all at once."""
    vectors = pool(dimension, eps)
    found, there = scan(dimension, eps, min_points), {str(k): vectors[which] for k, which in enumerate(first)}
    found.fill(there)
    assert_is_dbscan(found, there, eps, min_points)
    for kind, number, which in steps:
        track_id = str(number)
        if kind == "put":
            found.insert(track_id, vectors[which])
            there[track_id] = vectors[which]
        elif track_id in there:
            found.remove(track_id)
            del there[track_id]
    assert_is_dbscan(found, there, eps, min_points)


@given(st.lists(st.integers(0, 59), max_size=25), operations, st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_few_tracks_are_grouped_by_an_approximate_index_as_by_the_exact_one(
    first: list[int], steps: list[tuple[str, int, int]], dimension: int
) -> None:
    """Up to 50 tracks, which it finds all of: rows that move and slots that are used again stay in step."""
    vectors = pool(dimension, 0.04)
    both = [IncrementalDbscan(make(dimension), 0.04, 3) for make in (ExactIndex, ApproximateIndex)]
    for found in both:
        found.fill({str(k): vectors[which] for k, which in enumerate(first)})
        for kind, number, which in steps:
            if kind == "put":
                found.insert(str(number), vectors[which])
            elif str(number) in found:
                found.remove(str(number))
    exact, near = both
    assert {tuple(sorted(one)) for one in exact.people()} == {tuple(sorted(one)) for one in near.people()}


@pytest.mark.parametrize(("dimension", "eps", "min_points"), [(2, 0.001, 3), (5, 0.03, 3), (8, 0.04, 2)])
def test_a_long_stream_is_dbscan_at_all_times_and_merges_and_splits(
    dimension: int, eps: float, min_points: int
) -> None:
    random = np.random.default_rng(dimension)
    vectors = pool(dimension, eps, 400)
    found, there = scan(dimension, eps, min_points), dict[str, FloatArray]()
    changes: list[Change] = []
    for step in range(2000):
        track_id = str(random.integers(120))
        if track_id in there and random.random() < 0.6:
            changes.append(found.remove(track_id))
            del there[track_id]
        else:
            there[track_id] = vectors[random.integers(len(vectors))]
            changes.append(found.insert(track_id, there[track_id]))
        if step % 100 == 99:
            assert_is_dbscan(found, there, eps, min_points)
    for kind in ("created", "merged", "split", "dissolved"):
        assert sum(len(getattr(change, kind)) for change in changes) > 20, kind


def test_changes_tell_all_that_happened_to_the_numbers() -> None:
    """Whoever follows the changes knows which clusters there are, and that no number comes twice."""
    random = np.random.default_rng(5)
    vectors = pool(3, 0.01, 200)
    found, there, known, ever = scan(3, 0.01, 3), set[str](), set[int](), set[int]()
    for _ in range(1500):
        track_id = str(random.integers(120))
        if track_id in there and random.random() < 0.6:
            change = found.remove(track_id)
            there.remove(track_id)
        elif track_id in there:
            continue
        else:
            change = found.insert(track_id, vectors[random.integers(len(vectors))])
            there.add(track_id)
        new = [*change.created, *(part for _, part in change.split)]
        assert not ever.intersection(new)
        ever.update(new)
        known.update(new)
        known.difference_update(change.dissolved, (gone for gone, _ in change.merged))
        assert {label for label in found.labels().values() if label is not None} == known


def test_with_an_approximate_index_people_are_nearly_the_same() -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(40, 64))
    exact, near = (IncrementalDbscan(make(64), 0.5, 3) for make in (ExactIndex, ApproximateIndex))
    for number in range(600):
        vector = centres[random.integers(40)] + 0.6 * random.normal(size=64)
        for found in (exact, near):
            found.insert(str(number), vector)
    for number in range(0, 600, 2):
        for found in (exact, near):
            found.remove(str(number))
    same = set(map(tuple, exact.people())) & set(map(tuple, near.people()))
    assert len(same) >= 0.95 * len(exact.people())


def test_what_has_become_empty_can_be_filled() -> None:
    vectors = pool(3, 0.04)
    found = scan(3, 0.04)
    for number in range(20):
        found.insert(f"gone {number}", vectors[number])
    for number in range(20):
        found.remove(f"gone {number}")
    there = {str(number): vectors[number] for number in range(10)}
    found.fill(there)
    for number in range(10, 60):
        found.insert(str(number), vectors[number])
        there[str(number)] = vectors[number]
    assert_is_dbscan(found, there, 0.04, 3)


# One by one ----------------------------------------------------------------------------------------------


def test_noise_creation_absorption_and_merge() -> None:
    found = scan(2)
    assert found.insert("a", arc(0)) == found.insert("b", arc(10)) == Change()
    assert found.role_of("a") is Role.NOISE
    assert found.insert("c", arc(20)) == Change(created=[0])
    assert [found.role_of(track_id) for track_id in "abc"] == [Role.BORDER, Role.CORE, Role.BORDER]
    assert found.insert("d", arc(30)) == Change()
    assert found.role_of("c") is Role.CORE
    for name, angle in zip("ghi", (80, 70, 60), strict=True):
        change = found.insert(name, arc(angle))
    assert change == Change(created=[1])
    assert found.insert("e", arc(45)) == Change(merged=[(1, 0)])
    assert set(found.labels().values()) == {0}


def test_a_bridge_that_goes_splits_and_the_largest_part_keeps_the_number() -> None:
    found = on_arc(0, 5, 10, 25, 40, 45, 50, 55)
    assert set(found.labels().values()) == {0}
    assert found.remove("t3") == Change(split=[(0, 1)])
    assert found.labels() == {"t0": 1, "t1": 1, "t2": 1, "t4": 0, "t5": 0, "t6": 0, "t7": 0}


def test_the_cluster_with_the_most_cores_keeps_its_number_in_a_merge() -> None:
    found = on_arc(0, 5, 10, 50, 55, 60, 65)
    assert found.labels()["t0"] == 0
    assert found.labels()["t6"] == 1
    assert found.insert("bridge", arc(27)) == Change()
    assert found.insert("bridge 2", arc(35)) == Change(merged=[(0, 1)])


def test_a_cluster_without_a_core_track_is_gone_for_good() -> None:
    found = on_arc(0, 5, 10)
    assert found.remove("t1") == Change(dissolved=[0])
    assert found.people() == [["t0"], ["t2"]]
    assert found.insert("t1", arc(5)) == Change(created=[1])


def test_a_border_track_that_goes_can_take_the_cores_of_two_clusters_with_it() -> None:
    # Each side has a core that is one only by the track between them, which has too few neighbours itself.
    found = on_arc(0, 10, 17, 43, 50, 60, min_points=4)
    assert found.people() == [[f"t{k}"] for k in range(6)]
    change = found.insert("middle", arc(30))
    assert len(change.created) == 2
    assert found.role_of("middle") is Role.BORDER
    assert found.labels()["middle"] == min(change.created)
    assert found.remove("middle") == Change(dissolved=change.created)


def test_a_changed_track_goes_and_comes() -> None:
    found = on_arc(0, 5, 10, 50, 55)
    change = found.insert("t0", arc(60))
    assert change == Change(dissolved=[0], created=[1])
    assert len(found) == 5
    assert found.people() == [["t3", "t4", "t0"], ["t1"], ["t2"]]


def test_with_one_point_each_track_is_a_cluster_and_with_more_a_person_nevertheless() -> None:
    angles = (0, 90, 95, 180)
    one, two = (on_arc(*angles, min_points=min_points) for min_points in (1, 2))
    assert set(one.labels().values()) == {0, 1, 2}
    assert two.labels() == {"t0": None, "t1": 0, "t2": 0, "t3": None}
    assert sorted(one.people()) == sorted(two.people()) == [["t0"], ["t1", "t2"], ["t3"]]


def test_filled_at_once_clusters_are_numbered_by_their_first_core_track() -> None:
    angles = (90, 0, 95, 5, 100, 10, 180)
    found = scan(2)
    found.fill({f"t{number}": arc(angle) for number, angle in enumerate(angles)})
    assert found.labels() == {"t0": 0, "t1": 1, "t2": 0, "t3": 1, "t4": 0, "t5": 1, "t6": None}
    for number in (3, 5, 1):
        change = found.remove(f"t{number}")
    assert change == Change()
    assert found.insert("t7", arc(85)) == Change()
    assert found.insert("t8", arc(185)) == Change()
    assert found.insert("t9", arc(190)) == Change(created=[2])


def test_the_distance_is_the_euclidean_one_of_unit_vectors() -> None:
    for eps in (0.02, 0.3, 1.2):
        for factor, expected in ((0.999, 1), (1.001, 2)):
            angle = 2 * np.degrees(np.arcsin(np.sqrt(2 * eps) * factor / 2))
            found = scan(2, eps, 1)
            found.insert("a", arc(0))
            found.insert("b", arc(float(angle)))
            assert len(found.people()) == expected


# Many equal ones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ExactIndex, ApproximateIndex])
def test_thousands_of_equal_tracks_are_one_cluster_however_small_eps_is(
    make: type[ExactIndex] | type[ApproximateIndex],
) -> None:
    found = IncrementalDbscan(make(16), 1e-9, 5)
    vector = np.random.default_rng(0).normal(size=16)
    for number in range(1200):
        found.insert(str(number), vector * (number + 1))
    assert set(found.labels().values()) == {0}
    for number in range(1196):
        assert found.remove(str(number)) == Change(dissolved=[0] if number == 1195 else [])
    assert set(found.labels().values()) == {None}


# What is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [-np.inf, 1.0], [0.0, 0.0], [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("name", ["t0", "new"])
def test_a_bad_vector_is_refused_by_name_and_changes_nothing(bad: list[float], name: str) -> None:
    found = on_arc(0, 5, 10)
    before = found.labels()
    with pytest.raises(ValueError, match=f"'{name}'"):
        found.insert(name, bad)
    assert found.labels() == before
    assert name not in found or name == "t0"


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [0.0, 0.0], [1.0, 2.0, 3.0]])
def test_a_bad_vector_among_many_leaves_nothing_of_any(bad: list[float]) -> None:
    found = scan(2)
    with pytest.raises(ValueError, match="'bad'"):
        found.fill({"good": arc(0), "bad": bad})
    assert len(found) == 0
    found.fill({"good": arc(0), "bad": arc(1), "third": arc(2)})
    assert found.labels() == {"good": 0, "bad": 0, "third": 0}


def test_what_holds_tracks_already_is_not_filled() -> None:
    found = on_arc(0)
    with pytest.raises(ValueError, match="has 1 tracks"):
        found.fill({"a": arc(0)})


def test_who_is_not_there_has_no_cluster() -> None:
    found = scan(2)
    for ask in (found.remove, found.role_of):
        with pytest.raises(KeyError):
            ask("nobody")


@pytest.mark.parametrize("eps", [0.0, -0.1, 2.0, float("nan")])
def test_no_distance_but_a_cosine_distance_is_taken(eps: float) -> None:
    with pytest.raises(ValueError, match="eps is a cosine distance"):
        scan(2, eps)


def test_no_track_at_all_can_t_make_a_core() -> None:
    with pytest.raises(ValueError, match="min_points must be at least 1"):
        scan(2, min_points=0)


def test_an_index_that_holds_something_is_refused() -> None:
    index = ExactIndex(2)
    index.insert("a", [1, 0])
    with pytest.raises(ValueError, match="must be empty"):
        IncrementalDbscan(index, 0.1, 2)


def test_pairs_of_neighbours_are_told_by_their_places() -> None:
    found = on_arc(0, 90, 10, 15, 100)
    first, second = found.pairs(["t3", "t1", "t0", "t4"])
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 2), (1, 3)]
    found.remove("t0")
    assert [ends.tolist() for ends in found.pairs(["t3", "t1"])] == [[], []]
    with pytest.raises(KeyError):
        found.pairs(["t0"])
