import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import Cast
from told_in_full import described, described_in_full

from facestream.people.person import person_of
from storage.identity_record import Identity
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord
from workers.people import Person, SourceTimes, TrackSummary
from workers.portraits import View


def summary(
    track_id: str = "t", source_id: str = "v-1", first_s: float = 0.0, last_s: float = 2.0, **changes: object
) -> TrackSummary:
    views = (View(f"{track_id}.s", source_id, 0.5, 1.0, look(track_id)),)
    facts: dict = {"faces": 10, "photo": False, "best_sample": f"{track_id}.s", "views": views}
    return TrackSummary(track_id, source_id, first_s, last_s, **{**facts, **changes})


def sightings_of(tracks: list[TrackSummary]) -> tuple[Sighting, ...]:
    return described("p1", tracks, {}, {}, {}).sightings


def look(name: str) -> npt.NDArray[np.float16]:
    """A face that looks like no other, float16 (16,)."""
    vector = np.random.default_rng(list(name.encode())).normal(size=16)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


summaries = st.lists(
    st.builds(
        lambda number, source, start, length: summary(
            f"t{number}", source, start / 10, (start + length) / 10
        ),
        st.integers(0, 99),
        st.sampled_from(["v-1", "v-2"]),
        st.integers(0, 500),
        st.integers(0, 100),
    ),
    max_size=12,
)


def test_a_summary_says_what_the_track_says() -> None:
    *samples, track = Cast().track(0, 3, samples=3, frames=10)
    assert isinstance(track, TrackRecord)
    found = TrackSummary.of(track, [s for s in samples if isinstance(s, FaceSample)])
    assert (found.track_id, found.source_id, found.faces, found.photo) == (track.track_id, "v-1", 10, False)
    assert (found.first_s, found.last_s) == (30.0, pytest.approx(31.8))
    assert found.best_sample == f"{track.track_id}.2"
    assert [(v.sample_id, v.quality) for v in found.views] == [
        (f"{track.track_id}.{k}", pytest.approx(0.5 + 0.1 * k)) for k in (2, 1, 0)
    ]


def test_a_face_without_crop_is_shown_only_where_no_other_has_one() -> None:
    *entries, track = Cast().track(0, 0, samples=2)
    poor, good = (s for s in entries if isinstance(s, FaceSample))
    assert isinstance(track, TrackRecord)
    bare = replace(good, crop_jpeg=b"")
    beside = TrackSummary.of(track, [poor, bare])
    assert (beside.best_sample, [v.sample_id for v in beside.views]) == (poor.sample_id, [poor.sample_id])
    alone = TrackSummary.of(track, [bare])
    assert (alone.best_sample, alone.views) == (good.sample_id, ())


def test_breaks_of_up_to_three_seconds_are_closed() -> None:
    tracks = [summary("a", first_s=0, last_s=2), summary("b", first_s=5, last_s=6)]
    assert sightings_of(tracks) == (Sighting("v-1", 0, 6),)


def test_longer_breaks_make_two_sightings() -> None:
    tracks = [summary("b", first_s=5.1, last_s=6), summary("a", first_s=0, last_s=2)]
    assert sightings_of(tracks) == (Sighting("v-1", 0, 2), Sighting("v-1", 5.1, 6))


def test_a_track_inside_another_does_not_shorten_it() -> None:
    tracks = [summary("a", first_s=0, last_s=9), summary("b", first_s=1, last_s=2)]
    assert sightings_of(tracks) == (Sighting("v-1", 0, 9),)


def test_sources_have_sightings_of_their_own() -> None:
    tracks = [summary("a", "v-2"), summary("b", "v-1")]
    assert sightings_of(tracks) == (Sighting("v-1", 0, 2), Sighting("v-2", 0, 2))


@given(summaries)
def test_every_track_lies_in_one_sighting_and_sightings_lie_apart(tracks: list[TrackSummary]) -> None:
    found = sightings_of(tracks)
    for track in tracks:
        around = [
            s
            for s in found
            if s.source_id == track.source_id and s.start_s <= track.first_s and track.last_s <= s.end_s
        ]
        assert len(around) == 1
    for a in found:
        for b in found:
            if a is not b and a.source_id == b.source_id:
                assert max(a.start_s, b.start_s) - min(a.end_s, b.end_s) > 3


