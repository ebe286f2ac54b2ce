"""A cluster is divided between people by whom its tracks are like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_tracks import filled, of
from synthetic import CALIBRATION

from workers.clustering.clusterer import Clusterer, TrackClusterer
from workers.clustering.constraints import Constraints
from workers.clustering.density_clusterer import DensityClusterer
from workers.clustering.method import Method

PEOPLE = 4
TRACKS = [of(person, number) for person in range(PEOPLE) for number in range(4)]
IDS = [track.track_id for track in TRACKS]


def average() -> Clusterer:
    return TrackClusterer(CALIBRATION)


def by_density() -> Clusterer:
    return DensityClusterer(Method.DBSCAN, 0.4, 0.5)


@pytest.fixture(params=[average, by_density])
def clusterer(request: pytest.FixtureRequest) -> Clusterer:
    made: Clusterer = request.param()
    for track in TRACKS:
        made.insert(track)
    return made


def test_every_track_goes_to_whom_it_is_like(clusterer: Clusterer) -> None:
    cluster = [track_id for track_id in IDS if track_id[0] in "012"]
    assert clusterer.divide(cluster, [["1-0"], ["0-0", "0-3"], ["2-2"]]) == [
        ("1-0", "1-1", "1-2", "1-3"),
        ("0-0", "0-1", "0-2", "0-3"),
        ("2-0", "2-1", "2-2", "2-3"),
    ]


def test_what_somebody_had_stays_theirs_whatever_it_looks_like(clusterer: Clusterer) -> None:
    assert clusterer.divide(["0-0", "0-1", "1-0"], [["0-0"], ["1-0", "0-1"]]) == [("0-0",), ("0-1", "1-0")]


def test_what_people_put_together_is_not_torn(clusterer: Clusterer) -> None:
    clusterer.constrain(Constraints.of([("0-1", "1-1", "1-2")]))
    assert clusterer.divide(["0-0", "0-1", "1-0", "1-1", "1-2"], [["0-0"], ["1-0"]]) == [
        ("0-0",),
        ("0-1", "1-0", "1-1", "1-2"),
    ]


def test_what_can_t_be_compared_goes_to_the_first_unless_it_is_somebody_s(clusterer: Clusterer) -> None:
    assert clusterer.divide(["0-0", "1-0", "1-1", "mute", "own"], [["0-0"], ["1-0", "own"]]) == [
        ("0-0", "mute"),
        ("1-0", "1-1", "own"),
    ]
    # Nor is anything like somebody of whom nothing can be compared.
    assert clusterer.divide(["0-0", "1-0", "1-1", "mute"], [["mute"], ["1-0"]]) == [
        ("mute",),
        ("0-0", "1-0", "1-1"),
    ]


@given(st.data())
def test_nothing_is_lost_and_nothing_doubled(data: st.DataObject) -> None:
    cluster = data.draw(st.lists(st.sampled_from(IDS), min_size=2, unique=True))
    count = data.draw(st.integers(2, min(3, len(cluster))))
    homes = [cluster[k : k + 1] for k in range(count)]
    for track_id in cluster[count:]:
        if (home := data.draw(st.integers(0, count))) < count:
            homes[home].append(track_id)

    parts = filled(TRACKS).divide(cluster, homes)

    assert sorted(track_id for part in parts for track_id in part) == sorted(cluster)
    assert all(set(home) <= set(part) for home, part in zip(homes, parts, strict=True))
