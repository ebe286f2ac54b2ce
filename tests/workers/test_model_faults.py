"""Models that fail on a frame or a face: it is left out, counted and said, and the others are not lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from uuid import uuid4

import cv2
import numpy as np
import pytest
from faulty_models import with_detector, with_embedder
from films import FPS, INDEX_STEP, Film, Image, pair, solo

from storage.connection import RedisHandle
from storage.keys import Keys
from storage.sample_queue import Entry, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.errors import InferenceError
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.model_faults import ModelFaults
from workers.models.detection import BgrImage
from workers.models.pack import Pack

SETTINGS = FaceWorkerSettings(min_face_px=30)


def process(
    handle: RedisHandle, pack: Pack, pictures: list[Image], *, photo: bool = False
) -> tuple[list[Entry], ModelFaults]:
    """Process a film in a collection of its own."""
    queue = SampleQueue(handle.client, Keys(f"test-{uuid4().hex}"))
    worker = FaceWorker(pack, queue, SETTINGS)
    worker.run(Film(pictures), 0.0, len(pictures) / FPS, threading.Event(), photo=photo)
    queue.prepare()
    return [d.entry for d in queue.receive("test", 1000, block_ms=1) if d.entry is not None], worker.faults


def marked(picture: Image) -> Image:
    """The same picture, with a corner by which it is known."""
    result = picture.copy()
    result[:4, :4] = 255
    return result


def is_marked(image: BgrImage) -> bool:
    return bool((image[:4, :4] == 255).all())


def failing(error: Exception) -> Callable[[BgrImage], None]:
    def before(image: BgrImage) -> None:
        if is_marked(image):
            raise error

    return before


def ended(entries: list[Entry]) -> list[TrackRecord]:
    return [entry for entry in entries if isinstance(entry, TrackRecord) and entry.ended]


@pytest.mark.parametrize(
    "error",
    [
        InferenceError("det.onnx: failed on an input: bad allocation", model="det.onnx"),
        MemoryError(),
        cv2.error("Insufficient memory"),
        ValueError("shapes differ"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_frame_that_the_detector_fails_on_is_left_out_and_its_tracks_go_on(
    handle: RedisHandle, open_pack: Pack, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [pair()] * 4 + [marked(pair())] + [pair()] * 4
    with caplog.at_level(logging.WARNING):
        entries, faults = process(handle, with_detector(open_pack, failing(error)), pictures)
    assert (faults.frames, faults.faces, faults.first_s) == (1, 0, 4 / FPS)
    assert "the models failed on 1 frame, left out, the first at 0.8 s" in str(faults)
    assert [record.message for record in caplog.records if "film: at 0.8 s" in record.message]
    tracks = ended(entries)
    assert len(tracks) == 2
    for track in tracks:
        assert (track.observations["frame"] // INDEX_STEP).tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    # The rest of the stretch is done.
    (done,) = (entry for entry in entries if isinstance(entry, SegmentDone))
    assert (done.sampled, done.complete) == (9, True)


def test_a_face_without_a_usable_vector_is_left_out_and_the_others_are_known(
    handle: RedisHandle, open_pack: Pack
) -> None:
    pictures = [pair()] * 6
    whole, _ = process(handle, open_pack, pictures)
    chips: list[BgrImage] = []
    # The face that is the brighter one, whichever that is.
    spy = with_embedder(open_pack, lambda chip: bool(chips.append(chip)))  # type: ignore[func-returns-value]
    process(handle, spy, pictures)
    means = sorted(float(chip.mean()) for chip in chips)
    between = (means[0] + means[-1]) / 2

    entries, faults = process(handle, with_embedder(open_pack, lambda chip: chip.mean() > between), pictures)

    assert faults.faces > 0
    assert faults.frames == 0
    (track,) = ended(entries)
    assert track.track_id in {t.track_id for t in ended(whole)}
    samples = [entry for entry in entries if isinstance(entry, FaceSample)]
    assert {sample.track_id for sample in samples} == {track.track_id}
    assert all(np.isfinite(sample.vector).all() for sample in samples)


def test_a_track_of_which_some_faces_fail_is_told_by_the_others(handle: RedisHandle, open_pack: Pack) -> None:
    count = 0

    def is_bad(_chip: BgrImage) -> bool:
        nonlocal count
        count += 1
        return count in (1, 2)

    entries, faults = process(handle, with_embedder(open_pack, is_bad), [solo()] * 12)
    (track,) = ended(entries)
    assert faults.faces == 1
    assert 1 <= len(track.sample_ids) <= 3
    assert len(track.observations) == 12


def test_a_model_that_does_nothing_but_fail_is_an_error(handle: RedisHandle, open_pack: Pack) -> None:
    broken = with_detector(open_pack, failing(InferenceError("the GPU is gone", model="m")))
    with pytest.raises(InferenceError, match="the GPU is gone"):
        process(handle, broken, [marked(solo())] * 60)


def test_a_photo_that_the_detector_fails_on_is_not_done(handle: RedisHandle, open_pack: Pack) -> None:
    broken = with_detector(open_pack, failing(MemoryError()))
    with pytest.raises(InferenceError, match="the models failed on it: MemoryError"):
        process(handle, broken, [marked(pair())], photo=True)
