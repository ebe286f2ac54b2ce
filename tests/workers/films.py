"""Films made of the real pictures: known faces at known places, without a decoder."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from face_pictures import group

from stream.errors import StreamError
from stream.frame import Frame

Image = npt.NDArray[np.uint8]

FPS = 5
# Frames of a source with 25 frames a second, of which every fifth is sampled.
INDEX_STEP = 5


@dataclass(frozen=True)
class Film:
    """A source that shows pictures, one every 0.2 s.

    Attributes:
        pictures: What it shows.
        source_id: Its name.
        start: Pictures that are skipped, as if a run went on there.
        fault_at: The picture that can't be read, or None.
    """

    pictures: Sequence[Image]
    source_id: str = "film"
    start: int = 0
    fault_at: int | None = None

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        for k, picture in enumerate(self.pictures):
            if stop.is_set():
                return
            if k == self.fault_at:
                raise StreamError(f"{self.source_id}: picture {k} is torn", self.source_id)
            if k >= self.start:
                yield Frame(self.source_id, k * INDEX_STEP, k / FPS, None, picture)


def view(x: int, y: int, width: int = 440, height: int = 360) -> Image:
    """A part of the group photo at half its size; its faces have sides of about 55 px."""
    part = group()[y : y + height, x : x + width]
    return np.asarray(cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def pair() -> Image:
    """The second and the third of the group."""
    return view(200, 100)


def solo() -> Image:
    """The fifth of the group."""
    return view(800, 30, 330, 330)


def blank() -> Image:
    """Nothing, as dark as a fade."""
    return np.full((180, 220, 3), 12, np.uint8)


def covered(image: Image, box_xyxy: npt.ArrayLike) -> Image:
    """The picture with something in front of a face, grey as the wall."""
    x1, y1, x2, y2 = np.asarray(box_xyxy).round().astype(int)
    result = image.copy()
    result[max(y1 - 4, 0) : y2 + 4, max(x1 - 4, 0) : x2 + 4] = image.mean(axis=(0, 1)).astype(np.uint8)
    return result
