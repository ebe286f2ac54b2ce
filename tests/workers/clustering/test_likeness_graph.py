from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import CAST, evidence
from synthetic import CALIBRATION

from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio
from workers.clustering.likeness_graph import LikenessGraph


def track(number: int, seed: int) -> TrackEvidence:
    random = np.random.default_rng(1000 * seed + number)
    vector = CAST.vector(int(random.integers(0, 5)), 1000 * seed + number, noise=1.5)
    return evidence(f"t{number}", vector, size_px=float(random.choice([20.0, 60.0, 200.0])))


def found(gallery: Gallery, graph: LikenessGraph) -> set[frozenset[str]]:
    first, second, _ = graph.pairs(np.arange(len(gallery)))
    pairs = [frozenset((gallery.ids[a], gallery.ids[b])) for a, b in zip(first, second, strict=True)]
    assert len(pairs) == len(set(pairs))
    return set(pairs)


def expected(gallery: Gallery) -> set[frozenset[str]]:
    """All pairs whose faces speak for one person."""
    ratios = face_log_ratio(
        gallery.templates @ gallery.templates.T,
        gallery.size_weights,
        gallery.size_weights,
        0.0,
        CALIBRATION,
        LikelihoodSettings(),
    )
    first, second = np.nonzero(np.triu(ratios > 0, 1))
    return {frozenset((gallery.ids[a], gallery.ids[b])) for a, b in zip(first, second, strict=True)}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=40))
def test_whoever_comes_and_goes_all_who_look_alike_are_found(
    seed: int, steps: list[tuple[bool, int]]
) -> None:
    gallery = Gallery(CALIBRATION)
    graph = LikenessGraph(gallery, CALIBRATION)
    there: set[int] = set()
    gallery.insert(track(99, seed))
    for looks, number in steps:
        if number in there:
            gallery.remove(f"t{number}")
        else:
            gallery.insert(track(number, seed))
        there ^= {number}
        if looks:
            assert found(gallery, graph) == expected(gallery)
    assert found(gallery, graph) == expected(gallery)


def test_of_many_who_look_alike_the_nearest_are_kept() -> None:
    gallery = Gallery(CALIBRATION)
    graph = LikenessGraph(gallery, CALIBRATION)
    for k in range(300):
        gallery.insert(evidence(f"t{k}", CAST.vector(0, k)))
    first, second, _ = graph.pairs(np.arange(len(gallery)))
    most = gallery.near.shape[1]
    assert np.bincount(np.maximum(first, second), minlength=300).tolist() == [
        min(k, most) for k in range(300)
    ]
    # The last one was compared with all others.
    kept = {int(min(pair)) for pair in zip(first, second, strict=True) if 299 in pair}
    likeness = gallery.templates[:299] @ gallery.templates[299]
    assert kept == set(np.argsort(-likeness)[:most].tolist())


def test_who_loses_most_of_those_like_them_finds_others() -> None:
    gallery = Gallery(CALIBRATION)
    graph = LikenessGraph(gallery, CALIBRATION)
    for k in range(300):
        gallery.insert(evidence(f"t{k}", CAST.vector(k % 3, k)))
    found(gallery, graph)
    # The old ones are erased, to which all others led.
    for k in range(240):
        gallery.remove(f"t{k}")
    later = gallery.snapshot()
    pairs = found(later, LikenessGraph(later, CALIBRATION))
    people = {frozenset(f"t{k}" for k in range(240, 300) if k % 3 == person) for person in range(3)}
    assert joined(pairs) == people
    # What a snapshot found is known from then on, and nothing is looked at twice.
    gallery.adopt(later)
    assert found(gallery, graph) == pairs
    assert (gallery.near == later.near).all()


def test_thousands_of_the_same_face_take_no_more_room() -> None:
    gallery = Gallery(CALIBRATION)
    graph = LikenessGraph(gallery, CALIBRATION)
    for k in range(2000):
        gallery.insert(evidence(f"t{k}", CAST.vector(0, 0)))
    first, _, _ = graph.pairs(np.arange(len(gallery)))
    assert len(first) <= 2000 * gallery.near.shape[1]


def joined(pairs: set[frozenset[str]]) -> set[frozenset[str]]:
    """Tracks that lead to each other."""
    group: dict[str, set[str]] = {}
    for a, b in map(tuple, pairs):
        both = group.get(a, {a}) | group.get(b, {b})
        group |= dict.fromkeys(both, both)
    return set(map(frozenset, group.values()))


def test_where_pairs_are_too_many_nearly_all_neighbours_are_found_around_pivots() -> None:
    exact, around = Gallery(CALIBRATION), Gallery(CALIBRATION)
    for k in range(900):
        one = evidence(f"t{k}", CAST.vector(k % 30, k))
        exact.insert(one)
        around.insert(one)
    true = found(exact, LikenessGraph(exact, CALIBRATION))
    graph = LikenessGraph(around, CALIBRATION, exact=10)
    near = found(around, graph)
    assert near <= true
    assert len(near) > 0.8 * len(true)
    # Through neighbours, everybody leads to all of their person.
    together = joined(near)
    for person in range(30):
        tracks = {f"t{k}" for k in range(person, 900, 30)}
        assert any(tracks <= group for group in together)
    # What is known already isn't looked for again.
    around.insert(evidence("late", CAST.vector(3, 5000)))
    more = found(around, graph) - near
    assert more
    assert all("late" in pair for pair in more)
