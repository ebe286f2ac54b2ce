from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_faces import centre_x, face, person_of

from workers.models.detection import Detection
from workers.tracking.track import LiveTrack
from workers.tracking.tracker import Tracker, TrackerSettings

STEP_S = 0.2


@dataclass
class Eyes:
    """Tells whether two made-up faces are of one person, and keeps what it was asked."""

    asked: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, track: LiveTrack, detection: Detection) -> bool:
        before, now = person_of(track.last.detection), person_of(detection)
        self.asked.append((before, now))
        return before == now


def follow(tracker: Tracker, frames: Sequence[Sequence[Detection]], start: int = 0) -> list[LiveTrack]:
    """Take in frames 0.2 s apart; all tracks that were seen in them, in the order of their numbers."""
    seen: dict[int, LiveTrack] = {}
    for k, detections in enumerate(frames, start):
        for track in tracker.step(k * 5, k * STEP_S, detections).seen:
            seen[track.number] = track
    return [seen[number] for number in sorted(seen)]


def people(tracks: Sequence[LiveTrack]) -> list[set[int]]:
    """Who each track shows."""
    return [{person_of(o.detection) for o in track.observations} for track in tracks]


def frames_of(track: LiveTrack) -> list[int]:
    return [o.index // 5 for o in track.observations]


def test_a_face_that_stays_is_one_track() -> None:
    (track,) = follow(Tracker(), [[face(100)]] * 6)
    assert frames_of(track) == [0, 1, 2, 3, 4, 5]
    assert track.last_s == pytest.approx(1.0)


def test_a_face_that_walks_is_one_track() -> None:
    # 40 px between frames, two fifths of the face.
    (track,) = follow(Tracker(), [[face(100 + 40 * k)] for k in range(8)])
    assert len(track.observations) == 8


def test_a_face_that_stops_suddenly_is_still_the_same() -> None:
    # It is expected 72 px further, but stays where it was last.
    (track,) = follow(Tracker(), [[face(100)], [face(145)], [face(235)], [face(235)]])
    assert len(track.observations) == 4


def test_faces_far_apart_are_tracks_of_their_own() -> None:
    frames = [[face(100 + 10 * k, person=0), face(600 - 10 * k, person=1)] for k in range(6)]
    tracks = follow(Tracker(), frames)
    assert people(tracks) == [{0}, {1}]
    assert [t.number for t in tracks] == [0, 1]


def test_the_order_of_detections_does_not_matter() -> None:
    frames = [[face(100, person=0), face(400, person=1), face(700, person=2)] for _ in range(4)]
    turned = [frames[0], frames[1][::-1], frames[2][1:] + frames[2][:1], frames[3]]
    assert people(follow(Tracker(), turned)) == [{0}, {1}, {2}]


def test_tells_the_tracks_in_the_order_of_the_detections() -> None:
    tracker = Tracker()
    first = tracker.step(0, 0.0, [face(100, person=0), face(400, person=1)])
    second = tracker.step(5, 0.2, [face(700, person=2), face(400, person=1), face(100, person=0)])
    assert [person_of(t.last.detection) for t in second.seen] == [2, 1, 0]
    assert second.seen[1:] == first.seen[::-1]
    assert first.ended == second.ended == ()


@pytest.mark.parametrize("step_px", [10, 25, 40])
def test_two_faces_that_cross_keep_their_tracks(step_px: int) -> None:
    count = 600 // step_px
    frames = [
        [face(100 + step_px * k, person=0), face(700 - step_px * k, 120, person=1)] for k in range(count)
    ]
    tracks = follow(Tracker(alike=Eyes()), frames)
    assert people(tracks) == [{0}, {1}]
    assert [len(t.observations) for t in tracks] == [count, count]


def test_a_face_behind_another_comes_back_into_its_track() -> None:
    # For two frames the detector sees only the one in front.
    frames = []
    for k in range(16):
        near, far = face(100 + 40 * k, person=0), face(700 - 40 * k, 110, person=1)
        frames.append([near] if abs(centre_x(near) - centre_x(far)) < 50 else [near, far])
    assert [len(f) for f in frames].count(1) == 2
    tracks = follow(Tracker(alike=Eyes()), frames)
    assert people(tracks) == [{0}, {1}]
    assert [len(t.observations) for t in tracks] == [16, 14]


def test_rivals_are_told_apart_by_their_faces() -> None:
    eyes = Eyes()
    tracker = Tracker(alike=eyes)
    frames = [[face(100, person=0), face(120, person=1)], [face(105, person=0), face(125, person=1)]]
    assert people(follow(tracker, frames)) == [{0}, {1}]
    assert set(eyes.asked) == {(0, 0), (1, 1)}


@pytest.mark.parametrize(
    ("before", "now", "asked", "other"),
    [
        ([(100, 0)], [(105, 1), (112, 2)], (0, 1), (0, 2)),
        ([(100, 0), (107, 1)], [(112, 2)], (1, 2), (0, 2)),
    ],
)
def test_a_second_track_or_detection_nearby_makes_a_good_overlap_doubtful(
    before: list[tuple[float, int]],
    now: list[tuple[float, int]],
    asked: tuple[int, int],
    other: tuple[int, int],
) -> None:
    eyes = Eyes()
    frames = [[face(x, person=person) for x, person in frame] for frame in (before, now)]
    assert len(follow(Tracker(alike=eyes), frames)) == 3
    # Whoever else may be there is asked about next.
    assert eyes.asked == [asked, other]


def test_nobody_is_asked_where_overlap_leaves_no_doubt() -> None:
    eyes = Eyes()
    frames = [[face(100 + 5 * k), face(400 - 5 * k, person=1)] for k in range(6)]
    assert len(follow(Tracker(alike=eyes), frames)) == 2
    assert eyes.asked == []


def test_a_stranger_in_a_doubtful_place_starts_a_track() -> None:
    eyes = Eyes()
    tracks = follow(Tracker(alike=eyes), [[face(100, person=0)], [face(170, person=1)]])
    assert people(tracks) == [{0}, {1}]
    assert eyes.asked == [(0, 1)]


def test_the_same_face_in_a_doubtful_place_goes_on() -> None:
    eyes = Eyes()
    (track,) = follow(Tracker(alike=eyes), [[face(100)], [face(170)]])
    assert eyes.asked == [(0, 0)]
    assert len(track.observations) == 2


def test_doubtful_links_are_not_made_blindly() -> None:
    assert len(follow(Tracker(), [[face(100)], [face(170)]])) == 2


def test_a_place_out_of_reach_is_never_a_link() -> None:
    eyes = Eyes()
    assert len(follow(Tracker(alike=eyes), [[face(100)], [face(191)]])) == 2
    assert eyes.asked == []
    assert len(follow(Tracker(alike=eyes), [[face(100)], [face(189)]])) == 1


def test_reach_grows_with_the_face() -> None:
    assert len(follow(Tracker(alike=Eyes()), [[face(100, side=200)], [face(270, side=200)]])) == 1
    assert len(follow(Tracker(alike=Eyes()), [[face(100, side=50)], [face(170, side=50)]])) == 2


def test_reach_goes_by_the_larger_of_the_two_boxes() -> None:
    for before, now in ((100, 170), (170, 100)):
        assert len(follow(Tracker(alike=Eyes()), [[face(100, side=before)], [face(230, side=now)]])) == 1


@pytest.mark.parametrize(("step_px", "count"), [(47, 1), (49, 2)])
def test_a_third_of_overlap_is_where_doubt_begins(step_px: int, count: int) -> None:
    # 53 of 147 px are common, 51 of 149 are not quite 0.35.
    assert len(follow(Tracker(), [[face(100)], [face(100 + step_px)]])) == count


@pytest.mark.parametrize(("side", "count"), [(175, 1), (185, 2), (57, 1), (54, 2)])
def test_a_face_grows_and_shrinks_within_bounds(side: float, count: int) -> None:
    assert len(follow(Tracker(alike=Eyes()), [[face(100, side=100)], [face(100, side=side)]])) == count


def test_an_overlap_that_suffices_needs_no_look() -> None:
    loose = TrackerSettings(sure_iou=0.15)
    assert len(follow(Tracker(loose), [[face(100)], [face(170)]])) == 1


@pytest.mark.parametrize(("hidden", "count"), [(1, 1), (3, 1), (4, 1), (5, 2), (9, 2)])
def test_a_face_out_of_sight_for_a_second_is_not_lost(hidden: int, count: int) -> None:
    # With `hidden` empty frames, (hidden + 1) / 5 s lie between the two sights.
    frames: list[list[Detection]] = [[face(100)], *([[]] * hidden), [face(100)]]
    assert len(follow(Tracker(), frames)) == count


def test_a_walking_face_is_found_behind_a_pillar() -> None:
    walk = [[face(100 + 30 * k)] for k in range(9)]
    walk[4] = walk[5] = []
    (track,) = follow(Tracker(alike=Eyes()), walk)
    assert frames_of(track) == [0, 1, 2, 3, 6, 7, 8]


def sparse(*frames: Sequence[Detection], period_s: float, alike: Eyes | None = None) -> list[LiveTrack]:
    """All tracks of frames that lie further apart than usual."""
    tracker, seen = Tracker(alike=alike), dict[int, LiveTrack]()
    for k, detections in enumerate(frames):
        step = tracker.step(k, k * period_s, detections)
        seen |= {track.number: track for track in step.seen}
        assert tracker.period_s == (period_s if k else 0.0)
    return list(seen.values())


def test_where_frames_are_sparse_faces_are_followed_by_their_looks() -> None:
    eyes = Eyes()
    assert people(sparse([face(100)], [face(100)], [face(100)], period_s=2.0, alike=eyes)) == [{0}]
    assert eyes.asked == [(0, 0), (0, 0)]
    assert people(sparse([face(100)], [face(100, person=1)], period_s=2.0, alike=Eyes())) == [{0}, {1}]


def test_where_frames_are_sparse_a_place_alone_is_no_link() -> None:
    assert len(sparse([face(100)], [face(100)], period_s=1.0)) == 1
    assert len(sparse([face(100)], [face(100)], period_s=1.1)) == 2


@pytest.mark.parametrize(("hidden", "count"), [(1, 1), (2, 2)])
def test_where_frames_are_sparse_tracks_survive_two_and_a_half_of_them(hidden: int, count: int) -> None:
    frames = [[face(100)], [face(100)], *([[]] * hidden), [face(100)]]
    assert len(sparse(*frames, period_s=3.0, alike=Eyes())) == count


@pytest.mark.parametrize(
    "times_s",
    [
        sorted([*(2.0 * k for k in range(20)), *(2.0 * k + 0.1 for k in range(0, 20, 8))]),
        [0.0, 0.5, *(2.5 + 2.0 * k for k in range(20))],
        [*itertools.accumulate([1.2, 0.3, 1.6, 1.1] * 6)],
    ],
    ids=["keyframes with one more now and then", "a short first interval", "irregular"],
)
def test_one_short_interval_ends_nobody_who_is_seen_in_all_frames(times_s: list[float]) -> None:
    tracker, seen = Tracker(alike=Eyes()), dict[int, LiveTrack]()
    for index, media_s in enumerate(times_s):
        step = tracker.step(index, media_s, [face(100)])
        seen |= {track.number: track for track in step.seen}
    longest = max(seen.values(), key=lambda track: len(track.observations))
    assert len(longest.observations) >= len(times_s) - 2
    assert len(seen) <= 2


def test_a_track_out_of_sight_ends_once_after_a_second() -> None:
    tracker = Tracker()
    (track,) = tracker.step(0, 0.0, [face(100)]).seen
    assert tracker.step(25, 1.0, []).ended == ()
    assert tracker.live == (track,)
    assert tracker.step(26, 1.04, []).ended == (track,)
    assert tracker.live == ()
    assert tracker.step(30, 1.2, []).ended == ()
    assert tracker.end() == ()


def test_an_ended_track_never_grows_again() -> None:
    tracker = Tracker()
    (track,) = tracker.step(0, 0.0, [face(100)]).seen
    tracker.step(5, 0.2, [])
    step = tracker.step(50, 2.0, [face(100)])
    assert step.ended == (track,)
    assert step.seen[0] is not track
    assert len(track.observations) == 1


def test_everything_ends_at_a_cut() -> None:
    tracker = Tracker()
    before = follow(tracker, [[face(100), face(400)]] * 3)
    assert list(tracker.end()) == before
    assert tracker.live == ()
    after = follow(tracker, [[face(100), face(400)]], start=3)
    assert [t.number for t in after] == [2, 3]
    assert [len(t.observations) for t in before] == [3, 3]


def test_live_tracks_are_told_oldest_first() -> None:
    tracker = Tracker()
    tracker.step(0, 0.0, [face(500)])
    tracker.step(5, 0.2, [face(100), face(500)])
    assert [t.number for t in tracker.live] == [0, 1]
    assert [centre_x(t.last.detection) for t in tracker.live] == [500, 100]


def test_the_nearer_of_two_detections_goes_on() -> None:
    first, second = follow(Tracker(alike=Eyes()), [[face(100)], [face(150), face(105)], [face(105)]])
    assert [centre_x(o.detection) for o in first.observations] == [100, 105, 105]
    assert [centre_x(o.detection) for o in second.observations] == [150]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        # As far away, but of another size.
        (face(120, side=100), face(120, side=60)),
        # Inside the last box both, so that their overlap is the same.
        (face(102, side=70), face(114, side=70)),
    ],
)
def test_overlap_and_distance_both_count(right: Detection, wrong: Detection, turned: bool) -> None:
    tracker = Tracker(alike=Eyes())
    (track,) = tracker.step(0, 0.0, [face(100)]).seen
    tracker.step(5, 0.2, [wrong, right] if turned else [right, wrong])
    assert track.last.detection is right


