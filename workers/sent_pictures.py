"""Frames of a camera, each sent as a picture of its own."""

from __future__ import annotations

import time

from storage.remote_frame import MAX_PICTURE_BYTES
from stream.source import LiveCounts, LiveFrames
from workers.frame_jpeg import encoded
from workers.sendable import TakenFrame
from workers.tracking.motion import MotionGate, MotionSettings


class SentPictures:
    """Makes JPEGs of what a camera shows. Implements `Sendable`.

    A frame in which nothing has changed goes without its picture; pictures of scenes with faces that keep
    still go as often as faces are looked at again.

    Args:
        frames: The camera.
        quality: Of the JPEGs, 1 to 100.
        motion: In which frames nothing has changed, so that no picture is sent; None: all are.
    """

    def __init__(self, frames: LiveFrames, quality: int, motion: MotionSettings | None) -> None:
        self._frames = frames
        self._quality = quality
        self._motion = motion
        self.begin_anew()

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._frames.source_id

    @property
    def status(self) -> LiveCounts:
        """How the camera gets on."""
        return self._frames.status

    def begin_anew(self) -> None:
        """Send the next frame with its picture, as what it repeats may not have arrived."""
        self._gate = None if self._motion is None else MotionGate(self._motion)

    def take(self) -> TakenFrame | None:
        """The oldest frame that waits, at once; None if none does."""
        frame = self._frames.take()
        if frame is None:
            return None
        at_s = time.time() if frame.captured_at_s is None else frame.captured_at_s
        jpeg, problem = b"", ""
        if self._gate is None or self._gate.wants(frame.image_bgr, frame.media_s, faces_live=True):
            try:
                jpeg = encoded(frame.image_bgr, self._quality)
            except ValueError as error:
                problem = str(error)
            if len(jpeg) > MAX_PICTURE_BYTES:
                problem = f"its JPEG has {len(jpeg):,} bytes"
        return TakenFrame(frame.index, frame.media_s, at_s, jpeg=jpeg, problem=problem)
