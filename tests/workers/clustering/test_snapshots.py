"""A re-cluster on a snapshot: neither side sees what the other does, and what was found out comes back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import CAST, clothes, evidence, filled, fixed_groups, of
from synthetic import CALIBRATION

from workers.clustering.cancellation import called_off_by, checkpoint
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.clustering.likeness_graph import LikenessGraph
from workers.errors import CalledOffError

# All with all, and by the graph of likenesses.
LIMITS = [12_000, 1]


def noisy(number: int, seed: int) -> TrackEvidence:
    """A track that may well be given to somebody else for a little reason."""
    random = np.random.default_rng(1000 * seed + number)
    start = int(random.integers(0, 60))
    return evidence(
        f"t{number:02}",
        CAST.vector(int(random.integers(0, 3)), 1000 * seed + number, noise=1.1),
        source_id=f"v-{random.integers(0, 3)}",
        moments=range(start, start + 10),
        founder=bool(random.random() < 0.8),
        clothing=clothes(*random.integers(0, 8, 2).tolist()) if random.random() < 0.5 else None,
    )


seeds = st.integers(0, 10_000)
steps = st.lists(st.tuples(st.booleans(), st.integers(0, 19)), max_size=15)


def go_on(clusterer: TrackClusterer, steps: list[tuple[bool, int]], seed: int) -> None:
    """Let tracks come, grow and go."""
    for comes, number in steps:
        if comes:
            clusterer.insert(noisy(number, seed + 1))
        else:
            clusterer.remove(f"t{number:02}")
    clusterer.constrain(Constraints.of([["t00", "t01"]], [(["t02"], ["t03"])]))


@pytest.mark.parametrize("limit", LIMITS)
@settings(max_examples=15, deadline=None)
@given(seed=seeds, steps=steps)
def test_a_snapshot_stays_as_it_was_and_so_does_what_it_was_made_of(
    limit: int, seed: int, steps: list[tuple[bool, int]]
) -> None:
    tracks = [noisy(number, seed) for number in range(12)]
    clusterer = filled(tracks, limit=limit)
    snapshot = clusterer.snapshot()
    go_on(clusterer, steps, seed)
    assert snapshot.recluster({}) == filled(tracks, limit=limit).recluster({})
    # And the other way round.
    clusterer = filled(tracks, limit=limit)
    go_on(clusterer.snapshot(), steps, seed)
    assert clusterer.recluster({}) == filled(tracks, limit=limit).recluster({})


@pytest.mark.parametrize("limit", LIMITS)
@settings(max_examples=15, deadline=None)
@given(seed=seeds, steps=steps)
def test_what_a_snapshot_found_out_makes_no_difference_to_whoever_comes_next(
    limit: int, seed: int, steps: list[tuple[bool, int]]
) -> None:
    clusterer = filled([noisy(number, seed) for number in range(12)], limit=limit)
    snapshot = clusterer.snapshot()
    snapshot.recluster({})
    go_on(clusterer, steps, seed)
    clusterer.adopt(snapshot)
    fresh = filled(clusterer._tracks.values(), limit=limit)
    fresh.constrain(Constraints.of([["t00", "t01"]], [(["t02"], ["t03"])]))
    assert clusterer.recluster({}) == fresh.recluster({})


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_tracks_are_given_away_by_what_a_snapshot_measured(seed: int) -> None:
    tracks = [noisy(number, seed) for number in range(12)]
    itself, beside = filled(tracks), filled(tracks)
    itself.recluster({})
    snapshot = beside.snapshot()
    snapshot.recluster({})
    # Sources that it did not know keep what is expected of them.
    later = [noisy(number, seed + 1) for number in range(20, 24)]
    later += [evidence(f"new-{k}", CAST.vector(k, k), source_id=f"w-{k}") for k in range(2)]
    for track in later:
        itself.insert(track)
        beside.insert(track)
    beside.adopt(snapshot)
    groups = {track.track_id: f"p{k % 4}" for k, track in enumerate(tracks)}
    assert [itself.nearest(t.track_id, fixed_groups(groups)) for t in later] == [
        beside.nearest(t.track_id, fixed_groups(groups)) for t in later
    ]


def test_neighbours_that_a_snapshot_found_are_not_looked_for_again() -> None:
    gallery = Gallery(CALIBRATION)
    for number in range(32):
        gallery.insert(of(number % 4, number))
    snapshot = gallery.snapshot()
    LikenessGraph(snapshot, CALIBRATION).pairs(np.arange(len(snapshot)))
    assert not gallery.looked.any()
    # One goes, one grows, one comes.
    gallery.remove("0-0")
    gallery.remove("1-1")
    gallery.insert(of(1, 1))
    gallery.insert(of(2, 200))
    gallery.adopt(snapshot)
    assert {gallery.ids[row] for row in np.flatnonzero(~gallery.looked)} == {"1-1", "2-200"}
    first, second, _ = LikenessGraph(gallery, CALIBRATION).pairs(np.arange(len(gallery)))
    found = {frozenset((gallery.ids[a], gallery.ids[b])) for a, b in zip(first, second, strict=True)}
    by_person = [[t for t in gallery.ids if t.startswith(f"{person}-")] for person in range(4)]
    assert found == {frozenset(pair) for ids in by_person for pair in itertools.combinations(ids, 2)}


def test_of_nobody_nothing_is_found_out() -> None:
    clusterer = filled([])
    clusterer.adopt(clusterer.snapshot())
    clusterer.insert(of(0, 0))
    snapshot = clusterer.snapshot()
    clusterer.remove("0-0")
    clusterer.adopt(snapshot)
    clusterer.adopt(clusterer.snapshot())
    assert len(clusterer) == 0


# Calling off ----------------------------------------------------------------------------------------------


class Patience:
    """Wants a result no more after it was asked so often."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.asked = 0

    def is_over(self) -> bool:
        self.asked += 1
        return self.asked > self.limit


@pytest.mark.parametrize("limit", LIMITS)
def test_a_re_cluster_can_be_called_off_at_many_moments_and_changes_nothing_then(limit: int) -> None:
    tracks = [of(k % 4, k, source_id=f"v-{k % 3}") for k in range(40)]
    clusterer = filled(tracks, limit=limit)
    whole, endless = filled(tracks, limit=limit).recluster({}), Patience(10**9)
    with called_off_by(endless.is_over):
        assert clusterer.snapshot().recluster({}) == whole
    # Often enough to stop at different moments.
    assert endless.asked >= 8
    for turn in range(8):
        snapshot = clusterer.snapshot()
        with pytest.raises(CalledOffError), called_off_by(Patience(endless.asked * turn // 8).is_over):
            snapshot.recluster({})
        clusterer.adopt(snapshot)
    assert clusterer.recluster({}) == whole


def test_outside_of_the_block_nothing_is_called_off() -> None:
    with pytest.raises(CalledOffError), called_off_by(lambda: True):
        checkpoint()
    checkpoint()
