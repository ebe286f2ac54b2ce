from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import CALIBRATION, Cast

from storage.sample_record import BareSample, FaceSample
from storage.template_record import template_dtype
from storage.track_record import TrackRecord
from workers.faces.crop import cut_crop
from workers.models.detection import Detection
from workers.models.pack import Pack
from workers.reembedding import embed_crops, renewed


def sample_of(image: np.ndarray, face: Detection, number: int) -> FaceSample:
    crop = cut_crop(image, face)
    sample = Cast().track(0, number, samples=1)[0]
    assert isinstance(sample, FaceSample)
    return replace(sample, crop_jpeg=crop.jpeg(), crop_landmarks=crop.landmarks)


def test_a_crop_gives_nearly_the_vector_that_its_picture_gave(
    open_pack: Pack, group_image: np.ndarray, group_faces: list[Detection], group_chips: list[np.ndarray]
) -> None:
    samples = [sample_of(group_image, face, number) for number, face in enumerate(group_faces)]
    known = open_pack.embedder.embed(group_chips)

    found = embed_crops(samples, open_pack.embedder)

    assert list(found) == [sample.sample_id for sample in samples]
    likeness = np.stack(list(found.values())) @ known.T
    assert np.diag(likeness).min() > 0.995
    assert (likeness.argmax(axis=1) == np.arange(6)).all()


def test_faces_without_a_usable_picture_are_left_out(
    open_pack: Pack,
    group_image: np.ndarray,
    group_faces: list[Detection],
    caplog: pytest.LogCaptureFixture,
) -> None:
    good = sample_of(group_image, group_faces[0], 0)
    bad = [
        replace(good, sample_id="none", crop_jpeg=b""),
        replace(good, sample_id="damaged", crop_jpeg=b"\xff\xd8 no picture"),
        replace(good, sample_id="pointless", crop_landmarks=np.zeros((5, 2), np.float32)),
    ]
    assert list(embed_crops([bad[0], good, *bad[1:]], open_pack.embedder)) == [good.sample_id]
    assert "picture of sample damaged is damaged" in caplog.text
    assert "sample pointless: source points are all equal" in caplog.text
    assert embed_crops([], open_pack.embedder) == {}


def a_track(samples: int) -> tuple[TrackRecord, dict[str, BareSample]]:
    *given, track = Cast().track(0, 1, samples=samples)
    assert isinstance(track, TrackRecord)
    found = {}
    for sample in given:
        assert isinstance(sample, FaceSample)
        facts = {name: getattr(sample, name) for name in BareSample.FIELDS}
        found[sample.sample_id] = BareSample(**facts, has_crop=True)
    return track, found


def test_a_track_keeps_what_is_recomputed_in_its_order_and_drops_the_rest() -> None:
    track, samples = a_track(4)
    first, second, third, fourth = track.sample_ids
    vectors = {i: Cast().vector(3, k) for k, i in enumerate((fourth, first, second))}
    del samples[second]

    found = renewed(track, samples, vectors, "new@1", CALIBRATION)

    assert list(found.vectors) == [first, fourth]
    assert found.dropped == (second, third)
    assert found.template is not None
    (row,) = np.frombuffer(found.template, template_dtype(len(vectors[first])))
    assert row["vector"].astype(np.float32) @ vectors[first] > 0.8
    assert (row["size_px"], row["photo"]) == (100.0, 0)


def test_a_track_without_pictures_has_nothing_to_compare() -> None:
    track, samples = a_track(2)
    found = renewed(track, samples, {}, "new@1", CALIBRATION)
    assert (found.vectors, found.dropped, found.template) == ({}, track.sample_ids, None)


def test_faces_that_cancel_out_can_not_be_searched_for(caplog: pytest.LogCaptureFixture) -> None:
    track, samples = a_track(2)
    vector = Cast().vector(0, 0)
    same = {i: replace(sample, quality=0.5) for i, sample in samples.items()}
    found = renewed(track, same, dict(zip(same, (vector, -vector), strict=True)), "new@1", CALIBRATION)
    assert found.template is None
    assert list(found.vectors) == list(track.sample_ids)
    assert "it can't be searched for" in caplog.text