@given(summaries, st.randoms())
def test_the_order_of_tracks_does_not_matter(tracks: list[TrackSummary], random: object) -> None:
    unique = list({track.track_id: track for track in tracks}.values())
    shuffled = sorted(unique, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert described("p1", shuffled, {}, {}, {}) == described("p1", unique, {}, {}, {})


def test_somebody_without_tracks_has_nothing_but_an_id() -> None:
    assert described("p4", [], {}, {}, {}) == Identity("p4")


def test_counts_tracks_faces_and_seconds() -> None:
    person = described(
        "p1", [summary("a"), summary("b", first_s=10, last_s=11, faces=5)], {}, {"v-1": 0.2}, {}
    )
    assert (person.tracks, person.faces) == (2, 15)
    # Two sightings, of which each lasted one sampling period longer than from its first to its last face.
    assert person.seconds == pytest.approx(2 + 1 + 2 * 0.2)


def test_a_face_seen_once_was_there_for_a_sampling_period() -> None:
    assert described("p1", [summary(last_s=0.0)], {}, {"v-1": 0.2}, {}).seconds == pytest.approx(0.2)


def test_photos_last_no_time() -> None:
    tracks = [summary("a", "i-1", last_s=0.0, photo=True), summary("b")]
    person = described("p1", tracks, {}, {"i-1": 0.2, "v-1": 0.2}, {})
    assert person.seconds == pytest.approx(2.2)
    assert len(person.sightings) == 2


def test_times_are_unix_times_where_every_source_has_one() -> None:
    tracks = [summary("a", first_s=4, last_s=6), summary("b", "v-2", first_s=1, last_s=2)]
    person = described("p1", tracks, {"v-1": 1000.0, "v-2": 5000.0}, {}, {})
    assert (person.wall_clock, person.first_seen_s, person.last_seen_s) == (True, 1004.0, 5002.0)


@pytest.mark.parametrize("known", [{"v-1": 1000.0}, {"v-1": 1000.0, "v-2": None}, {}])
def test_times_are_media_times_where_one_source_has_none(known: dict[str, float | None]) -> None:
    tracks = [summary("a", first_s=4, last_s=6), summary("b", "v-2", first_s=1, last_s=2)]
    person = described("p1", tracks, known, {}, {})
    assert (person.wall_clock, person.first_seen_s, person.last_seen_s) == (False, 1.0, 6.0)


def test_a_recording_may_begin_at_the_epoch() -> None:
    assert described("p1", [summary()], {"v-1": 0.0}, {}, {}).wall_clock


def test_shows_up_to_five_good_faces_that_differ_the_best_first() -> None:
    qualities = {"a": 0.2, "b": 0.9, "c": 0.5, "d": 0.5, "e": 0.6, "f": 0.7, "g": 0.8, "h": 0.5}
    tracks = [summary(name, views=(View(name, "v-1", q, 1.0, look(name)),)) for name, q in qualities.items()]
    shown = described("p1", tracks, {}, {}, {}).thumbnails
    assert (len(shown), shown[0]) == (5, "b")
    assert "a" not in shown
    assert described("p1", tracks[1:4], {}, {}, {}).thumbnails[0] == "b"
    assert set(described("p1", tracks[1:4], {}, {}, {}).thumbnails) == {"b", "c", "d"}


def test_a_track_gives_as_many_thumbnails_as_it_has_views() -> None:
    views = tuple(View(f"t.{k}", "v-1", 0.9 - k / 10, 1.0, look(str(k))) for k in range(3))
    assert set(described("p1", [summary(views=views)], {}, {}, {}).thumbnails) == {"t.0", "t.1", "t.2"}
    assert described("p1", [summary(views=())], {}, {}, {}).thumbnails == ()


def test_nobody_is_seen_beyond_the_end_of_a_video() -> None:
    person = described("p1", [summary(first_s=0.0, last_s=7.0)], {}, {"v-1": 0.5}, {"v-1": 7.2})
    assert person.seconds == pytest.approx(7.2)
    # A length that can't be true takes nothing away.
    person = described("p1", [summary(first_s=0.0, last_s=7.0)], {}, {"v-1": 0.5}, {"v-1": 1.0})
    assert person.seconds == pytest.approx(7.0)


def test_what_two_cameras_see_in_the_same_seconds_counts_once() -> None:
    tracks = [summary("a", "c-hall", 10, 16), summary("b", "c-door", 4, 9)]
    both = described("p1", tracks, {"c-hall": 1e9, "c-door": 1e9 + 9}, {"c-hall": 0.2, "c-door": 0.5}, {})
    # From 10 s to 18.5 s; each of them has a sighting.
    assert (both.seconds, len(both.sightings)) == (8.5, 2)


def test_recordings_without_a_date_have_each_their_own_time() -> None:
    tracks = [summary("a", "v-1", 0, 6), summary("b", "v-2", 0, 6), summary("c", "c-hall", 0, 6)]
    assert described("p1", tracks, {"c-hall": 1e9}, {}, {}).seconds == 18.0


TIMES = {
    "v-1": SourceTimes(1000.0, 0.2, 40.0),
    # As one that was begun ten seconds later.
    "v-2": SourceTimes(1010.0, 0.5),
    "v-3": SourceTimes(None, 0.2),
    "i-1": SourceTimes(0.0),
}


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, TrackSummary | None]]:
    """Tracks that come, by their numbers, grow where they are there, or go (None)."""
    made: list[tuple[int, TrackSummary | None]] = []
    for number in draw(st.lists(st.integers(0, 12), max_size=40)):
        if draw(st.integers(0, 3)) == 0:
            made.append((number, None))
            continue
        source_id = draw(st.sampled_from(sorted(TIMES)))
        start_s = draw(st.integers(0, 300)) / 10
        # Of one source, some say photo and some don't: whoever wrote them is not to be relied on.
        photo = draw(st.booleans()) if source_id == "i-1" else False
        length_s = draw(st.integers(0, 60)) / 10
        views = tuple(
            View(f"t{number}.{k}", source_id, quality / 10, 0.9 + 0.1 * k, look(f"{number} {k}"))
            for k, quality in enumerate(draw(st.lists(st.integers(1, 10), max_size=2)))
        )
        made.append((
            number,
            summary(f"t{number}", source_id, start_s, start_s + length_s, photo=photo, views=views),
        ))  # fmt: skip
    return made


