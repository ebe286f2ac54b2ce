"""Frames to a video file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream


class VideoWriter:
    """Writes an H.264 video in an MP4 file; a context manager.

    The file appears under its name only when it is complete.

    Args:
        path: Where to write; its folder must exist.
        width_px: Width of the frames, even.
        height_px: Height of the frames, even.
        fps: Frames per second.
        quality: Constant rate factor of x264, 0 (lossless) to 51.

    Raises:
        ValueError: If a number is out of its range. At the end of the `with` block: if no frame was written.
        OSError: From the first frame on, if the file can't be written.
    """

    def __init__(self, path: Path, width_px: int, height_px: int, fps: int, quality: int = 21) -> None:
        if width_px < 2 or height_px < 2 or width_px % 2 or height_px % 2:
            raise ValueError(f"frames of {width_px}x{height_px} px, expected even sides of at least 2 px")
        if fps < 1:
            raise ValueError(f"fps is {fps}, expected at least 1")
        if not 0 <= quality <= 51:
            raise ValueError(f"quality is {quality}, expected 0 to 51")
        self._shape = (height_px, width_px, 3)
        self._frames = 0
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._container = av.open(str(self._part), "w", format="mp4")
        stream = self._container.add_stream("libx264", rate=Fraction(fps))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        self._stream = stream

    def write(self, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Append a frame, uint8 (height_px, width_px, 3).

        Raises:
            ValueError: If the frame has another shape or type.
        """
        # PyAV scales a frame of another size without a word.
        if image_bgr.shape != self._shape:
            raise ValueError(f"frame has shape {image_bgr.shape}, expected {self._shape}")
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        self._container.mux(self._stream.encode(frame))
        self._frames += 1

    def __enter__(self) -> Self:
        """Enter a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the file, or throw it away after an error."""
        try:
            if kind is None:
                self._finish()
        finally:
            # Also after `_finish`: a disk may get full at the very end.
            try:
                self._container.close()
            finally:
                self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        if not self._frames:
            raise ValueError(f"{self._path}: no frame was written, so there is no video")
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._part.replace(self._path)
