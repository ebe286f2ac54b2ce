"""Pictures to try models on, where none of a camera is at hand."""

from __future__ import annotations

import cv2
import numpy as np

from workers.models.detection import BgrImage

_PATCHES = 20


def trial_pictures(count: int, height_px: int, width_px: int) -> list[BgrImage]:
    """Pictures of coarse patches, all different, the same each time: uint8 (H, W, 3).

    Noise of single pixels is grey to a network, and black is nothing.
    """
    patches = np.random.default_rng(0).integers(0, 256, (count, _PATCHES, _PATCHES, 3)).astype(np.uint8)
    size = (width_px, height_px)
    return [
        np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_NEAREST), np.uint8) for patch in patches
    ]
