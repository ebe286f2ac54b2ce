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
    """

    def __init__(self, path: Path, width_px: int, height_px: int, fps: int, quality: int = 21) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._container = av.open(str(self._part), "w", format="mp4")
        stream = self._container.add_stream("libx264", rate=Fraction(fps))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        self._stream = stream

    def write(self, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Append a frame, uint8 (height_px, width_px, 3)."""
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        """Enter a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the file, or throw it away after an error."""
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
            if kind is None:
                self._part.replace(self._path)
            else:
                self._part.unlink(missing_ok=True)
