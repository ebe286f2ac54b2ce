"""Pictures of faces fed to a builder of tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from storage.fields import Fields
from storage.sample_record import FaceSample
from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.models.detection import Detection
from workers.track_builder import Batch, TrackBuilder

Image = npt.NDArray[np.uint8]

STEP_S = 0.2


class Shooting:
    """Feeds a builder with pictures, 0.2 s apart, and keeps what comes out."""

    def __init__(self, builder: TrackBuilder) -> None:
        self.builder = builder
        self.batches: list[Batch] = []
        self._next = 0

    def show(self, image: Image, *detections: Detection, times: int = 1) -> None:
        for _ in range(times):
            frame = Frame("v-1", self._next * 5, self._next * STEP_S, None, image.copy())
            self.batches.append(self.builder.add(frame, detections)[0])
            self._next += 1

    def fade(self, image: Image, one: Detection, two: Detection, *, back: bool = False) -> None:
        """Show in twelve frames how a face gives way to another in its place: no frame looks like a cut."""
        other, there = put(image, two, one)
        for share in np.linspace(0, 1, 14)[1:-1]:
            of_other = float(1 - share if back else share)
            mixed = np.asarray(cv2.addWeighted(image, 1 - of_other, other, of_other, 0), np.uint8)
            self.show(mixed, one if of_other < 0.5 else there)

    def give_way(self, image: Image, one: Detection, two: Detection) -> tuple[Image, Detection]:
        """Show a face, fade to another in its place, and show that one; gives the last picture and place."""
        self.show(image, one, times=8)
        self.fade(image, one, two)
        last = put(image, two, one)
        self.show(*last, times=8)
        return last

    def end(self, *, at_cut: bool = True) -> list[TrackRecord]:
        """End all tracks; those that end with this."""
        self.batches.append(self.builder.end(at_cut=at_cut))
        return list(self.batches[-1].tracks)

    def samples(self) -> dict[str, FaceSample]:
        return {s.sample_id: s for batch in self.batches for s in batch.samples}

    def samples_of(self, track: TrackRecord) -> list[FaceSample]:
        known = self.samples()
        return [known[sample_id] for sample_id in track.sample_ids]

    def tracks(self) -> list[TrackRecord]:
        return [track for batch in self.batches for track in batch.tracks]


def frames_of(track: TrackRecord) -> list[int]:
    return (track.observations["frame"] // 5).tolist()


def written(batches: Sequence[Batch]) -> list[Fields]:
    return [record.encode() for batch in batches for record in (*batch.samples, *batch.tracks)]


def moved(detection: Detection, dx: float, dy: float = 0.0) -> Detection:
    """The face elsewhere in its picture."""
    shift = np.array([dx, dy], np.float32)
    return replace(
        detection,
        box_xyxy=detection.box_xyxy + np.tile(shift, 2),
        landmarks=detection.landmarks + shift,
    )


def put(image: Image, detection: Detection, target: Detection) -> tuple[Image, Detection]:
    """The picture moved so that a face comes to lie where another is."""
    dx, dy = np.rint(target.box_xyxy[:2] - detection.box_xyxy[:2]).astype(int).tolist()
    return np.roll(image, (dy, dx), axis=(0, 1)), moved(detection, dx, dy)


def with_side(detection: Detection, side_px: float) -> Detection:
    """The face as if its box were a square of this size."""
    centre = (detection.box_xyxy[:2] + detection.box_xyxy[2:]) / 2
    box = np.concatenate([centre - side_px / 2, centre + side_px / 2]).astype(np.float32)
    return replace(detection, box_xyxy=box)


def blurred(image: Image, sigma: float = 4.0) -> Image:
    """The picture out of focus."""
    return np.asarray(cv2.GaussianBlur(image, None, sigma), np.uint8)
