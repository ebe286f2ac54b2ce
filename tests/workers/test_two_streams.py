"""Tracks of a small picture that has a larger one of the same moment beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from shooting import STEP_S, Shooting, frames_of, written

from storage.sample_record import FaceSample
from storage.track_record import TrackRecord
from stream.detail import Detail
from stream.frame import Frame
from workers.models.detection import Detection
from workers.models.pack import Pack
from workers.track_builder import Batch, TrackBuilder

Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def small_picture(group_image: Image) -> Image:
    """The sub-stream's picture, of which the group is the main stream's."""
    return np.asarray(cv2.resize(group_image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.uint8)


def small(detection: Detection) -> Detection:
    """The face in the picture of a quarter the size."""
    return replace(
        detection, box_xyxy=detection.box_xyxy / 4, landmarks=(detection.landmarks + 0.5) / 4 - 0.5
    )


class TwoStreams:
    """Feeds a builder with small pictures that may have a large one beside them."""

    def __init__(self, pack: Pack, image: Image) -> None:
        self.asked = 0
        self._image = image
        self._builder = TrackBuilder(pack, "c-1")
        self._batches: list[Batch] = []
        self._shown = 0

    def show(self, detections: Sequence[Detection], detail: Image | None, times: int = 1) -> None:
        for _ in range(times):
            beside = None if detail is None else self._detail(detail)
            at_s = self._shown * STEP_S
            frame = Frame("c-1", self._shown * 5, at_s, None, self._image.copy(), beside)
            self._batches.append(self._builder.add(frame, detections)[0])
            self._shown += 1

    def end(self) -> tuple[TrackRecord, list[FaceSample]]:
        """The only track, and its samples."""
        self._batches.append(self._builder.end(at_cut=True))
        (track,) = self._batches[-1].tracks
        samples = {s.sample_id: s for batch in self._batches for s in batch.samples}
        return track, [samples[sample_id] for sample_id in track.sample_ids]

    def _detail(self, image: Image) -> Detail:
        def convert() -> Image:
            self.asked += 1
            return image.copy()

        return Detail((image.shape[1], image.shape[0]), convert)


@pytest.fixture
def two_streams(open_pack: Pack, small_picture: Image) -> TwoStreams:
    return TwoStreams(open_pack, small_picture)


def likeness(sample: FaceSample, other: FaceSample) -> float:
    return float(sample.vector @ other.vector)


@pytest.fixture(scope="module")
def truth(open_pack: Pack, group_image: Image, one: Detection) -> FaceSample:
    """The face in full size."""
    whole = Shooting(TrackBuilder(open_pack, "v-1"))
    whole.show(group_image, one, times=3)
    return whole.samples_of(whole.end()[0])[0]


def test_samples_are_cut_out_of_the_larger_picture_and_tell_more(
    open_pack: Pack,
    two_streams: TwoStreams,
    small_picture: Image,
    group_image: Image,
    one: Detection,
    truth: FaceSample,
) -> None:
    alone = TwoStreams(open_pack, small_picture)
    alone.show([small(one)], None, times=4)
    without, blurry = alone.end()
    # What moved between the two pictures is found where it is.
    two_streams.show([small(one)], np.roll(group_image, 12, axis=1), times=4)
    track, sharp = two_streams.end()
    np.testing.assert_array_equal(track.observations["box_xyxy"], without.observations["box_xyxy"])
    for far, near in zip(blurry, sharp, strict=True):
        np.testing.assert_array_equal(near.box_xyxy, small(one).box_xyxy)
        assert near.size_px > 3 * far.size_px
        assert near.effective_px > 3 * far.effective_px
        assert near.quality > 2 * far.quality
        assert likeness(near, truth) > likeness(far, truth)
        crops = [cv2.imdecode(np.frombuffer(s.crop_jpeg, np.uint8), 1) for s in (far, near) if s.crop_jpeg]
        assert [len(crop) for crop in crops] == sorted(len(crop) for crop in crops)
    assert likeness(sharp[0], truth) > 0.99


def test_a_face_that_the_larger_picture_does_not_show_is_cut_out_of_the_smaller_one(
    open_pack: Pack, two_streams: TwoStreams, small_picture: Image, group_image: Image, one: Detection
) -> None:
    alone = TwoStreams(open_pack, small_picture)
    for streams, detail in ((alone, None), (two_streams, np.full_like(group_image, 90))):
        streams.show([small(one)], detail, times=4)
    assert [written([Batch(tuple(s), (t,))]) for t, s in (alone.end(),)] == [
        written([Batch(tuple(s), (t,))]) for t, s in (two_streams.end(),)
    ]


def test_a_damaged_larger_picture_costs_nothing_else(
    open_pack: Pack, small_picture: Image, group_image: Image, one: Detection
) -> None:
    builder = TrackBuilder(open_pack, "c-1")
    height, width = group_image.shape[:2]
    for k in range(3):
        frame = Frame(
            "c-1", k * 5, k * STEP_S, None, small_picture.copy(), Detail((width, height), lambda: None)
        )
        builder.add(frame, [small(one)])
    (track,) = builder.end(at_cut=True).tracks
    assert frames_of(track) == [0, 1, 2]


def test_frames_with_a_larger_picture_are_preferred(
    two_streams: TwoStreams, group_image: Image, one: Detection
) -> None:
    # Of each stretch of two frames, now the first and now the second has one.
    for first in (group_image, None, group_image):
        two_streams.show([small(one)], first)
        two_streams.show([small(one)], None if first is not None else group_image)
    _, samples = two_streams.end()
    assert [sample.frame // 5 for sample in samples] == [0, 3, 4]
    assert min(sample.size_px for sample in samples) > 100


def test_larger_pictures_are_converted_for_faces_that_become_samples(
    two_streams: TwoStreams, group_image: Image, one: Detection
) -> None:
    two_streams.show([], group_image, times=3)
    assert two_streams.asked == 0
    two_streams.show([small(one)], group_image, times=40)
    # Eight stretches at most, which widen twice or so meanwhile.
    assert 4 <= two_streams.asked <= 26
