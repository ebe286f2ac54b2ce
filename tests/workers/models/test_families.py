from __future__ import annotations

import numpy as np
import pytest

from workers.models.detector_parts import GridPart
from workers.models.families import (
    DETECTORS,
    THRESHOLDS,
    arcface_template,
    family_calibration,
    family_of,
)

KNOWN = "108a506c6f34f1f9de3887fa216c181e5679b0d4f09e1960e24f67a2831e432e"


@pytest.mark.parametrize("kind", DETECTORS)
def test_every_family_of_detectors_is_described_in_full(kind: str) -> None:
    assert GridPart(file="a.onnx", **DETECTORS[kind].facts).decoding == kind


@pytest.mark.parametrize(
    ("size_px", "eye"), [(112, (38.2946, 51.6963)), (224, (76.5892, 103.3926)), (128, (46.2946, 51.6963))]
)
def test_faces_are_aligned_as_insightface_does(size_px: int, eye: tuple[float, float]) -> None:
    assert arcface_template(size_px)[0] == pytest.approx(eye)


def test_only_the_measured_network_has_a_shift_of_its_own() -> None:
    assert (family_of(KNOWN), family_of("0" * 64)) == ("mobilefacenet", "arcface")
    known, other = family_calibration("mobilefacenet", 128), family_calibration("arcface", 512)
    assert known.mean.shape == (8, 128)
    assert np.abs(known.mean).max() > 0.01
    assert other.mean.shape == (8, 512)
    assert not other.mean.any()
    # Without the shift taken out, strangers of small faces are more alike; large faces have none.
    assert other.impostor[0, 0] > known.impostor[0, 0] + 0.2
    assert other.impostor[-1, -1] == pytest.approx(known.impostor[-1, -1], abs=0.005)


@pytest.mark.parametrize("family", ["arcface", "mobilefacenet"])
def test_the_larger_faces_are_the_more_they_tell(family: str) -> None:
    calibration = family_calibration(family, 128)
    apart = (np.diag(calibration.genuine) - np.diag(calibration.impostor)) / np.diag(calibration.spread)
    assert (np.diff(apart) > 0).all()
    # The threshold for one wrong pair in a thousand lies between both kinds of pairs.
    assert calibration.impostor[-1, -1] < THRESHOLDS.far_1e3 < calibration.genuine[-1, -1]
