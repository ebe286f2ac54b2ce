from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import clothes, of
from synthetic import CALIBRATION

from workers.clustering.by_medium import ByMedium
from workers.clustering.company import Company
from workers.clustering.comparison import Comparison
from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.likeness_graph import LikenessGraph

some_tracks = st.lists(
    st.builds(
        lambda person, number, source, dress: of(
            person,
            number,
            source_id=source,
            clothing=None if dress is None else clothes(dress),
            photo=source == "i-1",
        ),
        st.integers(0, 2),
        st.integers(0, 6),
        st.sampled_from(["v-1", "v-2", "i-1"]),
        st.sampled_from([None, 0, 1]),
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda track: track.track_id,
)


@settings(max_examples=100, deadline=None)
@given(some_tracks, st.floats(-9, 9), st.builds(ByMedium, *[st.floats(0, 4)] * 3))
def test_who_is_alike_is_found_as_by_looking_at_all(
    tracks: list[TrackEvidence], least: float, prior: ByMedium
) -> None:
    gallery, company, settings = Gallery(CALIBRATION), Company(), LikelihoodSettings()
    comparison = Comparison(gallery, {t.track_id: t for t in tracks}, company, CALIBRATION, settings)
    for track in tracks:
        gallery.insert(track)
        comparison.expect(track)
    everyone = np.arange(len(tracks))
    ratios = comparison.ratios(everyone, slice(None), prior, settings.limit)
    for row, alike in enumerate(comparison.alike(everyone, least, prior, settings.limit)):
        found = set(alike.tolist())
        # To within what float32 rounds, which depends on how many are looked at.
        assert set(np.flatnonzero(ratios[row] >= least + 1e-3).tolist()) <= found
        assert found <= set(np.flatnonzero(ratios[row] >= least - 1e-3).tolist())


def compared(tracks: list[TrackEvidence]) -> Comparison:
    """A comparison of tracks that has measured their sources."""
    gallery, company, there = Gallery(CALIBRATION), Company(), {}
    comparison = Comparison(gallery, there, company, CALIBRATION, LikelihoodSettings())
    for track in tracks:
        gallery.insert(track)
        if track.source_id not in company.by_source:
            comparison.expect(track)
        company.insert(track)
        there[track.track_id] = track
    comparison.measure_sources(LikenessGraph(gallery, CALIBRATION), {})
    return comparison


def regulars(source_id: str, people: int = 8, tracks: int = 24, first: int = 0) -> list[TrackEvidence]:
    """Some people, from this one on, each of whom comes back in turn."""
    return [
        replace(
            of(first + k % people, k, source_id=source_id, moments=range(100 * k, 100 * k + 20)),
            track_id=f"{source_id}-{k}",
        )
        for k in range(tracks)
    ]


def test_a_copy_of_a_recording_brings_nobody_back() -> None:
    alone = compared(regulars("v-1")).recurrences(slice(None))
    copies = compared([*regulars("v-1"), *regulars("v-2"), *regulars("v-3")])
    assert 0 > alone[0] > -2
    assert set(copies.footage(slice(None)).tolist()) == {0}
    assert copies.recurrences(slice(None)) == pytest.approx(alone[0])


def test_how_often_people_come_back_does_not_depend_on_the_order_of_tracks() -> None:
    tracks = [*regulars("v-1", 4), *regulars("v-2", 20, first=8)]
    shuffled = [tracks[int(k)] for k in np.random.default_rng(1).permutation(len(tracks))]
    found = [compared(some) for some in (tracks, shuffled)]
    by_track = [
        dict(zip([t.track_id for t in some], one.recurrences(slice(None)).tolist(), strict=True))
        for some, one in zip((tracks, shuffled), found, strict=True)
    ]
    assert by_track[0] == by_track[1]
    assert by_track[0]["v-1-0"] > by_track[0]["v-2-0"]


def test_of_very_many_tracks_some_tell_how_often_people_come_back() -> None:
    some, many = (compared(regulars("v-1", 12, tracks)).recurrences(slice(None)) for tracks in (300, 1500))
    assert many[0] == pytest.approx(some[0], abs=0.1)
    assert len(set(many.tolist())) == 1


def test_in_photos_nobody_comes_back() -> None:
    photos = [replace(track, photo=True, source_id=track.track_id) for track in regulars("i", 2)]
    assert not compared(photos).recurrences(slice(None)).any()


@pytest.mark.parametrize("people", [1, 24])
def test_who_is_alike_is_found_wherever_people_come_back(people: int) -> None:
    settings, prior = LikelihoodSettings(), ByMedium.whatever(1.0)
    comparison = compared([*regulars("v-1", people), *regulars("v-2", 6, first=25)])
    everyone = np.arange(48)
    ratios = comparison.ratios(everyone, slice(None), prior, settings.limit)
    for least in (-7.5, -2.0, 0.0, 5.0, 8.5):
        for row, alike in enumerate(comparison.alike(everyone, least, prior, settings.limit)):
            assert set(np.flatnonzero(ratios[row] >= least + 1e-3).tolist()) <= set(alike.tolist())
            assert set(alike.tolist()) <= set(np.flatnonzero(ratios[row] >= least - 1e-3).tolist())
