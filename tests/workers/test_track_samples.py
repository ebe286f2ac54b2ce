"""What is kept of a track: samples, whether it may found a person, clothes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from shooting import Shooting, blurred, frames_of

from stream.frame import Frame
from workers.faces.clothing import clothing_histogram
from workers.models.detection import Detection
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]

# Samples ------------------------------------------------------------------------------------------------


def test_a_long_track_has_four_samples_spread_over_it(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one, times=40)
    (track,) = shooting.end()
    times = [s.media_s for s in shooting.samples_of(track)]
    assert len(times) == 4
    assert times[0] < 1.6
    assert times[-1] > 8 - 2 * 1.6
    assert min(b - a for a, b in pairwise(times)) > 1.2


def test_the_sharp_faces_of_a_track_are_its_samples(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    soft = blurred(group_image)
    for k in range(24):
        shooting.show(group_image if k % 6 == 3 else soft, one)
    (track,) = shooting.end()
    # And the one that it was known by early.
    assert {s.frame // 5 for s in shooting.samples_of(track)} == {0, 3, 9, 15, 21}


def test_samples_say_what_they_were_made_from(
    shooting: Shooting, open_pack: Pack, group_image: Image, group_chips: list[Image], one: Detection
) -> None:
    shooting.show(group_image, one, times=3)
    (track,) = shooting.end()
    expected = open_pack.embedder.embed([group_chips[3]])[0]
    for sample in shooting.samples_of(track):
        assert sample.track_id == track.track_id
        assert sample.source_id == "v-1"
        assert sample.sample_id == f"{track.track_id}.{sample.frame}"
        assert sample.media_s == pytest.approx(sample.frame / 25)
        assert np.array_equal(sample.box_xyxy, one.box_xyxy)
        assert sample.score == one.score
        assert sample.model_id == open_pack.manifest.model_id
        assert sample.vector == pytest.approx(expected, abs=1e-5)
        assert 0 < sample.quality <= 1
        assert 100 < sample.size_px < 135
        assert sample.effective_px <= sample.size_px


def test_the_best_three_samples_have_crops(shooting: Shooting, group_image: Image, one: Detection) -> None:
    for k in range(4):
        # The longer, the more out of focus.
        shooting.show(blurred(group_image, 0.5 + k), one, times=4)
    (track,) = shooting.end()
    samples = shooting.samples_of(track)
    assert [bool(s.crop_jpeg) for s in samples] == [True, True, True, False]
    crop = cv2.imdecode(np.frombuffer(samples[0].crop_jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert 100 < crop.shape[0] == crop.shape[1] <= 256
    assert (samples[0].crop_landmarks > 0).all()
    assert (samples[0].crop_landmarks < crop.shape[0]).all()


def test_every_face_can_be_embedded(
    shooting: Shooting, open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    frame = Frame("v-1", 0, 0.0, None, group_image.copy())
    _, faces = shooting.builder.add(frame, group_faces[::-1])
    found = shooting.builder.embed_all(faces)
    assert [s.track_id for s in found] == [f"v-1.0.{order}" for order in range(6)]
    for sample, face in zip(found, group_faces, strict=True):
        assert np.array_equal(sample.box_xyxy, face.box_xyxy)
        assert sample.crop_jpeg == b""
        assert np.linalg.norm(sample.vector) == pytest.approx(1.0, abs=1e-5)
    likeness = np.stack([s.vector for s in found]) @ np.stack([s.vector for s in found]).T
    assert (likeness - np.eye(6)).max() < 0.98


# Founders, clothes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "founder"), [(2, False), (3, True)])
def test_a_track_of_three_sights_may_found_a_person(
    shooting: Shooting, group_image: Image, one: Detection, times: int, founder: bool
) -> None:
    shooting.show(group_image, one, times=times)
    assert [track.founder for track in shooting.end()] == [founder]


def test_frames_in_which_a_face_was_hidden_are_no_sights(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    shooting.show(group_image, one)
    shooting.show(group_image)
    shooting.show(group_image, one)
    (track,) = shooting.end()
    assert frames_of(track) == [0, 1, 2]
    assert not track.founder


@pytest.mark.parametrize(("size_px", "founder"), [(15, False), (30, True)])
def test_a_face_that_is_too_small_founds_nobody(
    shooting: Shooting, group_image: Image, one: Detection, size_px: int, founder: bool
) -> None:
    scale = size_px / float(np.sqrt(np.prod(one.box_xyxy[2:] - one.box_xyxy[:2])))
    small = np.asarray(cv2.resize(group_image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    shrunk = replace(one, box_xyxy=one.box_xyxy * scale, landmarks=one.landmarks * scale)
    shooting.show(small.astype(np.uint8), shrunk, times=5)
    assert [track.founder for track in shooting.end()] == [founder]


def test_clothes_are_kept_as_roots_of_colours(shooting: Shooting, group_image: Image, one: Detection) -> None:
    shooting.show(group_image, one, times=6)
    (track,) = shooting.end()
    worn = clothing_histogram(group_image, one.box_xyxy)
    assert worn is not None
    assert track.clothing is not None
    assert track.clothing.dtype == np.uint8
    assert track.clothing.astype(int) == pytest.approx(255 * np.sqrt(worn), abs=0.51)


def test_where_the_picture_ends_below_the_chin_there_are_no_clothes(
    shooting: Shooting, group_image: Image, one: Detection
) -> None:
    bottom = int(one.box_xyxy[3]) + 2
    shooting.show(np.ascontiguousarray(group_image[:bottom]), one, times=4)
    assert [track.clothing for track in shooting.end()] == [None]
