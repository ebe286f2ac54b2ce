"""Numbers for videos and photos, and what they are there for: photos tell nothing of videos."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from made_tracks import SOFT, evidence, groups_of, unit
from synthetic import DIMENSION

from workers.clustering.by_medium import ByMedium
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence

VALUES = ByMedium(videos=1.0, photos=2.0, mixed=3.0)

media = of_numpy.arrays(np.bool_, st.integers(1, 6))


@given(media, media)
def test_pairs_get_what_holds_for_their_media(first: np.ndarray, second: np.ndarray) -> None:
    found = np.broadcast_to(VALUES.between(first[:, None], second[None]), (len(first), len(second)))
    expected = [[(2.0 if b else 3.0) if a else (3.0 if b else 1.0) for b in second] for a in first]
    assert found.tolist() == expected


@given(media)
def test_the_usual_value_holds_for_all_pairs_of_one_medium(photos: np.ndarray) -> None:
    usual = VALUES.usual(photos)
    assert usual == (3.0 if len(set(photos.tolist())) > 1 else 2.0 if photos[0] else 1.0)
    assert VALUES.within(photos).tolist() == [2.0 if photo else 1.0 for photo in photos]


def test_one_of_each_is_as_one_of_the_more_frequent() -> None:
    assert ByMedium.count(3, 8) == ByMedium(3, 8, 8)
    assert ByMedium.count(0, 1).logarithm() == ByMedium(0.0, 0.0, 0.0)
    assert ByMedium.count(8, 0).logarithm() == ByMedium(math.log(8), 0.0, math.log(8))


# People -------------------------------------------------------------------------------------------------


def tracks_of(medium: str, seed: int, sources: int) -> list[TrackEvidence]:
    """Three tracks in each of some videos or photos, of a few people who are more or less alike."""
    random = np.random.default_rng(seed)
    half = DIMENSION // 2
    people = random.normal(size=(4, half))
    found = []
    for source in range(sources):
        for number in range(3):
            vector = np.zeros(DIMENSION)
            # Nobody of the videos is like anybody of the photos.
            part = slice(half) if medium == "v" else slice(half, None)
            vector[part] = people[random.integers(4)] + 0.8 * random.normal(size=half)
            name = f"{medium}-{source}"
            found.append(
                evidence(
                    f"{name}.{number}", unit(*vector), source_id=name, photo=medium == "i", moments=[number]
                )
            )
    return found


def people(
    tracks: list[TrackEvidence], limit: int, medium: str, settled: dict[str, str]
) -> set[frozenset[str]]:
    """Who is found among tracks, as far as it is about one medium."""
    clusterer = TrackClusterer(SOFT, threshold=0.5, limit=limit)
    for track in tracks:
        clusterer.insert(track)
    groups = groups_of(clusterer.recluster(settled))
    return {frozenset(t for t in group if t.startswith(medium)) for group in groups} - {frozenset()}


@pytest.mark.parametrize("limit", [1000, 0])
@pytest.mark.parametrize(("medium", "other"), ["vi", "iv"])
@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000), sources=st.integers(2, 9), others=st.integers(1, 40), before=st.booleans()
)
def test_photos_of_others_change_nobody_of_videos_nor_videos_anybody_of_photos(
    limit: int, medium: str, other: str, seed: int, sources: int, others: int, *, before: bool
) -> None:
    tracks = tracks_of(medium, seed, sources)
    alone = people(tracks, limit, medium, {})
    settled = {track_id: f"p{k}" for k, group in enumerate(sorted(map(sorted, alone))) for track_id in group}
    known = settled if before else {}
    expected = people(tracks, limit, medium, known)
    assert people([*tracks, *tracks_of(other, seed + 1, others)], limit, medium, known) == expected
