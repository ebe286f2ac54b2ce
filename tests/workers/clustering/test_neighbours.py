"""What holds of each index of neighbours; the exact one finds all, the other nearly all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering import neighbours
from workers.clustering.approximate_neighbours import ApproximateIndex
from workers.clustering.neighbours import ExactIndex, NeighbourIndex

FloatArray = npt.NDArray[np.float32]

# Further from the least similarity than this, float32 can't be on the wrong side.
CLEAR = 1e-5

indices = pytest.mark.parametrize("make", [ExactIndex, ApproximateIndex])


def clumps(count: int, dimension: int, seed: int = 0, spread: float = 0.8) -> FloatArray:
    """Unit vectors around one centre for each ten of them."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(count // 10, 1), dimension))
    vectors = centres[random.integers(len(centres), size=count)]
    vectors = vectors + spread * random.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled(make: Callable[[int], NeighbourIndex], vectors: FloatArray) -> NeighbourIndex:
    index = make(vectors.shape[1])
    for number, vector in enumerate(vectors):
        index.insert(str(number), vector)
    return index


def similarities(vectors: FloatArray, queries: FloatArray) -> npt.NDArray[np.float64]:
    return queries.astype(np.float64) @ vectors.astype(np.float64).T


def assert_all_found(index: NeighbourIndex, there: dict[str, FloatArray], least: float) -> None:
    """Each row finds its neighbours, alone and with all others, and the graph has the same pairs."""
    vectors = np.stack([there[track_id] for track_id in index.ids])
    expected = similarities(vectors, vectors)
    together = index.within(vectors, least)
    for row, near in enumerate(together):
        (alone,) = index.within(vectors[row][None], least)
        rows = index.rows_within(vectors[row], least, lambda asked: np.concatenate([asked, asked]))
        assert len(set(rows.tolist())) == len(rows)
        assert set(np.flatnonzero(expected[row] > least + CLEAR)) <= set(rows.tolist())
        assert (expected[row, rows] > least - CLEAR).all()
        for found in (near, alone):
            assert np.all(np.diff(found.rows) > 0)
            assert found.similarities == pytest.approx(expected[row, found.rows], abs=1e-6)
            assert found.similarities.min() >= np.float32(least)
            assert set(np.flatnonzero(expected[row] > least + CLEAR)) <= set(found.rows)
    graph = index.graph(least)
    assert np.all(graph.rows < graph.columns)
    assert graph.similarities == pytest.approx(expected[graph.rows, graph.columns], abs=1e-6)
    pairs = list(zip(graph.rows.tolist(), graph.columns.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    sure, possible = (
        {(int(i), int(j)) for i, j in np.argwhere(np.triu(expected > bound, 1))}
        for bound in (least + CLEAR, least - CLEAR)
    )
    assert sure <= set(pairs) <= possible


@indices
def test_an_empty_index_has_no_neighbours(make: Callable[[int], NeighbourIndex]) -> None:
    index = make(3)
    (none,) = index.within(np.eye(3, dtype=np.float32)[:1], -1.0)
    assert (len(none.rows), len(none.similarities), len(index)) == (0, 0, 0)
    assert index.within(np.zeros((0, 3), np.float32), 0.5) == []
    assert len(index.graph(-1.0).rows) == 0


@indices
def test_a_vector_may_have_any_length(make: Callable[[int], NeighbourIndex]) -> None:
    index = make(2)
    index.insert("a", [30, 40])
    (found,) = index.within(np.array([[0.03, 0.04]], np.float32), 0.99)
    assert found.similarities == pytest.approx([1.0])


@indices
@pytest.mark.parametrize("bad", [[np.nan, 1], [np.inf, 1], [0, 0], [1, 2, 3]])
def test_a_bad_vector_is_refused_and_leaves_no_trace(
    make: Callable[[int], NeighbourIndex], bad: list[float]
) -> None:
    index = make(2)
    index.insert("good", [1, 0])
    with pytest.raises(ValueError, match="'bad'"):
        index.insert("bad", bad)
    with pytest.raises(ValueError, match="query 1"):
        index.within([np.ones(2), np.array(bad)], 0.5)  # type: ignore[arg-type]
    assert list(index.ids) == ["good"]
    index.insert("bad", [1, 0.1])
    (found,) = index.within(np.array([[1, 0]], np.float32), 0.9)
    assert found.rows.tolist() == [0, 1]


@indices
def test_who_is_not_there_can_t_go_and_who_is_can_t_come(make: Callable[[int], NeighbourIndex]) -> None:
    index = make(2)
    index.insert("a", [1, 0])
    with pytest.raises(ValueError, match="'a' already"):
        index.insert("a", [1, 0])
    with pytest.raises(KeyError):
        index.remove("b")
    assert "a" in index
    assert "b" not in index


@indices
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 29)), min_size=1, max_size=40),
    st.sampled_from([(2, 0.95), (3, 0.0), (8, 0.6), (300, 0.4), (8, -1.0)]),
)
@settings(max_examples=30, deadline=None)
def test_whatever_comes_and_goes_all_that_is_near_is_found(
    make: Callable[[int], NeighbourIndex], steps: list[tuple[int, int]], kind: tuple[int, float]
) -> None:
    """Up to twelve tracks, among them equal ones: few enough for the approximate index to miss none."""
    dimension, least = kind
    vectors = clumps(30, dimension)
    index, there = make(dimension), dict[str, FloatArray]()
    for number, which in steps:
        track_id = str(number)
        if track_id in there:
            row, last = list(index.ids).index(track_id), index.ids[-1]
            assert index.remove(track_id) == row
            assert list(index.ids)[row : row + 1] in ([last], [])
            del there[track_id]
        else:
            index.insert(track_id, vectors[which])
            there[track_id] = vectors[which]
    assert len(index) == len(there)
    if there:
        assert_all_found(index, there, least)