@given(changes(), st.integers(0, 12))
def test_what_is_kept_from_track_to_track_says_what_all_tracks_say(
    changes: list[tuple[int, TrackSummary | None]], cover: int
) -> None:
    person, there = Person(TIMES.__getitem__), dict[str, TrackSummary]()
    for number, track in changes:
        track_id = f"t{number}"
        if there.pop(track_id, None) is not None:
            person.remove(track_id)
        if track is not None:
            there[track_id] = track
            person.add(track)
        found = person.describe("p1", f"t{cover}")
        anew = Person(TIMES.__getitem__, there.values())
        assert anew.describe("p1", f"t{cover}") == found
        assert anew.rows.json() == person.rows.json()
        assert found == described_in_full("p1", [*there.values()], TIMES.__getitem__, f"t{cover}")
        assert person.sources == {track.source_id for track in there.values()}


@given(changes())
def test_whoever_adds_what_is_written_up_comes_to_the_time_that_is_written(
    changes: list[tuple[int, TrackSummary | None]],
) -> None:
    there = {f"t{number}": replace(track, photo=False) for number, track in changes if track is not None}
    person = Person(TIMES.__getitem__, there.values())
    if not there:
        return
    identity = person.describe("p1")
    sources = {
        source_id: SourceRecord(
            source_id,
            "video",
            f"/{source_id}.mp4",
            64,
            48,
            None if times.duration_s == math.inf else times.duration_s,
            times.recorded_at_s,
            1 / times.period_s if times.period_s else None,
        )
        for source_id, times in TIMES.items()
    }
    read = Identity.decode_overview("p1", "", identity.encode_overview(person.rows.json()))
    whole = person_of(read, sources).within(lambda _: True)
    assert whole is not None
    assert whole.seconds == read.seconds
