"""What is over age, and what is not."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from synthetic import a_source

from storage.requests import EraseRequest, Extent
from storage.retention_policy import DAY_S, RetentionPolicy
from workers.expiry import Due, SeenTrack, due

NOW_S = 1.8e9
CAMERA = a_source("c-door", kind="camera", recorded_at_s=NOW_S - 1000 * DAY_S)
FILM = a_source("v-1", recorded_at_s=NOW_S - 1000 * DAY_S, taken_in_s=NOW_S - 10 * DAY_S)
UNDATED = a_source("v-2", taken_in_s=NOW_S - 10 * DAY_S)
SOURCES = {source.source_id: source for source in (CAMERA, FILM, UNDATED)}
RETENTION = EraseRequest(Extent.RETENTION)


def seen(
    track_id: str, days_ago: float, owner: str | None, source_id: str = "c-door", *, pictured: bool = True
) -> SeenTrack:
    """A track of a source of which the first moment was 1000 days ago."""
    return SeenTrack(track_id, source_id, (1000 - days_ago) * DAY_S, owner, pictured)


def over_age(policy: RetentionPolicy, *tracks: SeenTrack, named: tuple[str, ...] = ()) -> Due:
    return due(RETENTION, policy, tracks, SOURCES, named, NOW_S)


def test_people_go_so_long_after_they_were_last_seen_and_not_before() -> None:
    tracks = [seen("a", 90, "p1"), seen("b", 29, "p1"), seen("c", 31, "p2"), seen("d", 90, "p2")]
    assert over_age(RetentionPolicy(unnamed=30), *tracks) == Due(("c", "d"))


def test_people_with_names_have_a_limit_of_their_own() -> None:
    tracks = [seen("a", 90, "p1"), seen("b", 90, "p2")]
    assert over_age(RetentionPolicy(unnamed=30, named=math.inf), *tracks, named=("p1",)) == Due(("b",))
    assert over_age(RetentionPolicy(unnamed=math.inf, named=30), *tracks, named=("p1",)) == Due(("a",))


def test_tracks_of_nobody_go_as_unnamed_people_do_each_by_its_own_age() -> None:
    tracks = [seen("a", 31, None), seen("b", 29, None)]
    assert over_age(RetentionPolicy(unnamed=30), *tracks) == Due(("a",))


def test_sightings_go_while_the_person_stays() -> None:
    tracks = [seen("a", 90, "p1"), seen("b", 1, "p1")]
    policy = RetentionPolicy(unnamed=math.inf, named=math.inf, sightings=30)
    assert over_age(policy, *tracks, named=("p1",)) == Due(("a",))


def test_pictures_go_where_the_track_stays_and_has_some() -> None:
    tracks = [seen("a", 90, "p1"), seen("b", 8, "p2"), seen("c", 8, "p3", pictured=False), seen("d", 6, "p4")]
    assert over_age(RetentionPolicy(unnamed=30, pictures=7), *tracks) == Due(("a",), ("b",))


def test_videos_and_photos_stay_unless_files_are_said_to_count() -> None:
    tracks = [seen("a", 90, "p1", "v-1"), seen("b", 90, "p1")]
    assert over_age(RetentionPolicy(unnamed=30), *tracks) == Due(("b",))
    assert over_age(RetentionPolicy(unnamed=30, files=True), *tracks) == Due(("a", "b"))


def test_what_has_no_date_counts_from_when_it_was_taken_in() -> None:
    track = seen("a", 900, "p1", "v-2")
    assert over_age(RetentionPolicy(unnamed=9, files=True), track) == Due(("a",))
    assert over_age(RetentionPolicy(unnamed=11, files=True), track) == Due()
    unknown = {"v-2": replace(UNDATED, taken_in_s=None)}
    assert not due(RETENTION, RetentionPolicy(unnamed=1, files=True), [track], unknown, (), NOW_S)


def test_a_file_with_a_date_in_the_future_is_no_younger_than_its_registration() -> None:
    odd = {"v-1": replace(FILM, recorded_at_s=NOW_S + 5000 * DAY_S)}
    policy = RetentionPolicy(unnamed=9, files=True)
    assert due(RETENTION, policy, [seen("a", 900, "p1", "v-1")], odd, (), NOW_S) == Due(("a",))


def test_everything_a_source_and_what_was_before_a_moment() -> None:
    tracks = [seen("a", 90, "p1"), seen("b", 1, None), seen("c", 90, "p1", "v-1")]

    def asked(extent: Extent, **more: object) -> tuple[str, ...]:
        request = EraseRequest(extent, **more)  # type: ignore[arg-type]
        return due(request, RetentionPolicy(), tracks, SOURCES, (), NOW_S).tracks

    assert set(asked(Extent.ALL)) == {"a", "b", "c"}
    assert asked(Extent.SOURCE, source_ids=("v-1",)) == ("c",)
    assert set(asked(Extent.BEFORE, before_s=NOW_S - 30 * DAY_S)) == {"a", "c"}


days = st.none() | st.floats(0.01, 2000) | st.just(math.inf)
policies = st.builds(RetentionPolicy, *[days] * 6, st.none() | st.booleans())
tracks_of = st.lists(
    st.builds(
        seen,
        st.uuids().map(str),
        st.floats(0, 1000),
        st.sampled_from(["p1", "p2", "p3", None]),
        st.sampled_from([*SOURCES]),
        pictured=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda track: track.track_id,
)


@given(policies, tracks_of)
def test_a_policy_once_carried_out_finds_nothing_more(
    policy: RetentionPolicy, tracks: list[SeenTrack]
) -> None:
    found = over_age(policy, *tracks, named=("p2",))
    assert set(found.tracks).isdisjoint(found.pictures)
    left = [
        track._replace(pictured=track.pictured and track.track_id not in found.pictures)
        for track in tracks
        if track.track_id not in found.tracks
    ]
    assert not over_age(policy, *left, named=("p2",))


@given(policies)
def test_a_policy_is_read_as_it_was_written(policy: RetentionPolicy) -> None:
    raw = {name.encode(): str(value).encode() for name, value in policy.encode().items()}
    read = RetentionPolicy.decode(raw)
    assert read.encode() == policy.encode()
    assert read.is_said == policy.is_said
