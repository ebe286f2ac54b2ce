from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workers.clustering.likelihood import expected_likeness, face_evidence
from workers.clustering.resident_gallery import ResidentGallery, Tracks
from workers.clustering.search import SEARCH_SETTINGS, Match, SearchGallery, search
from workers.clustering.shortlist import SURENESS_ERROR
from workers.models.calibration import Calibration, normalised

FloatArray = npt.NDArray[np.float32]

DIMENSION = 16
_RANDOM = np.random.default_rng(7)
CALIBRATION = Calibration(
    np.array([20, 100], np.float32),
    _RANDOM.normal(0, 0.05, (2, DIMENSION)).astype(np.float32),
    np.array([[0.7, 0.6], [0.6, 0.8]], np.float32),
    np.array([[0.6, 0.5], [0.5, 0.1]], np.float32),
    np.array([[0.2, 0.15], [0.15, 0.1]], np.float32),
    video_rise=0.05,
)

quick = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class Made:
    """Tracks as both searches take them, and a face to look for."""

    tracks: Tracks
    exact: SearchGallery
    face: FloatArray
    size_px: float


def made(count: int, people: int, seed: int, *, near: float = 0.0) -> Made:
    """Tracks of people who look like themselves; `near` draws all of them towards one."""
    random = np.random.default_rng(seed)
    centres = normalised(random.normal(size=(people, DIMENSION)).astype(np.float32))
    owners = random.integers(people, size=count)
    noise = random.normal(0, random.choice([0.05, 0.3]), (count, DIMENSION))
    vectors = normalised((centres[owners] * (1 - near) + centres[0] * near + noise).astype(np.float32))
    # As they are stored.
    vectors = vectors.astype(np.float16)
    sizes, weights = random.uniform(10, 200, count), random.uniform(1, 3.5, count)
    in_video = random.random(count) < 0.5
    tracks = Tracks(
        [f"t{k}" for k in range(count)],
        [f"p{owner}" for owner in owners],
        vectors,
        sizes.astype(np.float32),
        weights.astype(np.float32),
        in_video,
    )
    exact = SearchGallery(vectors.astype(np.float32), tracks.sizes_px, tracks.weights, in_video, owners)
    face = normalised((centres[:1] + random.normal(0, 0.1, (1, DIMENSION))).astype(np.float32))[0]
    return Made(tracks, exact, face, float(random.uniform(10, 200)))


def gallery_of(tracks: Tracks) -> ResidentGallery:
    gallery = ResidentGallery(CALIBRATION)
    gallery.put(tracks)
    return gallery


def assert_as_exact(gallery: ResidentGallery, item: Made, most: int | None) -> None:
    """People come as the exact search says, where it tells them apart by more than float32 rounds."""
    found, _ = gallery.search(item.face, item.size_px, item.size_px, most)
    exact: list[Match] = search(item.face, item.size_px, item.size_px, item.exact, CALIBRATION)
    known = {f"p{match.owner}": match for match in exact}
    assert len(found) == min(len(exact), len(exact) if most is None else most)
    assert len({person.person_id for person in found}) == len(found)
    for place, person in zip(exact, found, strict=False):
        assert person.log_ratio == pytest.approx(place.log_ratio, abs=1e-3)
        same = known[person.person_id]
        assert person.log_ratio == pytest.approx(same.log_ratio, abs=1e-3)
        assert person.similarity == pytest.approx(same.similarity, abs=1e-5)
        assert person.sureness == pytest.approx(same.sureness, abs=SURENESS_ERROR)


@quick
@given(
    st.integers(1, 60),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, 12),
    st.sampled_from([0.0, 0.9, 0.999]),
)
def test_people_are_ranked_as_by_the_exact_search(
    count: int, people: int, seed: int, most: int | None, near: float
) -> None:
    item = made(count, people, seed, near=near)
    assert_as_exact(gallery_of(item.tracks), item, most)


def test_many_tracks_are_ranked_as_by_the_exact_search() -> None:
    # More than one block, and more people tied at the limit of what a face may say than are looked at again.
    item = made(70_000, 9000, seed=1)
    assert_as_exact(gallery_of(item.tracks), item, 10)


