"""Tracks go on over the border between two parts of a video where one face does, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from synthetic import CALIBRATION, Cast

from storage.sample_record import BareSample, FaceSample
from storage.track_record import TrackRecord
from workers.border_joining import ends_of, joined

BORDER_S = 10.0
CAST = Cast()


def track(
    person: int, number: int, start_s: float, **changes: object
) -> tuple[TrackRecord, list[FaceSample]]:
    *samples, record = CAST.track(person, number, start_s=start_s, **changes)  # type: ignore[arg-type]
    assert isinstance(record, TrackRecord)
    return record, [sample for sample in samples if isinstance(sample, FaceSample)]


def joins(
    *tracks: tuple[TrackRecord, list[FaceSample]], borders_s: tuple[float, ...] = (BORDER_S,)
) -> dict[str, str]:
    samples = {
        sample.sample_id: BareSample(
            **{name: getattr(sample, name) for name in BareSample.FIELDS}, has_crop=sample.has_crop
        )
        for _, found in tracks
        for sample in found
    }
    records = [record for record, _ in tracks]
    assert set(ends_of(records)) <= samples.keys()
    return {t.track_id: t.continues or "" for t in joined(records, samples, borders_s, CALIBRATION)}


def moved(found: tuple[TrackRecord, list[FaceSample]], by_px: float) -> tuple[TrackRecord, list[FaceSample]]:
    record, samples = found
    observations = record.observations.copy()
    observations["box_xyxy"] += np.float32(by_px)
    return replace(record, observations=observations), samples


def test_a_face_that_goes_on_is_joined() -> None:
    # Ten sights, five a second: from 8.0 to 9.8, and from 10.0.
    early, late = track(1, 1, 8.0), track(1, 2, 10.0)
    assert joins(early, late) == {late[0].track_id: early[0].track_id}
    assert joins(late, early) == {late[0].track_id: early[0].track_id}


def test_two_people_are_not_joined() -> None:
    assert joins(track(1, 1, 8.0), track(2, 2, 10.0)) == {}


def test_a_face_elsewhere_is_not_joined() -> None:
    assert joins(track(1, 1, 8.0), moved(track(1, 2, 10.0), 90)) == {}


def test_a_face_that_was_away_is_not_joined() -> None:
    assert joins(track(1, 1, 7.0), track(1, 2, 10.4)) == {}
    assert joins(track(1, 1, 6.0), track(1, 2, 10.0)) == {}


def test_only_borders_join() -> None:
    assert joins(track(1, 1, 8.0), track(1, 2, 10.0), borders_s=(20.0,)) == {}


def test_what_goes_on_already_stays_as_it_is() -> None:
    record, samples = track(1, 2, 10.0)
    assert joins(track(1, 1, 8.0), (replace(record, continues="v-1.0.0"), samples)) == {}


def test_neighbours_are_told_apart_by_their_places() -> None:
    left, right = track(1, 1, 8.0), moved(track(2, 2, 8.0), 60)
    left_again, right_again = track(1, 3, 10.0), moved(track(2, 4, 10.0), 60)
    assert joins(left, right, right_again, left_again) == {
        left_again[0].track_id: left[0].track_id,
        right_again[0].track_id: right[0].track_id,
    }


def test_tracks_without_faces_that_are_kept_are_passed_over() -> None:
    # As they are where pictures had gone before other models came.
    early, late = track(1, 1, 8.0), track(1, 2, 10.0)
    bare = [(replace(record, sample_ids=()), []) for record, _ in (early, late)]
    assert joins(bare[0], late) == joins(early, bare[1]) == joins(*bare) == {}
    assert joins(early, late, (replace(track(1, 3, 10.2)[0], sample_ids=()), [])) == {
        late[0].track_id: early[0].track_id
    }
