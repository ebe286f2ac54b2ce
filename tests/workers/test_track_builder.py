from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from faulty_models import with_embedder
from shooting import STEP_S, Shooting, blurred, frames_of, moved, put, with_side, written

from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.model_faults import ModelFaults
from workers.models.detection import Detection
from workers.models.pack import Pack
from workers.track_builder import Batch, TrackBuilder

Image = npt.NDArray[np.uint8]


# What becomes a track -----------------------------------------------------------------------------------


def test_a_face_gets_a_provisional_record_when_it_was_seen_for_sure_three_times(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=5)
    assert [len(batch.tracks) for batch in shooting.batches] == [0, 0, 1, 0, 0]
    (early,) = shooting.batches[2].tracks
    assert not early.ended
    assert frames_of(early) == [0, 1, 2]
    assert len(early.sample_ids) == 1
    assert set(early.sample_ids) <= set(shooting.samples())


def test_at_a_high_rate_a_face_must_be_there_as_long(
    open_pack: Pack, group_image: Image, one: Detection
) -> None:
    builder = TrackBuilder(open_pack, "v-1")
    records = []
    for k in range(30):
        batch, _ = builder.add(Frame("v-1", k, k / 50, None, group_image.copy()), [one])
        records += [(k, track.ended) for track in batch.tracks]
    # At five frames a second the third sight comes 0.4 s after the first, and so it does at fifty.
    assert records == [(20, False)]


@pytest.mark.parametrize(("rate", "first_s"), [(5, 0.0), (7, 0.13), (21, 0.05), (26, 0.0), (50, 0.11)])
def test_at_any_rate_a_face_may_found_a_person_soon_after_its_third_sight(
    open_pack: Pack, group_image: Image, one: Detection, rate: float, first_s: float
) -> None:
    builder = TrackBuilder(open_pack, "v-1")
    told_s: list[float] = []
    for k in range(rate):
        media_s = first_s + k / rate
        batch, _ = builder.add(Frame("v-1", k, media_s, None, group_image.copy()), [one])
        told_s += [media_s for track in batch.tracks if track.founder]
    # Once, and at the latest when it was there for three fifths of a second.
    (at_s,) = told_s
    assert at_s - first_s < 0.6 + 1 / rate


def test_somebody_who_comes_near_is_somebody_before_their_track_ends(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, with_side(one, 15), times=5)
    shooting.show(group_image, with_side(one, 24), times=5)
    told = [(k, track.founder) for k, batch in enumerate(shooting.batches) for track in batch.tracks]
    assert told == [(2, False), (5, True)]
    near = shooting.tracks()[-1]
    (last,) = shooting.end()
    assert (last.track_id, last.founder) == (near.track_id, True)
    assert set(near.sample_ids) < set(last.sample_ids)


def test_a_mistake_of_a_moment_is_no_face_at_any_rate(
    open_pack: Pack, group_image: Image, one: Detection
) -> None:
    builder = TrackBuilder(open_pack, "v-1")
    for k in range(8):
        builder.add(Frame("v-1", k, k / 50, None, group_image.copy()), [one])
    assert builder.end(at_cut=True).tracks == ()


@pytest.mark.parametrize(("period_s", "count"), [(1.001, 3), (2.0, 3), (10.0, 2)])
def test_at_a_low_rate_faces_are_followed_over_longer_gaps(
    open_pack: Pack, group_image: Image, one: Detection, period_s: float, count: int
) -> None:
    builder = TrackBuilder(open_pack, "v-1")
    for k in range(count):
        builder.add(Frame("v-1", k, k * period_s, None, group_image.copy()), [one])
    (track,) = builder.end(at_cut=True).tracks
    assert len(track.observations) == count
    assert track.founder


def test_the_last_record_replaces_the_provisional_one(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=12)
    (early,) = shooting.tracks()
    (last,) = shooting.end()
    assert last.track_id == early.track_id
    assert last.ended
    assert frames_of(last) == list(range(12))
    assert set(early.sample_ids) < set(last.sample_ids)


