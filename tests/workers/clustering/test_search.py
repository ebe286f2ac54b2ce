from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.search import Match, SearchGallery, search, sureness
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]

DIMENSION = 8
FLAT = Calibration.flat(DIMENSION, genuine=0.7, impostor=0.1, spread=0.2)
# Faces of 20 px of two people are nearly as alike as those of one; those of 100 px are not.
BY_SIZE = Calibration(
    np.array([20, 100], np.float32),
    np.zeros((2, DIMENSION), np.float32),
    np.array([[0.7, 0.6], [0.6, 0.8]], np.float32),
    np.array([[0.6, 0.5], [0.5, 0.1]], np.float32),
    np.array([[0.2, 0.15], [0.15, 0.1]], np.float32),
)
QUERY = np.eye(DIMENSION, dtype=np.float32)[0]

quick = settings(max_examples=50, deadline=None)
similarities = st.floats(-0.9, 0.99)


def beside(similarity: float, axis: int = 1) -> FloatArray:
    """A vector of this cosine with the query."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[0], vector[axis] = similarity, math.sqrt(1 - similarity**2)
    return vector


Row = tuple[int, float]


def gallery(
    rows: Sequence[Row],
    *,
    sizes_px: Sequence[float] | float = 100.0,
    weights: Sequence[float] | float = 1.0,
    in_video: Sequence[bool] | bool = False,
) -> SearchGallery:
    """Tracks of (person, similarity to the query)."""
    count = len(rows)
    return SearchGallery(
        np.stack([beside(similarity) for _, similarity in rows])
        if rows
        else np.zeros((0, DIMENSION), np.float32),
        np.broadcast_to(np.asarray(sizes_px, np.float32), count),
        np.broadcast_to(np.asarray(weights, np.float32), count),
        np.broadcast_to(np.asarray(in_video, np.bool_), count),
        np.array([owner for owner, _ in rows], np.intp),
    )


def find(
    tracks: SearchGallery,
    *,
    calibration: Calibration = FLAT,
    size_px: float = 100.0,
    most: int | None = None,
) -> list[Match]:
    return search(QUERY, size_px, size_px, tracks, calibration, most=most)


def only(tracks: SearchGallery, **options: object) -> Match:
    (match,) = find(tracks, **options)  # type: ignore[arg-type]
    return match


galleries = st.lists(st.tuples(st.integers(0, 5), similarities), min_size=1, max_size=25)


# Ranking --------------------------------------------------------------------------------------------------


def test_in_an_empty_collection_nobody_is_found() -> None:
    assert find(gallery([])) == []


def test_the_likeliest_comes_first() -> None:
    found = find(gallery([(0, 0.2), (1, 0.8), (2, 0.5), (1, 0.75)]))
    assert [match.owner for match in found] == [1, 2, 0]
    assert found[0].similarity == pytest.approx(0.775, abs=1e-3)
    assert found[0].log_ratio > 0 > found[2].log_ratio
    assert found[0].sureness > 0.9
    assert found[2].sureness < 0.1


@quick
@given(galleries)
def test_everybody_who_has_a_track_is_ranked_once_by_likelihood(rows: list[Row]) -> None:
    found = find(gallery(rows))
    assert sorted(match.owner for match in found) == sorted({owner for owner, _ in rows})
    for one, following in itertools.pairwise(found):
        assert (one.log_ratio, one.similarity) >= (following.log_ratio, following.similarity)
        assert one.sureness >= following.sureness
    for match in found:
        assert 0 < match.sureness < 1
        of_owner = [similarity for owner, similarity in rows if owner == match.owner]
        assert min(of_owner) - 1e-3 <= match.similarity <= max(of_owner) + 1e-3


@quick
@given(galleries, st.integers(0, 2**32 - 1))
def test_the_order_of_tracks_does_not_matter(rows: list[Row], seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes, weights = random.uniform(20, 200, len(rows)), random.uniform(1, 3, len(rows))
    in_video = random.random(len(rows)) < 0.5
    before = gallery(rows, sizes_px=sizes.tolist(), weights=weights.tolist(), in_video=in_video.tolist())
    order = random.permutation(len(rows))
    after = SearchGallery(
        before.templates[order],
        before.sizes_px[order],
        before.weights[order],
        before.in_video[order],
        before.owners[order],
    )
    found = {match.owner: match for match in find(before, calibration=BY_SIZE)}
    for match in find(after, calibration=BY_SIZE):
        same = found.pop(match.owner)
        assert match.log_ratio == pytest.approx(same.log_ratio, abs=1e-4)
        assert match.similarity == pytest.approx(same.similarity, abs=1e-5)
        assert match.sureness == pytest.approx(same.sureness, abs=1e-5)
    assert found == {}


@quick
@given(galleries, st.integers(0, 8))
def test_only_so_many_are_returned_and_they_are_the_first(rows: list[Row], most: int) -> None:
    assert find(gallery(rows), most=most) == find(gallery(rows))[:most]


@quick
@given(galleries)
def test_the_best_track_of_a_person_is_the_one_that_is_most_like_the_face(rows: list[Row]) -> None:
    for match in find(gallery(rows)):
        owner, similarity = rows[match.best_track]
        assert owner == match.owner
        assert similarity == pytest.approx(max(s for o, s in rows if o == owner), abs=1e-6)


def test_people_without_tracks_are_not_there_and_not_counted() -> None:
    (match,) = find(gallery([(7, 0.6)]))
    assert match.owner == 7
    assert match == replace(only(gallery([(0, 0.6)])), owner=7)


# How sure -------------------------------------------------------------------------------------------------


def test_the_more_people_there_are_the_less_a_likeness_says() -> None:
    def first(strangers: int) -> Match:
        return find(gallery([(0, 0.6), *((k, -0.5) for k in range(1, strangers + 1))]))[0]

    found = [first(strangers) for strangers in (0, 1, 10, 1000)]
    assert [match.owner for match in found] == [0] * 4
    assert len({match.log_ratio for match in found}) == 1
    for one, following in itertools.pairwise(found):
        assert one.sureness > following.sureness


@quick
@given(st.lists(st.floats(-30, 30), min_size=1, max_size=20))
def test_sureness_is_bayes_rule(log_ratios: list[float]) -> None:
    # As many votes for nobody as there are people.
    whole = sum(map(math.exp, log_ratios)) + len(log_ratios)
    assert sureness(log_ratios) == pytest.approx([math.exp(r) / whole for r in log_ratios], rel=1e-6)


@quick
@given(st.lists(st.floats(-1e3, 1e3), max_size=20))
def test_sureness_is_a_probability_of_one_of_them_at_most(log_ratios: list[float]) -> None:
    found = sureness(log_ratios)
    assert found.shape == (len(log_ratios),)
    assert (found >= 0).all()
    assert found.sum() <= 1 + 1e-9


def test_a_second_one_who_looks_alike_is_unlikely_where_the_first_is_certain() -> None:
    alone = float(sureness([5.0])[0])
    beside = float(sureness([20.0, 5.0])[1])
    assert alone > 0.99
    assert beside < 1e-5


def test_two_who_look_the_same_share_what_there_is() -> None:
    assert sureness([12.0, 12.0]) == pytest.approx([0.5, 0.5], abs=1e-4)


def test_what_is_said_to_be_likely_is_as_often_true() -> None:
    """Pairs whose likeness is as calibrated, half of them of one person."""
    calibration = Calibration.flat(DIMENSION, genuine=0.45, impostor=0.15, spread=0.15)
    random = np.random.default_rng(0)
    same = random.random(4000) < 0.5
    likeness = np.clip(random.normal(np.where(same, 0.45, 0.15), 0.15), -0.99, 0.99)
    # One person each, so that all are looked at at once; how sure, as if each were alone.
    found = find(gallery(list(enumerate(likeness.tolist()))), calibration=calibration)
    sure = np.array([sureness([match.log_ratio])[0] for match in found])
    truth = same[[match.owner for match in found]]
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        inside = (sure >= low) & (sure < high)
        assert inside.sum() > 100
        assert truth[inside].mean() == pytest.approx(sure[inside].mean(), abs=0.07)


# Several views --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("similarity", "side"), [(0.5, 1), (0.3, -1)])
def test_more_views_that_agree_make_surer_up_to_a_bound(similarity: float, side: int) -> None:
    found = [only(gallery([(0, similarity)] * views)).log_ratio * side for views in (1, 2, 5, 50, 5000)]
    assert found[0] > 0
    assert all(one < following for one, following in itertools.pairwise(found))
    # What is not of the single view stays however many there are.
    assert found[-1] == pytest.approx(found[0] / 0.7, rel=1e-3)


def test_views_that_contradict_each_other_make_unsure() -> None:
    agreeing, torn = only(gallery([(0, 0.7)] * 4)), only(gallery([(0, 0.7), (0, 0.1)] * 2))
    assert agreeing.sureness > 0.99
    assert torn.sureness == pytest.approx(0.5, abs=1e-3)


def test_one_large_face_outweighs_many_tiny_ones() -> None:
    # Tiny faces of strangers are as alike as these, and say next to nothing against one large one.
    large_and_tiny = [(0, 0.85), *[(0, 0.5)] * 20]
    sizes = [100.0, *[20.0] * 20]
    match = only(gallery(large_and_tiny, sizes_px=sizes), calibration=BY_SIZE)
    assert match.sureness > 0.99
    assert match.best_track == 0
    # Counted alike, they would have carried the day.
    tiny = only(gallery(large_and_tiny[1:], sizes_px=sizes[1:]), calibration=BY_SIZE)
    assert tiny.sureness < 0.5
    assert match.log_ratio > 10 * abs(tiny.log_ratio)


def test_a_track_of_more_weight_counts_more() -> None:
    rows = [(0, 0.7), (0, 0.2)]
    light, heavy = (only(gallery(rows, weights=[weight, 1.0])) for weight in (1.0, 3.0))
    assert light.similarity == pytest.approx(0.45, abs=1e-3)
    assert heavy.similarity == pytest.approx((3 * 0.7 + 0.2) / 4, abs=1e-3)
    assert heavy.sureness > light.sureness


# What a face can tell -------------------------------------------------------------------------------------


def test_a_small_face_to_search_with_says_less() -> None:
    tracks = gallery([(0, 0.8)])
    small, large = (only(tracks, calibration=BY_SIZE, size_px=size) for size in (20, 100))
    assert large.sureness > 0.999
    assert 0.5 < small.sureness < large.sureness


def test_in_videos_more_likeness_is_asked_for() -> None:
    blurred = replace(FLAT, video_rise=0.03)
    photo, video = (
        only(gallery([(0, 0.5)], in_video=in_video), calibration=blurred) for in_video in (False, True)
    )
    assert photo.similarity == video.similarity
    assert 0 < video.log_ratio < photo.log_ratio
    assert only(gallery([(0, 0.5)], in_video=True)) == photo


def test_the_size_of_the_face_is_taken_out_of_its_vector() -> None:
    shift = np.zeros((2, DIMENSION), np.float32)
    shift[0, 2] = 0.8
    blurred = replace(BY_SIZE, mean=shift)
    small = QUERY + shift[0]
    small /= np.linalg.norm(small)
    (found,) = search(small, 20, 100, gallery([(0, 0.9)]), blurred)
    (naive,) = search(small, 100, 100, gallery([(0, 0.9)]), blurred)
    assert found.similarity > naive.similarity + 0.05


def test_nothing_is_surer_than_the_limit() -> None:
    exact = Calibration.flat(DIMENSION, genuine=0.9, impostor=0.0, spread=0.01)
    same, other = (only(gallery([(0, similarity)]), calibration=exact) for similarity in (0.99, -0.9))
    assert (same.log_ratio, other.log_ratio) == (20.0, -20.0)
    assert 0 < other.sureness < same.sureness < 1