@pytest.mark.parametrize("turned", [False, True])
def test_a_doubtful_face_is_looked_at_although_there_is_one_that_is_out_of_the_question(turned: bool) -> None:
    found = [face(170, person=0), face(900, person=1)]
    tracks = follow(Tracker(alike=Eyes()), [[face(100, person=0)], found[::-1] if turned else found])
    assert people(tracks) == [{0}, {1}]


films = st.lists(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2)), max_size=5, unique_by=lambda d: d[0]),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(films)
def test_every_detection_is_in_one_track_and_every_track_ends_once(
    film: list[list[tuple[int, int]]],
) -> None:
    tracker = Tracker(alike=Eyes())
    told: list[LiveTrack] = []
    detections = [[face(60 * x, person=person) for x, person in frame] for frame in film]
    for k, found in enumerate(detections):
        step = tracker.step(k * 5, k * STEP_S, found)
        assert [t.last.detection for t in step.seen] == found
        assert len({t.number for t in step.seen}) == len(found)
        told += step.ended
    told += tracker.end()
    assert len({t.number for t in told}) == len(told)
    in_tracks = [o.detection for track in told for o in track.observations]
    assert sorted(map(id, in_tracks)) == sorted(id(d) for found in detections for d in found)
    for track in told:
        times = [o.media_s for o in track.observations]
        assert all(0 < b - a <= 1.0 + 1e-9 for a, b in itertools.pairwise(times))


