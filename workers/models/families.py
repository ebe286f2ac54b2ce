"""What is known of the models of a family, where no manifest says it of the very file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workers.models.calibration import Calibration
from workers.models.manifest_parts import ThresholdPart

# Where the five landmarks lie in 112x112 px: ArcFace (Deng et al. 2019) and most others since.
_TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)

_Point = tuple[float, float]

_FILES = Path(__file__).parent / "packs"
# foamliu's MobileFaceNet of 128 numbers, with its preprocessing folded in: what the figures were measured on.
_MOBILEFACENET = "108a506c6f34f1f9de3887fa216c181e5679b0d4f09e1960e24f67a2831e432e"
# SCRFD 2.5G and that network, both in half precision: on all pairs of 334 photos of LFW 99.260 % as before.
_FLOAT16_LOSS = {
    "32d20c77b9e2dc1d07e94c2ab9d25bdd5cd05eddbe0b46e7b38e7a1eca22e99a": 0.001,
    _MOBILEFACENET: 0.001,
}


@dataclass(frozen=True, slots=True)
class DetectorFamily:
    """Detectors that are decoded in one way.

    Attributes:
        title: Its name.
        facts: Keys of `[detector]` in the manifest, apart from those of the file.
        measured: Whether `sure_score` was measured here on a model of the family.
    """

    title: str
    facts: dict[str, Any]
    measured: bool


DETECTORS = {
    "scrfd": DetectorFamily(
        "SCRFD",
        {
            "decoding": "scrfd",
            "colours": "rgb",
            "mean": (127.5, 127.5, 127.5),
            "scale": 1 / 128,
            "threshold": 0.5,
            "nms_iou": 0.4,
            "sure_score": 0.6,
        },
        measured=True,
    ),
    "retinaface": DetectorFamily(
        "RetinaFace",
        {
            "decoding": "retinaface",
            "colours": "bgr",
            "mean": (104.0, 117.0, 123.0),
            "scale": 1.0,
            "threshold": 0.5,
            "nms_iou": 0.4,
            "sure_score": 0.9,
        },
        measured=False,
    ),
    "yunet": DetectorFamily(
        "YuNet",
        {
            "decoding": "yunet",
            "colours": "bgr",
            "mean": (0.0, 0.0, 0.0),
            "scale": 1.0,
            "threshold": 0.6,
            "nms_iou": 0.3,
            "sure_score": 0.8,
        },
        measured=False,
    ),
}

EMBEDDERS = {"arcface": "ArcFace", "sface": "SFace"}
"""Titles of the families of embedders; all are aligned in one way."""

MIRROR = False
"""The mirrored face costs as much again and gains little: TAR at FAR 1e-4 on those photos 0.992 -> 0.993."""
FOUNDER_PX = 20.0
"""At this size two people are about as far apart as with the built-in pack."""
VIDEO_RISE = 0.078
"""Three clips made from the people of those photos rise by 0.029, 0.040 and 0.078; the highest counts."""
LIMIT = 12.0
"""Of the photos that were measured, average linkage groups 0.996 (BCubed F) rightly with 12, 0.992 with 8."""
THRESHOLDS = ThresholdPart(
    far_1e2=0.2525,
    far_1e3=0.3349,
    far_1e4=0.4047,
    measured_on="1086 photos of 503 people of LFW that no reported figure uses: 582,702 pairs of strangers",
)


def arcface_template(size_px: int) -> tuple[_Point, ...]:
    """Where the five landmarks lie in a chip of 112 or 128 px, or a multiple, as insightface has it."""
    unit, shift = (112, 0.0) if size_px % 112 == 0 else (128, 8.0)
    factor = size_px / unit
    return tuple(((x + shift) * factor, y * factor) for x, y in _TEMPLATE)


def family_of(sha256: str) -> Literal["arcface", "mobilefacenet"]:
    """The figures that are the nearest to what similarities of an ArcFace-like embedder mean.

    Args:
        sha256: Checksum of its file.
    """
    return "mobilefacenet" if sha256 == _MOBILEFACENET else "arcface"


def float16_loss_of(sha256: str) -> float | None:
    """What half precision costs a known file, percentage points; None where that was not measured.

    Args:
        sha256: Its checksum.
    """
    return _FLOAT16_LOSS.get(sha256)


def family_calibration(family: str, dimension: int) -> Calibration:
    """What similarities of vectors mean.

    Args:
        family: "mobilefacenet" for the very network that was measured; "arcface" for others like it: the
            shift of the mean embedding with the size of the face is that of one network alone.
        dimension: Length of a vector.

    Raises:
        ManifestError: If the file is damaged.
    """
    known = Calibration.load(_FILES / f"{family}.npz")
    if known.mean.shape[1]:
        return known
    return replace(known, mean=np.zeros((len(known.sizes_px), dimension), np.float32))
