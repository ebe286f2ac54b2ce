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


def test_a_copy_of_a_recording_brings_nobody_back() -> None:
    def measured(*names: str) -> np.ndarray:
        """How much likelier than usual people come back, after these copies of a recording were taken in."""
        gallery, company, tracks = Gallery(CALIBRATION), Company(), {}
        comparison = Comparison(gallery, tracks, company, CALIBRATION, LikelihoodSettings())
        for name in names:
            for k in range(24):
                track = of(k % 8, k, source_id=name, moments=range(100 * k, 100 * k + 20))
                track = replace(track, track_id=f"{name}-{k}")
                gallery.insert(track)
                comparison.expect(track)
                company.insert(track, tracks)
                tracks[track.track_id] = track
        comparison.measure_sources(LikenessGraph(gallery, CALIBRATION), {})
        assert len(set(comparison.footage(slice(None)).tolist())) == 1
        return comparison.recurrences(slice(None))

    alone = measured("v-1")
    assert 0 > alone[0] > -2
    assert measured("v-1", "v-2", "v-3") == pytest.approx(alone[0])
