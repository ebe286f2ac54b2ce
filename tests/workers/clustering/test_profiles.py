from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.profile_book import ProfileBook
from workers.clustering.profiles import (
    Profiles,
    compare_pairs,
    least_similarity,
    like_pairs,
    pair_sureness,
)
from workers.clustering.resident_gallery import ResidentGallery, Tracks
from workers.models.calibration import Calibration, normalised

DIMENSION = 16
# Without a mean of its own, so that a search takes a face as it is.
CALIBRATION = Calibration(
    np.array([20, 100], np.float32),
    np.zeros((2, DIMENSION), np.float32),
    np.array([[0.7, 0.6], [0.6, 0.8]], np.float32),
    np.array([[0.6, 0.5], [0.5, 0.1]], np.float32),
    np.array([[0.2, 0.15], [0.15, 0.1]], np.float32),
    video_rise=0.05,
)

quick = settings(max_examples=40, deadline=None)


def gallery(owners: list[int], seed: int, *, in_video: bool = True) -> tuple[ResidentGallery, Tracks]:
    random = np.random.default_rng(seed)
    centres = normalised(random.normal(size=(max(owners) // 2 + 1, DIMENSION)).astype(np.float32))
    # Two people each look alike.
    vectors = normalised(centres[np.array(owners) // 2] + random.normal(0, 0.1, (len(owners), DIMENSION)))
    tracks = Tracks(
        [f"t{k}" for k in range(len(owners))],
        [f"p{owner}" for owner in owners],
        vectors.astype(np.float16),
        random.uniform(15, 150, len(owners)).astype(np.float32),
        random.uniform(1, 3, len(owners)).astype(np.float32),
        np.full(len(owners), in_video),
    )
    found = ResidentGallery(CALIBRATION)
    found.put(tracks)
    return found, tracks


def pair(profiles: Profiles, first: str, second: str) -> tuple[float, float]:
    """Similarity and log-likelihood ratio of two people."""
    rows = [np.array([profiles.person_ids.index(person)], np.intp) for person in (first, second)]
    found = compare_pairs(profiles, rows[0], profiles, rows[1], CALIBRATION)
    return float(found.similarity[0]), float(found.log_ratio[0])


owner_lists = st.lists(st.integers(0, 7), min_size=2, max_size=30)
seeds = st.integers(0, 2**32 - 1)


@quick
@given(owner_lists, seeds)
def test_a_profile_is_the_weighted_mean_of_its_tracks(owners: list[int], seed: int) -> None:
    made, tracks = gallery(owners, seed)
    profiles = made.profiles([*made.people(), "p99"])
    assert sorted(profiles.person_ids) == sorted(made.people())
    for row, person in enumerate(profiles.person_ids):
        mine = [k for k, owner in enumerate(tracks.person_ids) if owner == person]
        weights = tracks.weights[mine].astype(float)
        mean = (tracks.templates[mine].astype(float) * weights[:, None]).sum(axis=0) / weights.sum()
        assert profiles.means[row] == pytest.approx(mean, abs=1e-5)
        assert profiles.views[row] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-4)
        assert profiles.size_weights[row].sum() == pytest.approx(1, abs=1e-5)
        assert profiles.video_share[row] == pytest.approx(1)


@quick
@given(owner_lists, seeds)
def test_a_pair_is_as_alike_as_all_pairs_of_their_tracks_are_on_average(owners: list[int], seed: int) -> None:
    made, tracks = gallery([0, 1, *owners], seed)
    similarity, _ = pair(made.profiles(made.people()), "p0", "p1")
    one, other = (
        [k for k, owner in enumerate(tracks.person_ids) if owner == person] for person in ("p0", "p1")
    )
    products = tracks.templates[one].astype(float) @ tracks.templates[other].astype(float).T
    shares = np.outer(tracks.weights[one], tracks.weights[other])
    assert similarity == pytest.approx((products * shares).sum() / shares.sum(), abs=1e-5)


@quick
@given(seeds)
def test_two_people_of_one_track_each_are_as_likely_one_as_a_search_says(seed: int) -> None:
    made, tracks = gallery([0, 1], seed)
    _, log_ratio = pair(made.profiles(["p0", "p1"]), "p0", "p1")
    size = float(tracks.sizes_px[0])
    found, _ = made.search(tracks.templates[0].astype(np.float32), size, size)
    assert log_ratio == pytest.approx(next(p.log_ratio for p in found if p.person_id == "p1"), abs=0.02)


@quick
@given(owner_lists, seeds, st.floats(-5, 12))
def test_no_likely_pair_is_missed(owners: list[int], seed: int, least: float) -> None:
    made, _ = gallery(owners, seed)
    profiles = made.profiles(made.people())
    every = range(len(profiles))
    wanted = {
        (a, b)
        for a in every
        for b in every
        if a != b and pair(profiles, profiles.person_ids[a], profiles.person_ids[b])[1] >= least + 1e-3
    }
    blocks = [*like_pairs(profiles, np.arange(len(profiles)), CALIBRATION, least)]
    found = {
        (int(a), int(b)): ratio
        for block in blocks
        for a, b, ratio in zip(block.first, block.second, block.log_ratio, strict=True)
    }
    assert wanted <= found.keys()
    assert all(ratio >= least for ratio in found.values())
    assert all(a != b for a, b in found)


def test_a_higher_ratio_needs_a_higher_similarity() -> None:
    needed = [least_similarity(CALIBRATION, ratio) for ratio in (-1.0, 0.5, 3.0, 10.0)]
    assert needed == sorted(needed)
    assert needed[0] == -1


def test_sureness_of_a_pair_allows_for_the_number_of_people() -> None:
    assert pair_sureness(math.log(1000), 1000) == pytest.approx(0.5)
    assert pair_sureness([10.0, 5.0], 100).tolist() == sorted(pair_sureness([5.0, 10.0], 100), reverse=True)
    assert 0 < pair_sureness(-1000, 10) < pair_sureness(1000, 10) <= 1


def test_a_book_keeps_the_last_profile_of_each_and_nothing_of_who_went() -> None:
    made, _ = gallery([0, 0, 1, 2, 3], seed=4)
    book = ProfileBook(DIMENSION, 2)
    book.put(made.profiles(["p0", "p1", "p2"]))
    book.put(made.profiles(["p1", "p3"]))
    assert book.all.person_ids == ["p0", "p1", "p2", "p3"]
    book.remove("p0")
    assert "p0" not in book
    assert sorted(book.all.person_ids) == ["p1", "p2", "p3"]
    for person in ("p1", "p2", "p3"):
        (row,) = book.rows_of([person])
        assert book.all.means[row] == pytest.approx(made.profiles([person]).means[0])
    assert not book._means._array[len(book.all) : 4].any()
    with pytest.raises(KeyError):
        book.remove("p0")