def test_a_better_look_later_does_not_lose_the_early_sample(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(blurred(group_image), one, times=3)
    (early,) = shooting.tracks()
    shooting.show(group_image, one, times=13)
    (last,) = shooting.end()
    assert set(early.sample_ids) < set(last.sample_ids)
    assert len(last.sample_ids) == 5
    frames = [s.frame for s in shooting.samples_of(last)]
    assert frames == sorted(frames)


@pytest.mark.parametrize(("seen", "sure", "tracks"), [(0, 0, 0), (5, 0, 0), (0, 1, 0), (1, 1, 1), (0, 2, 1)])
def test_what_was_not_seen_twice_and_once_for_sure_is_no_face(
    shooting: Shooting, group_image: Image, one: Detection, seen: int, sure: int, tracks: int
) -> None:
    shooting.show(group_image, replace(one, score=0.44), times=6)
    shooting.show(group_image, replace(one, score=0.46), times=seen)
    shooting.show(group_image, replace(one, score=0.61), times=sure)
    assert len(shooting.end()) == tracks
    assert (len(shooting.samples()) > 0) == (tracks > 0)


def test_whom_the_dark_hides_is_nobody_until_there_is_light(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    dark = (group_image * 0.05).astype(np.uint8)
    shooting.show(dark, one, times=6)
    assert shooting.end() == []
    shooting.show(dark, one, times=3)
    shooting.show(group_image, one, times=3)
    (track,) = shooting.end()
    # Seen from the beginning, once it is known that somebody was there.
    assert len(frames_of(track)) == 6


def test_nobody_seen_is_nothing_sent(shooting: Shooting, group_image: Image) -> None:
    shooting.show(group_image, times=3)
    assert shooting.end() == []
    assert shooting.samples() == {}


def test_ids_are_made_of_source_frame_and_place(
    shooting: Shooting, group_image: Image, group_faces: list[Detection]
) -> None:
    shooting.show(group_image, times=2)
    shooting.show(group_image, *group_faces[::-1], times=3)
    tracks = {track.track_id: track for track in shooting.end()}
    assert sorted(tracks) == [f"v-1.10.{order}" for order in range(6)]
    # From left to right, whatever order they were found in.
    lefts = [float(tracks[f"v-1.10.{order}"].observations["box_xyxy"][0, 0]) for order in range(6)]
    assert lefts == [float(face.box_xyxy[0]) for face in group_faces]


def test_the_same_pictures_give_the_same_records(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    runs = []
    for order in (1, -1):
        shooting = Shooting(TrackBuilder(open_pack, "v-1"))
        shooting.show(group_image, *group_faces[:4][::order], times=4)
        shooting.show(blurred(group_image, 2), *group_faces[:2][::order], times=2)
        shooting.end()
        runs.append(written(shooting.batches))
    assert len(runs[0]) > 8
    assert runs[0] == runs[1]


def test_a_track_ends_by_itself_when_its_face_is_gone(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    shooting.show(group_image, times=7)
    told = [(k, t.ended) for k, batch in enumerate(shooting.batches) for t in batch.tracks]
    # Last seen at 0.4 s, and more than a second ago at 1.6 s.
    assert told == [(2, False), (8, True)]
    assert frames_of(shooting.tracks()[-1]) == [0, 1, 2]
    assert shooting.end() == []


# Observations -------------------------------------------------------------------------------------------


def test_boxes_of_frames_without_a_sight_lie_between_their_neighbours(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=2)
    shooting.show(group_image, times=3)
    shooting.show(group_image, moved(one, 20, 8), times=2)
    (track,) = shooting.end()
    assert frames_of(track) == list(range(7))
    boxes = track.observations["box_xyxy"] - one.box_xyxy
    shift = np.array([0, 0, 0.25, 0.5, 0.75, 1, 1])[:, None] * [20, 8, 20, 8]
    assert boxes == pytest.approx(shift, abs=1e-3)
    scores = track.observations["score"]
    assert scores[[2, 3, 4]].tolist() == [0, 0, 0]
    assert scores[[0, 1, 5, 6]] == pytest.approx(one.score)


def test_observations_tell_frames_times_and_boxes_as_they_were_seen(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    for k in range(4):
        shooting.show(group_image, moved(one, 3.0 * k))
    (track,) = shooting.end()
    assert track.observations["frame"].tolist() == [0, 5, 10, 15]
    assert track.observations["media_s"].tolist() == [k * STEP_S for k in range(4)]
    for k in range(4):
        assert np.array_equal(track.observations["box_xyxy"][k], moved(one, 3.0 * k).box_xyxy)


def test_expects_faces_where_they_move_to(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    assert shooting.builder.expected_boxes(0.0).shape == (0, 4)
    shooting.show(group_image, one, two)
    shooting.show(group_image, moved(one, 10), two)
    expected = shooting.builder.expected_boxes(0.4)
    right = expected[expected[:, 0].argmax()]
    assert right == pytest.approx(moved(one, 20).box_xyxy, abs=1e-3)
    assert len(expected) == 2
    shooting.end()
    assert shooting.builder.expected_boxes(0.6).shape == (0, 4)


# Appearance ---------------------------------------------------------------------------------------------


def test_a_face_that_jumps_stays_in_its_track_by_its_looks(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    jump = round(float(one.box_xyxy[2] - one.box_xyxy[0]) * 0.7)
    shooting.show(np.roll(group_image, jump, axis=1), moved(one, jump), times=3)
    assert [frames_of(track) for track in shooting.end()] == [list(range(6))]


def test_another_face_beside_it_is_another_track(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    jump = round(float(one.box_xyxy[2] - one.box_xyxy[0]) * 0.7)
    shooting.show(*put(group_image, two, moved(one, jump)), times=3)
    assert [frames_of(track) for track in shooting.end()] == [[0, 1, 2], [3, 4, 5]]


def test_another_face_in_the_same_place_is_another_track(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    # Between two frames: a cut that nobody saw.
    shooting.show(group_image, one, times=8)
    shooting.show(*put(group_image, two, one), times=8)
    shooting.end()
    first, second = (track for track in shooting.tracks() if track.ended)
    assert (first.track_id, second.track_id) == ("v-1.0.0", "v-1.40.0")
    assert frames_of(first) == list(range(8))
    assert frames_of(second) == list(range(8, 16))


def test_however_many_take_turns_in_one_place_each_has_tracks_of_their_own(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    # Cuts between people framed alike, more of them than faces are kept.
    for _ in range(6):
        shooting.show(group_image, one, times=8)
        shooting.show(*put(group_image, two, one), times=8)
    shooting.end()
    tracks = [track for track in shooting.tracks() if track.ended]
    assert [frames_of(track) for track in tracks] == [list(range(k, k + 8)) for k in range(0, 96, 8)]
    vectors = [np.stack([s.vector for s in shooting.samples_of(track)]).mean(axis=0) for track in tracks]
    units = np.stack([vector / np.linalg.norm(vector) for vector in vectors])
    assert (units[::2] @ units[::2].T).min() > 0.95 > (units[::2] @ units[1::2].T).max()


def test_where_faces_can_not_be_embedded_their_place_is_all_there_is(
    open_pack: Pack, group_image: Image, one: Detection, two: Detection
) -> None:
    builder = TrackBuilder(with_embedder(open_pack, lambda _: True), "v-1", faults=ModelFaults())
    shooting = Shooting(builder)
    shooting.show(group_image, one, times=4)
    shooting.show(*put(group_image, two, one), times=4)
    assert builder.live == 1


def test_a_track_that_fades_to_another_face_is_split(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.give_way(group_image, one, two)
    first, second = shooting.end()
    assert (first.track_id, second.track_id) == ("v-1.0.0", "v-1.0.0.b")
    assert set(range(8)) <= set(frames_of(first))
    assert set(range(20, 28)) <= set(frames_of(second))
    assert [*frames_of(first), *frames_of(second)] == list(range(28))
    assert not set(first.sample_ids) & set(second.sample_ids)
    for track in (first, second):
        assert track.ended
        assert {s.track_id for s in shooting.samples_of(track)} == {track.track_id}
        assert {s.frame // 5 for s in shooting.samples_of(track)} <= set(frames_of(track))


def test_a_track_that_fades_to_another_face_and_back_is_three(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.give_way(group_image, one, two)
    shooting.fade(group_image, one, two, back=True)
    shooting.show(group_image, one, times=8)
    tracks = shooting.end()
    assert [track.track_id for track in tracks] == ["v-1.0.0", "v-1.0.0.b", "v-1.0.0.c"]
    assert [frame for track in tracks for frame in frames_of(track)] == list(range(48))
    vectors = [np.stack([s.vector for s in shooting.samples_of(track)]).mean(axis=0) for track in tracks]
    first, second, third = (vector / np.linalg.norm(vector) for vector in vectors)
    assert first @ third > 0.95 > first @ second


def test_landmarks_that_are_no_face_are_left_out(
    shooting: Shooting, group_image: Image, one: Detection, two: Detection
) -> None:
    shooting.show(group_image, one, replace(two, landmarks=np.full((5, 2), 7, np.float32)), times=3)
    assert len(shooting.end()) == 1


def test_a_track_of_one_face_is_not_split_by_blur(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=8)
    shooting.show(blurred(group_image, 3), one, times=8)
    assert [frames_of(track) for track in shooting.end()] == [list(range(16))]


# Photos -------------------------------------------------------------------------------------------------


@pytest.fixture
def photo(open_pack: Pack) -> Callable[..., list[TrackRecord]]:
    def take(image: Image, *faces: Detection) -> list[TrackRecord]:
        shooting = Shooting(TrackBuilder(open_pack, "i-1", photo=True))
        shooting.show(image, *faces)
        assert shooting.batches[0] == Batch()
        return shooting.end()

    return take


def test_a_photo_needs_one_sight(
    photo: Callable[..., list[TrackRecord]], group_image: Image, group_faces: list[Detection]
) -> None:
    tracks = photo(group_image, *group_faces)
    assert [track.track_id for track in tracks] == [f"i-1.0.{order}" for order in range(6)]
    for track in tracks:
        assert track.photo
        assert track.ended
        assert track.founder
        assert len(track.sample_ids) == len(track.observations) == 1


def test_an_unsure_face_of_a_photo_is_none(
    photo: Callable[..., list[TrackRecord]], group_image: Image, one: Detection, two: Detection
) -> None:
    assert len(photo(group_image, one, replace(two, score=0.59))) == 1
