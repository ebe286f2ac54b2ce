"""People among more tracks or sources than all are compared of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import SOFT, beside, clothes, crowds, evidence, filled, of, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence, seen_together
from workers.clustering.likelihood import LikelihoodSettings


def spread_out(tracks: Sequence[TrackEvidence], sources: int) -> list[TrackEvidence]:
    """The same tracks, dealt out over some sources."""
    return [replace(track, source_id=f"v-{k % sources}") for k, track in enumerate(tracks)]


@pytest.mark.parametrize("sources", [1, 3, 40])
def test_beyond_the_limit_the_same_people_are_found(sources: int) -> None:
    tracks = spread_out([of(k % 4, k) for k in range(40)], sources)
    assert filled(tracks, limit=12).recluster({}) == filled(tracks).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds, st.randoms(use_true_random=False))
def test_beyond_the_limit_order_plays_no_part_either(tracks: list[TrackEvidence], random: object) -> None:
    shuffled = tracks.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    clusterer = filled(shuffled[:10], limit=1)
    clusterer.recluster({})
    for track in shuffled[10:]:
        clusterer.insert(track)
    assert clusterer.recluster({}) == filled(tracks, limit=1).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds)
def test_beyond_the_limit_nobody_is_in_two_places_at_once_and_every_track_is_told_once(
    tracks: list[TrackEvidence],
) -> None:
    found = filled(tracks, limit=1).recluster({})
    assert sorted(itertools.chain(*found.clusters, found.unassigned)) == [t.track_id for t in tracks]
    by_id = {track.track_id: track for track in tracks}
    for cluster in found.clusters:
        assert not any(seen_together(by_id[a], by_id[b]) for a, b in itertools.combinations(cluster, 2))


@settings(max_examples=20, deadline=None)
@given(crowds, st.integers(0, 2**16 - 1))
def test_beyond_the_limit_what_came_and_went_leaves_no_trace(tracks: list[TrackEvidence], gone: int) -> None:
    staying = [t for k, t in enumerate(tracks) if not gone >> k & 1]
    clusterer = filled(tracks, limit=1)
    clusterer.recluster({})
    for k, track in enumerate(tracks):
        if gone >> k & 1:
            clusterer.remove(track.track_id)
    assert clusterer.recluster({}) == filled(staying, limit=1).recluster({})


def test_beyond_the_limit_clothes_help_where_faces_leave_a_doubt() -> None:
    for worn, people in [(None, 2), (clothes(1, 2), 1)]:
        clusterer = TrackClusterer(SOFT, limit=1)
        clusterer.insert(evidence("a", beside(1.0), clothing=worn))
        clusterer.insert(evidence("b", beside(0.4), clothing=worn))
        assert len(clusterer.recluster({}).clusters) == people


def test_however_many_sources_there_are_people_are_found_in_them() -> None:
    """What speaks against one person across so many is more than one likeness among few could speak for."""
    few = LikelihoodSettings(limit=2.0)
    tracks = [evidence(f"{k % 2}-{k}", unit(*np.eye(2)[k % 2]), source_id=f"i-{k}") for k in range(40)]
    found = filled(tracks, limit=1, settings=few).recluster({})
    assert [len(cluster) for cluster in found.clusters] == [20, 20]
