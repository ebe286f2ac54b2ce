from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import CALIBRATION, DIMENSION, MODEL_ID, Cast

from storage.sample_record import FaceSample
from storage.track_record import OBSERVATION, TrackRecord
from workers.clustering.evidence import make_template
from workers.faces.clothing import SIZE
from workers.models.calibration import Calibration
from workers.track_evidence import evidence_of, first_and_last_s, moments_of, sample_problem, track_problem


def a_track(samples: int = 2, **changes: object) -> tuple[TrackRecord, list[FaceSample]]:
    *found, track = Cast().track(0, 3, samples=samples, **changes)  # type: ignore[arg-type]
    assert isinstance(track, TrackRecord)
    return track, [s for s in found if isinstance(s, FaceSample)]


def a_sample(**changes: object) -> FaceSample:
    return replace(a_track()[1][0], **changes)  # type: ignore[arg-type]


def test_says_what_the_record_says() -> None:
    track, samples = a_track(frames=11, continues="v-1.2.0", founder=False, photo=True)
    found = evidence_of(track, samples, CALIBRATION)
    assert (found.track_id, found.source_id, found.continues) == (track.track_id, "v-1", "v-1.2.0")
    assert not found.founder
    assert found.photo
    # Ten periods of 0.2 s from 30 s on.
    assert found.middle_s == pytest.approx(31.0)
    assert found.clothing is None


def test_a_plain_track_is_no_photo_and_may_found_a_person() -> None:
    found = evidence_of(*a_track(), CALIBRATION)
    assert found.founder
    assert not found.photo
    assert found.continues is None


def test_the_template_is_made_of_all_samples_by_their_quality() -> None:
    track, (first, second) = a_track()
    first, second = replace(first, quality=0.2, effective_px=30.0), replace(second, quality=0.6)
    found = evidence_of(track, [first, second], CALIBRATION)
    between = first.vector + 3 * second.vector
    assert found.template == pytest.approx(between / np.linalg.norm(between), abs=1e-6)
    assert found.size_px == pytest.approx((30 + 3 * 100) / 4)


def test_the_influence_of_the_size_is_taken_out() -> None:
    mean = np.zeros((2, DIMENSION), np.float32)
    mean[0, 5] = 0.6
    shifted = Calibration(np.array([20, 100], np.float32), mean, *np.full((3, 2, 2), 0.5, np.float32))
    track, samples = a_track()
    small = [replace(s, size_px=20.0) for s in samples]
    found = [evidence_of(track, which, shifted).template[5] for which in (small, samples)]
    assert found[0] < found[1] - 0.3
    expected, _ = make_template(
        np.stack([s.vector for s in small]),
        np.full(2, 20, np.float32),
        np.array([s.effective_px for s in small], np.float32),
        np.array([s.quality for s in small], np.float32),
        shifted,
    )
    assert evidence_of(track, small, shifted).template == pytest.approx(expected)


def test_moments_are_told_once_and_ascending() -> None:
    track, samples = a_track(frames=4)
    doubled = replace(track, observations=np.repeat(track.observations, 2))
    assert evidence_of(doubled, samples, CALIBRATION).moments.tolist() == [150, 151, 152, 153]


def test_moments_in_which_the_face_was_hidden_prove_nothing() -> None:
    track, samples = a_track(frames=4)
    hidden = track.observations.copy()
    hidden["score"][1:3] = 0
    found = evidence_of(replace(track, observations=hidden), samples, CALIBRATION)
    assert found.moments.tolist() == [150, 153]


@pytest.mark.parametrize("rate", [5, 25, 29.97, 60])
def test_a_second_has_as_many_moments_at_any_rate(rate: float) -> None:
    observations = np.zeros(round(2 * rate), OBSERVATION)
    observations["media_s"] = np.arange(len(observations)) / rate
    observations["score"] = 0.9
    assert moments_of(observations).tolist() == list(range(10))


def test_at_a_low_rate_every_frame_is_a_moment() -> None:
    observations = np.zeros(7, OBSERVATION)
    observations["media_s"] = np.arange(7) * 1.001
    observations["score"] = 0.9
    assert len(moments_of(observations)) == 7


def test_first_and_last_are_of_frames_in_which_the_face_was_seen() -> None:
    observations = a_track()[0].observations.copy()
    times_s = observations["media_s"].tolist()
    observations["score"][[0, -1]] = 0
    assert first_and_last_s(observations) == (times_s[1], times_s[-2])
    observations["score"] = 0
    assert first_and_last_s(observations) is None


def test_clothes_are_read_back_as_they_were_worn() -> None:
    worn = np.random.default_rng(0).dirichlet(np.full(SIZE, 0.1))
    track, samples = a_track(clothing=np.rint(np.sqrt(worn) * 255).astype(np.uint8))
    found = evidence_of(track, samples, CALIBRATION).clothing
    assert found is not None
    assert found.sum() == pytest.approx(1.0)
    assert found == pytest.approx(worn, abs=0.005)


def test_clothes_of_no_colour_are_none() -> None:
    track, samples = a_track(clothing=np.zeros(SIZE, np.uint8))
    assert evidence_of(track, samples, CALIBRATION).clothing is None


def test_a_sample_of_the_collection_is_fine() -> None:
    assert sample_problem(a_sample(), CALIBRATION, MODEL_ID) == ""
    assert sample_problem(a_sample(), CALIBRATION, "") == ""


def test_a_sample_of_another_length_is_refused() -> None:
    problem = sample_problem(a_sample(vector=np.ones(7, np.float32)), CALIBRATION, MODEL_ID)
    assert problem == f"field 'vector' has 7 numbers, and this collection's have {DIMENSION}"


def test_a_sample_of_another_model_is_refused_and_its_name_cut() -> None:
    problem = sample_problem(a_sample(model_id="x" * 500), CALIBRATION, MODEL_ID)
    assert problem == f"field 'model_id' is {'x' * 80!r}, and this collection's is {MODEL_ID!r}"


@pytest.mark.parametrize("clothing", [None, np.ones(SIZE, np.uint8)])
def test_a_track_with_or_without_clothes_is_fine(clothing: np.ndarray | None) -> None:
    assert track_problem(a_track(clothing=clothing)[0]) == ""


def test_clothes_of_another_length_are_refused() -> None:
    problem = track_problem(a_track(clothing=np.ones(8, np.uint8))[0])
    assert problem == f"field 'clothing' has 8 numbers, and {SIZE} are expected"
