"""Pictures as the network of a detector is given them: prepared, as far as its graph doesn't do it itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage
from workers.models.detector_parts import GridPart

FloatArray = npt.NDArray[np.float32]
Scale = tuple[float, float]
"""By how much a picture was scaled, across and down."""

# A picture of more times the bytes of the network's input is scaled here, though the device could: scaling to
# 640x640 px takes 0.8 ms of a core from 1920x1080 and no more from 3840x2160, and to copy them 0.4 and 3 ms.
_MOST_WHOLE = 6


class Takes(Enum):
    """What a network takes."""

    FLOATS = auto()
    """Float32 (N, 3, H, W), normalised."""
    BYTES = auto()
    """Uint8 (N, H, W, 3) that fit; see `with_byte_input`."""
    FRAMES = auto()
    """Uint8 (N, h, w, 3) of any size, and where they go; see `with_frame_input`."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """What a picture is scaled to, px."""

    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class GridInput:
    """The input of a network, into which pictures are fitted: in the upper left of a black canvas.

    Attributes:
        part: The manifest's description.
        height_px: Height of the canvas.
        width_px: Its width.
        takes: What the network takes.
    """

    part: GridPart
    height_px: int
    width_px: int
    takes: Takes = Takes.FLOATS

    def prepared(
        self, images: Sequence[BgrImage], count: int, share: float = 1.0
    ) -> tuple[list[npt.NDArray[Any]], list[Scale]]:
        """What the network is given for some pictures.

        Args:
            images: uint8 (H, W, 3) each.
            count: How many the network takes at once, at least as many; the others are black.
            share: How much of the canvas a picture may fill, each way.

        Returns:
            An array for each input of the network, and by how much each picture was scaled.
        """
        fits = [self._fit(image.shape[0], image.shape[1], share) for image in images]
        # Sides end at whole pixels: 2688x1520 becomes 640x361, which is a quarter of a percent less one way.
        scales = [
            (fit.width_px / image.shape[1], fit.height_px / image.shape[0])
            for fit, image in zip(fits, images, strict=True)
        ]
        if self.takes is Takes.FRAMES and self._go_whole(images):
            return [_stacked(images, count), *self._place(count, fits[0])], scales
        canvases = np.zeros((count, self.height_px, self.width_px, 3), np.uint8)
        for image, canvas, fit in zip(images, canvases, fits, strict=False):
            size = (fit.width_px, fit.height_px)
            cv2.resize(image, size, dst=canvas[: fit.height_px, : fit.width_px])
        if self.takes is Takes.FRAMES:
            # What fits is left as it is there.
            return [canvases, *self._place(count, _Fit(self.height_px, self.width_px))], scales
        return [self.floats(canvases) if self.takes is Takes.FLOATS else canvases], scales

    def floats(self, canvases: BgrImage) -> FloatArray:
        """uint8 (N, H, W, 3) as the original network takes it: float32 (N, 3, H, W)."""
        rgb = self.part.colours == "rgb"
        blob = cv2.dnn.blobFromImages(list(canvases), self.part.scale, mean=self.part.mean, swapRB=rgb)
        return np.asarray(blob, np.float32)

    def _go_whole(self, images: Sequence[BgrImage]) -> bool:
        most = _MOST_WHOLE * self.height_px * self.width_px * 3
        return len({image.shape for image in images}) == 1 and images[0].size <= most

    def _place(self, count: int, fit: _Fit) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Sizes and pads, as `with_frame_input` describes them."""
        missing = self.height_px - fit.height_px, self.width_px - fit.width_px
        return (
            np.array([count, 3, fit.height_px, fit.width_px], np.int64),
            np.array([0, 0, 0, 0, 0, 0, *missing], np.int64),
        )

    def _fit(self, height: int, width: int, share: float) -> _Fit:
        most_height, most_width = int(self.height_px * share), int(self.width_px * share)
        if height / width > most_height / most_width:
            new_height = most_height
            new_width = max(int(new_height / (height / width)), 1)
        else:
            new_width = most_width
            new_height = max(int(new_width * (height / width)), 1)
        return _Fit(new_height, new_width)


def _stacked(images: Sequence[BgrImage], count: int) -> BgrImage:
    """Pictures of one shape, and black ones behind them: uint8 (count, H, W, 3)."""
    if count == 1:
        return images[0][None]
    stacked = np.zeros((count, *images[0].shape), np.uint8)
    stacked[: len(images)] = images
    return stacked