@quick
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_tracks_are_ranked_by_what_each_says(count: int, people: int, seed: int, most: int) -> None:
    item = made(count, people, seed)
    _, found = gallery_of(item.tracks).search(item.face, item.size_px, item.size_px, 1, most)
    query = CALIBRATION.compensate(item.face[None], [item.size_px])[0]
    similarity = item.exact.templates @ query
    expected = expected_likeness(
        CALIBRATION.size_weights([item.size_px])[0],
        CALIBRATION.size_weights(item.exact.sizes_px),
        CALIBRATION,
    )
    rise = np.where(item.exact.in_video, np.float32(0.05), np.float32(0))
    ratios, _ = face_evidence(similarity, expected, rise, SEARCH_SETTINGS)
    assert [track.log_ratio for track in found] == pytest.approx(np.sort(ratios)[::-1][:most], abs=1e-3)
    for track in found:
        row = int(track.track_id[1:])
        assert track.person_id == item.tracks.person_ids[row]
        assert track.similarity == pytest.approx(similarity[row], abs=1e-5)


def test_the_likest_track_of_a_person_is_named() -> None:
    item = made(40, 3, seed=5)
    gallery = gallery_of(item.tracks)
    found, tracks = gallery.search(item.face, item.size_px, item.size_px, 1, 40)
    best = next(track for track in tracks if track.person_id == found[0].person_id)
    assert found[0].best_track == best.track_id


def test_in_an_empty_gallery_nobody_is_found() -> None:
    gallery = ResidentGallery(CALIBRATION)
    assert gallery.search(np.eye(DIMENSION, dtype=np.float32)[0], 50, 50, 5, 5) == ([], [])


def test_nothing_of_a_removed_track_stays_in_memory() -> None:
    gallery = gallery_of(made(5, 2, seed=3).tracks)
    for track_id in ("t4", "t0", "t2"):
        gallery.remove(track_id)
    for column in (*gallery._columns, gallery._codes._levels, gallery._codes._bases):
        assert not column._array[len(gallery) : 5].any()
    assert gallery._rows.people.count(None) + gallery.people_count == len(gallery._rows.people)


class AnyOrderOfChanges(RuleBasedStateMachine):
    """What was put and removed in any order is what is found."""

    def __init__(self) -> None:
        super().__init__()
        self.gallery = ResidentGallery(CALIBRATION)
        self.owners: dict[str, str] = {}
        self.item = made(30, 6, seed=9)

    @rule(
        rows=st.lists(st.integers(0, 29), unique=True, max_size=8),
        owner=st.integers(0, 5),
    )
    def put(self, rows: list[int], owner: int) -> None:
        tracks = self.item.tracks
        self.gallery.put(
            Tracks(
                [f"t{row}" for row in rows],
                [f"p{owner}"] * len(rows),
                tracks.templates[rows],
                tracks.sizes_px[rows],
                tracks.weights[rows],
                tracks.in_video[rows],
            )
        )
        self.owners |= {f"t{row}": f"p{owner}" for row in rows}

    @rule(row=st.integers(0, 29))
    def remove(self, row: int) -> None:
        if f"t{row}" in self.gallery:
            self.gallery.remove(f"t{row}")
        self.owners.pop(f"t{row}", None)

    @invariant()
    def everything_is_where_it_belongs(self) -> None:
        gallery = self.gallery
        assert sorted(gallery.track_ids) == sorted(self.owners)
        assert {track_id: gallery.owner_of(track_id) for track_id in self.owners} == self.owners
        assert sorted(gallery.people()) == sorted(set(self.owners.values()))
        for person in gallery.people():
            assert sorted(gallery.tracks_of([person])) == sorted(
                track_id for track_id, owner in self.owners.items() if owner == person
            )
        rows = [int(track_id[1:]) for track_id in gallery.track_ids]
        if not rows:
            return
        exact = self.item.exact
        numbers = np.array([int(self.owners[f"t{row}"][1:]) for row in rows], np.intp)
        item = Made(
            self.item.tracks,
            SearchGallery(
                exact.templates[rows],
                exact.sizes_px[rows],
                exact.weights[rows],
                exact.in_video[rows],
                numbers,
            ),
            self.item.face,
            self.item.size_px,
        )
        assert_as_exact(gallery, item, 3)


TestAnyOrderOfChanges = AnyOrderOfChanges.TestCase
TestAnyOrderOfChanges.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
