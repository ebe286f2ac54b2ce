"""What a video file says about itself."""

import threading
from dataclasses import dataclass
from pathlib import Path

import av
from av.video.frame import VideoFrame

from stream import capture_time
from stream.conversion import orientation_of, shown_size_px
from stream.decoder import VideoDecoder
from stream.errors import NoFramesError

MAX_VIDEO_PIXELS = 7680 * 4320
"""Largest width times height of a frame, unless another limit is given."""

# Where a file doesn't tell its frame rate, or tells the ticks of its clock instead.
_FALLBACK_FRAME_S = 1 / 25
_HIGHEST_FPS = 1000.0


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file says about itself, checked against its first frame.

    Attributes:
        path: The file.
        width_px: Width of the frames as yielded: upright and with square pixels.
        height_px: Height of the frames as yielded.
        fps: Average frames per second, None if unknown.
        duration_s: Announced length in seconds, None if unknown. A cut-off file announces its full length.
        frames: Announced number of frames, None if unknown.
        codec: FFmpeg's name of the decoder, such as "h264", "hevc" or "libdav1d".
        rotation_deg: Clockwise turn that was needed to make it upright: 0, 90, 180 or 270.
        recorded_at_s: Unix seconds at which the recording began, None if unknown or implausible.
    """

    path: Path
    width_px: int
    height_px: int
    fps: float | None
    duration_s: float | None
    frames: int | None
    codec: str
    rotation_deg: int
    recorded_at_s: float | None

    @property
    def frame_s(self) -> float:
        """How long a frame is shown, s; a guess where the file doesn't tell its rate."""
        return _FALLBACK_FRAME_S if self.fps is None else 1 / self.fps


def probe(path: Path, *, max_pixels: int = MAX_VIDEO_PIXELS) -> VideoInfo:
    """Open a video, decode its first frame and describe it.

    Args:
        path: A local video file.
        max_pixels: Largest width times height of a frame.

    Raises:
        StreamError: As `VideoFile.frames` does.
    """
    with VideoDecoder(path, max_pixels) as decoder:
        for picture in decoder.frames(threading.Event()):
            assert isinstance(picture, VideoFrame)
            return describe(decoder, picture)
        raise no_frames(decoder)


def describe(decoder: VideoDecoder, picture: VideoFrame) -> VideoInfo:
    """What a file says about itself, by its first frame."""
    stream, container = decoder.stream, decoder.container
    width_px, height_px = shown_size_px(picture, stream.sample_aspect_ratio)
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    duration_s = announced_s(decoder)
    tag = container.metadata.get("creation_time") or stream.metadata.get("creation_time")
    return VideoInfo(
        path=decoder.path,
        width_px=width_px,
        height_px=height_px,
        fps=rate if 0 < rate <= _HIGHEST_FPS else None,
        duration_s=duration_s if duration_s is not None and duration_s > 0 else None,
        frames=stream.frames or None,
        codec=stream.codec_context.name,
        rotation_deg=orientation_of(picture).rotation_deg,
        recorded_at_s=capture_time.from_container_tag(tag),
    )


def announced_s(decoder: VideoDecoder) -> float | None:
    """How long a file says that it is, s; None where it doesn't say."""
    stream, container = decoder.stream, decoder.container
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None:
        return None
    duration_s = container.duration / av.time_base
    start_s = (container.start_time or 0) / av.time_base
    # Matroska only says when it ends, which is as long as it lasts where it begins at 0.
    if "matroska" in container.format.name and 0 < start_s < duration_s:
        duration_s -= start_s
    return float(duration_s)


def no_frames(decoder: VideoDecoder) -> NoFramesError:
    """The error of a file that not one frame comes from."""
    path = str(decoder.path)
    if decoder.corrupt == 0:
        return NoFramesError(
            f"{path!r} is a video without a single frame; was its recording interrupted?", path
        )
    return NoFramesError(
        f"{path!r}: not one frame could be decoded, the file is damaged; check that it plays elsewhere", path
    )