@settings(max_examples=25, deadline=None)
@given(films)
def test_the_same_film_gives_the_same_tracks(film: list[list[tuple[int, int]]]) -> None:
    frames = [[face(60 * x, person=person) for x, person in frame] for frame in film]
    runs = [
        [[(o.index, centre_x(o.detection)) for o in t.observations] for t in follow(Tracker(alike=Eyes()), f)]
        for f in (frames, frames)
    ]
    assert runs[0] == runs[1]


# Where the picture changes under a face --------------------------------------------------------------------


def test_where_the_picture_changed_the_faces_decide() -> None:
    eyes = Eyes()
    jump_cut = [[face(100, person=0)]] * 3 + [[face(100, person=1)]] * 3
    tracker = Tracker(alike=eyes, changed=lambda track, _: track.last.index == 10)
    assert people(follow(tracker, jump_cut)) == [{0}, {1}]
    assert eyes.asked[0] == (0, 1)


def test_whoever_is_not_the_likeliest_one_may_be_the_next() -> None:
    # The first is expected right there, the second a little beside; it is the second who is there.
    frames = [[face(100, person=0), face(125, person=1)], [face(104, person=1)]]
    assert people(follow(Tracker(alike=Eyes()), frames)) == [{0}, {1}]


def test_who_is_still_there_after_the_picture_changed_goes_on() -> None:
    tracker = Tracker(alike=Eyes(), changed=lambda *_: True)
    assert people(follow(tracker, [[face(100)]] * 6)) == [{0}]


def test_where_nothing_changed_no_face_is_looked_at() -> None:
    eyes = Eyes()
    tracker = Tracker(alike=eyes, changed=lambda *_: False)
    (track,) = follow(tracker, [[face(100, person=0)]] * 3 + [[face(100, person=1)]] * 3)
    assert people([track]) == [{0, 1}]
    assert eyes.asked == []