@pytest.mark.parametrize("least", [0.2, 0.5, 0.9])
def test_the_exact_index_finds_all_in_blocks_of_any_size(
    least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = clumps(150, 64)
    index = filled(ExactIndex, vectors)
    for rows, columns, at_once in ((1024, 4096, 1 << 23), (7, 30, 1), (64, 32, 700)):
        monkeypatch.setattr(neighbours, "_ROWS", rows)
        monkeypatch.setattr(neighbours, "_COLUMNS", columns)
        monkeypatch.setattr(neighbours, "_AT_ONCE", at_once)
        assert_all_found(index, {str(k): vector for k, vector in enumerate(vectors)}, least)


def test_bytes_miss_nothing_even_where_they_say_little() -> None:
    """A few large values leave next to no levels for the others."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(400, 64)) ** 5
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    index = filled(ExactIndex, vectors)
    expected = similarities(vectors, vectors)
    for row in range(0, 400, 7):
        # As near to the least as can be told.
        for least in (np.sort(expected[row])[-k] - CLEAR for k in (2, 3, 5, 20)):
            (found,) = index.within(vectors[row][None], float(least))
            assert found.rows.tolist() == np.flatnonzero(expected[row] >= least).tolist()


def test_the_approximate_index_finds_nearly_all_and_nothing_wrong() -> None:
    vectors = clumps(1500, 128)
    index = filled(ApproximateIndex, vectors)
    for number in range(0, 1500, 3):
        index.remove(str(number))
    for number in range(0, 1500, 3):
        index.insert(str(number), vectors[number])
    there = vectors[[int(track_id) for track_id in index.ids]]
    expected = similarities(there, there[:200])
    found = index.within(there[:200], 0.5)
    hits = sum(len(near.rows) for near in found)
    assert all((expected[row, near.rows] > 0.5 - CLEAR).all() for row, near in enumerate(found))
    assert hits >= 0.98 * (expected >= 0.5).sum()


def test_those_who_come_and_go_leave_a_graph_of_those_who_are_there_and_nothing_of_them_is_found() -> None:
    vectors = clumps(4000, 64)
    index = ApproximateIndex(64)
    for number, vector in enumerate(vectors):
        index.insert(str(number), vector)
        if number >= 500:
            index.remove(str(number - 500))
    assert len(index) == 500
    # As many as leave it together.
    assert len(index._graph) <= 500 + 257
    there = {track_id: vectors[int(track_id)] for track_id in index.ids}
    assert min(map(int, there)) == 3500
    expected = similarities(np.stack(list(there.values())), vectors[3500:]) >= 0.5
    found = index.within(vectors[3500:], 0.5)
    assert sum(len(near.rows) for near in found) >= 0.98 * expected.sum()


def test_the_approximate_index_finds_large_crowds_by_what_is_known_of_them() -> None:
    """Of 1,500 neighbours the nearest are searched for; who is beside these is known."""
    random = np.random.default_rng(2)
    centres = random.normal(size=(2, 128))
    vectors = np.concatenate([centres[0] + 0.7 * random.normal(size=(1500, 128)), clumps(300, 128)])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    index = filled(ApproximateIndex, vectors)
    expected = similarities(vectors, vectors) >= 0.5
    asked = 0

    def known(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        nonlocal asked
        asked += len(rows)
        return np.concatenate([np.flatnonzero(expected[row]) for row in rows])

    hits = sum(
        len(set(index.rows_within(vectors[row], 0.5, known)) & set(np.flatnonzero(expected[row])))
        for row in range(0, 1800, 60)
    )
    assert hits >= 0.999 * expected[::60].sum()
    assert asked > 0
    # Without anything known it is no more than the nearest.
    assert len(index.rows_within(vectors[0], 0.5, lambda rows: rows[:0])) < 100


def test_the_approximate_index_finds_thousands_of_copies_and_what_is_behind_them() -> None:
    vectors = clumps(200, 32)
    index = filled(ApproximateIndex, vectors)
    for number in range(3000):
        index.insert(f"copy {number}", vectors[7])
    for row in range(0, 200, 9):
        near = np.flatnonzero(similarities(vectors, vectors[row][None])[0] > 0.6)
        (found,) = index.within(vectors[row][None], 0.6)
        ids = {index.ids[k] for k in found.rows}
        assert {str(k) for k in near} <= ids
        assert sum(track_id.startswith("copy") for track_id in ids) == (3000 if 7 in near else 0)
    for number in range(3000):
        index.remove(f"copy {number}")
    index.remove("7")
    assert len(index.within(vectors[7][None], 0.999)[0].rows) == 0
