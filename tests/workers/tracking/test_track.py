import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_faces import face

from workers.models.detection import Detection
from workers.tracking.track import LiveTrack, Observation


def seen(index: int, media_s: float, x: float, y: float = 100.0, *, side: float = 100.0) -> Observation:
    return Observation(index, media_s, face(x, y, side=side))


def followed(*observations: Observation) -> LiveTrack:
    track = LiveTrack(0, [observations[0]])
    for observation in observations[1:]:
        track.add(observation)
    return track


def at(detection: Detection) -> list[float]:
    return [float(v) for v in detection.box_xyxy]


def test_begins_and_ends_with_its_first_and_last_observation() -> None:
    track = followed(seen(0, 1.0, 100), seen(5, 1.2, 110), seen(10, 1.4, 120))
    assert track.last_s == 1.4
    assert track.last is track.observations[-1]
    assert [o.index for o in track.observations] == [0, 5, 10]


def test_a_face_seen_once_is_expected_where_it_was() -> None:
    track = followed(seen(0, 0.0, 100))
    assert track.predicted_xyxy(0.4).tolist() == at(track.last.detection)


def test_a_face_that_moved_is_expected_to_go_on() -> None:
    track = followed(seen(0, 0.0, 100, 50), seen(5, 0.2, 110, 70))
    # 50 px/s to the right and 100 px/s down, for another 0.2 s.
    assert track.predicted_xyxy(0.4).tolist() == pytest.approx(at(face(120, 90)))


def test_the_expected_box_keeps_the_size_of_the_last_one() -> None:
    track = followed(seen(0, 0.0, 100, side=80), seen(5, 0.2, 100, side=90))
    assert track.predicted_xyxy(0.4).tolist() == pytest.approx(at(face(100, side=90)))


def test_a_new_speed_is_taken_on_in_part() -> None:
    track = followed(seen(0, 0.0, 100), seen(5, 0.2, 100), seen(10, 0.4, 120))
    # 100 px/s measured after standing still: six tenths of it count.
    assert track.predicted_xyxy(0.5).tolist() == pytest.approx(at(face(126)))


def test_nobody_is_expected_to_go_on_for_longer_than_six_tenths_of_a_second() -> None:
    track = followed(seen(0, 0.0, 100), seen(5, 0.2, 120))
    limit = track.predicted_xyxy(0.8).tolist()
    assert limit == pytest.approx(at(face(180)))
    assert track.predicted_xyxy(5.0).tolist() == pytest.approx(limit)


def test_nobody_is_expected_to_go_back_in_time() -> None:
    track = followed(seen(0, 0.0, 100), seen(5, 0.2, 120))
    assert track.predicted_xyxy(0.1).tolist() == pytest.approx(at(face(120)))


def test_two_frames_of_one_time_leave_the_speed_alone() -> None:
    track = followed(seen(0, 0.0, 100), seen(5, 0.2, 110), seen(6, 0.2, 300))
    assert track.predicted_xyxy(0.4).tolist() == pytest.approx(at(face(310)))


@pytest.mark.parametrize("apart_s", [0.001, 0.02])
def test_two_frames_right_after_each_other_tell_no_speed(apart_s: float) -> None:
    # A face that stands still, and a detector that is a pixel off.
    track = followed(*(seen(k, k / 5, 100) for k in range(5)), seen(5, 0.8 + apart_s, 101))
    assert track.predicted_xyxy(1.4).tolist() == pytest.approx(at(face(101)), abs=3)


def test_the_second_of_two_such_frames_tells_nothing_alone() -> None:
    track = followed(seen(0, 0.0, 100), seen(1, 0.001, 101))
    assert track.predicted_xyxy(0.4).tolist() == at(face(101))


def test_nobody_is_expected_to_go_on_by_more_than_their_own_size() -> None:
    track = followed(seen(0, 0.0, 100), seen(5, 0.2, 160), seen(10, 0.4, 220))
    # 300 px/s, and a face of 100 px.
    assert track.predicted_xyxy(0.6).tolist() == pytest.approx(at(face(280)))
    assert track.predicted_xyxy(1.0).tolist() == pytest.approx(at(face(320)))


@settings(max_examples=50, deadline=None)
@given(st.integers(-110, 110), st.integers(-110, 110), st.lists(st.integers(1, 15), min_size=2, max_size=8))
def test_steady_motion_is_foreseen_whatever_the_frame_rate(vx: int, vy: int, ticks: list[int]) -> None:
    times_s = [0.0, *np.cumsum([t / 25 for t in ticks]).tolist()]
    *past, next_s = times_s
    track = followed(*(seen(i, t, 500 + vx * t, 500 + vy * t) for i, t in enumerate(past)))
    expected = at(face(500 + vx * next_s, 500 + vy * next_s))
    assert track.predicted_xyxy(next_s).tolist() == pytest.approx(expected, abs=0.05)
