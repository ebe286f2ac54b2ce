"""The speed test: ten seconds of the real path, in a data folder that is gone afterwards."""

# ruff: noqa: ARG002 - a RunListener is told more than is needed here

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from facestream.checkup.finding import Finding
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_MODELS, Place
from facestream.demo_video import FILE_NAME, make_video
from facestream.errors import FacestreamError
from facestream.recorded.run import Run
from facestream.recorded.run_report import RunOptions, SilentListener
from facestream.wiring import open_handle
from storage.temporary_folder import temporary_folder
from stream.frame import Frame
from stream.video_info import VideoInfo

LENGTH_S = 10.0
# A fast machine is through with the video in a moment, again and again; loading models takes the rest.
_PATIENCE_S = 3 * LENGTH_S
# What `facestream run` looks at.
_FPS = RunOptions(paths=()).fps or 5.0


@dataclass(frozen=True, slots=True)
class Speed:
    """How quick it was.

    Attributes:
        frames: Frames that were searched for faces.
        seconds: How long that took, s, without loading models.
        width_px: Width of the frames.
        height_px: Height of the frames.
        models: The model pack that searched them.
    """

    frames: int
    seconds: float
    width_px: int
    height_px: int
    models: str

    @property
    def frames_per_s(self) -> float:
        """Frames per second, rounded once for all who tell it."""
        return round(self.frames / max(self.seconds, 1e-3), 3)

    @property
    def videos(self) -> float:
        """Videos that can be followed as they are recorded."""
        return self.frames_per_s / _FPS

    def finding(self) -> Finding:
        """What that means."""
        rate = f"{self.frames_per_s:.1f} frames/s at {self.width_px}x{self.height_px} with {self.models}"
        if self.videos >= 1:
            many = f"{self.videos:.1f} videos in real time at {_FPS:g} frames/s"
            return Finding("speed", "ok", f"{rate}: {many}")
        return Finding(
            "speed",
            "warning",
            f"{rate}: slower than real time at {_FPS:g} frames/s, an hour of video takes "
            f"{1 / self.videos:.1f} hours",
            f"facestream run --fps {max(1, int(self.frames_per_s))} looks at fewer frames.",
        )

    def as_json(self) -> dict[str, Any]:
        """The figures for machines."""
        return {
            "frames_per_s": self.frames_per_s,
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "width_px": self.width_px,
            "height_px": self.height_px,
            "models": self.models,
            "videos_in_real_time": round(self.videos, 3),
        }


class _Clock(SilentListener):
    """Counts frames and their time, and says when it is enough.

    Args:
        asked_to_stop: Set when a person doesn't want to wait.
    """

    def __init__(self, asked_to_stop: threading.Event) -> None:
        self.enough = threading.Event()
        self.frames = 0
        self.seconds = 0.0
        self.size_px = (0, 0)
        self._asked_to_stop = asked_to_stop
        self._last_s = 0.0

    def began(self, photos: int) -> None:
        """Models are loaded."""
        self._look()

    def source_began(self, path: Path, info: VideoInfo | None) -> None:
        """The clock goes from here."""
        if info is not None:
            self.size_px = (info.width_px, info.height_px)
        self._last_s = time.monotonic()

    def frame_done(self, frame: Frame, faces: int) -> None:
        """A frame more."""
        now = time.monotonic()
        self.frames += 1
        self.seconds += now - self._last_s
        self._last_s = now
        self._look()

    def _look(self) -> None:
        if self._asked_to_stop.is_set() or self.seconds >= LENGTH_S:
            self.enough.set()


def measure_speed(
    demo_folder: Path, stop: threading.Event, device: str = AUTO_DEVICE, models: str = DEFAULT_MODELS
) -> Speed | None:
    """Process the demo's video for ten seconds as `facestream run` does; leaves nothing behind.

    Args:
        demo_folder: Where `facestream demo` keeps its video; used if it is there, and made nowhere else than
            in a temporary folder if not.
        stop: Ends it early.
        device: What the models run on.
        models: Name of a built-in model pack, or folder of another.

    Returns:
        The speed, or None if it was stopped.

    Raises:
        FacestreamError: If the video can't be made or read.
        StorageError: If no server can be started.
        WorkerError: If models can't be loaded or a worker fails.
    """
    clock, pack = _Clock(stop), ""
    # Held throughout, so that the server is started once.
    with temporary_folder() as folder, open_handle(Place(folder.path)):
        video = make_video(demo_folder if (demo_folder / FILE_NAME).is_file() else folder.path / "demo")
        deadline_s = time.monotonic() + _PATIENCE_S
        while not (stop.is_set() or clock.enough.is_set() or time.monotonic() > deadline_s):
            frames = clock.frames
            # What was processed before would not be looked at again.
            anew = Place(folder.path, collection=f"speed-{uuid4().hex}")
            options = RunOptions(paths=(video,), pack=models, device=device)
            report = Run(anew, options, clock).execute(clock.enough)
            pack = report.pack
            if report.failed:
                raise FacestreamError(report.failed[0][1])
            if clock.frames == frames and not stop.is_set():
                raise FacestreamError(f"{video}: not one frame was processed.")
    width_px, height_px = clock.size_px
    return None if stop.is_set() else Speed(clock.frames, clock.seconds, width_px, height_px, pack)
