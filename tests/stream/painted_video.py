"""Small videos whose frames carry their own number."""

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

BITS = 8


def numbered_image(number: int, width_px: int = 160, height_px: int = 120) -> npt.NDArray[np.uint8]:
    """Grey picture with `number` in eight vertical bars, most significant bit left; survives lossy coding."""
    image = np.full((height_px, width_px, 3), 128, np.uint8)
    for bit, columns in enumerate(np.array_split(np.arange(width_px), BITS)):
        image[:, columns] = 230 if number >> (BITS - 1 - bit) & 1 else 25
    return image


def read_number(image_bgr: npt.NDArray[np.uint8]) -> int:
    """Inverse of `numbered_image`."""
    grey = image_bgr.mean(axis=(0, 2))
    number = 0
    for columns in np.array_split(grey, BITS):
        middle = columns[len(columns) // 3 : -(len(columns) // 3)]
        number = number << 1 | int(middle.mean() > 128)
    return number


def write_video(
    path: Path,
    *,
    frames: int = 50,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (160, 120),
    rate: int = 25,
    pts: Sequence[int] | None = None,
    tick: Fraction | None = None,
    images: Iterable[npt.NDArray[np.uint8]] | None = None,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    container_format: str | None = None,
    turn_deg: float | None = None,
    mirror: bool = False,
    pixel_aspect: Fraction | None = None,
    colour: tuple[int, int] | None = None,
    sound: bool = False,
) -> Path:
    """Encode `frames` numbered pictures; `pts` counts in `tick` seconds, `colour` is (matrix, range)."""
    width_px, height_px = size
    options: Any = {"g": "10"} | (codec_options or {})
    if codec == "libx265":
        options["x265-params"] = "log-level=none"
    if codec == "libsvtav1":
        # With as many threads as it likes, 40 on two cores, SVT-AV1 4.1 may wait for itself forever.
        options |= {"preset": "12", "svtav1-params": "lp=1"}
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        stream: Any = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, pix_fmt
        if tick is not None:
            stream.codec_context.time_base = tick
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if colour is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colour
        if turn_deg is not None:
            stream.set_display_rotation(turn_deg, hflip=mirror)
        if sound:
            _add_sound(container)
        pictures = images or (numbered_image(number, width_px, height_px) for number in range(frames))
        for number, image in enumerate(pictures):
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            if colour is not None:
                picture = picture.reformat(
                    format=pix_fmt, dst_colorspace=colour[0], dst_color_range=colour[1], src_color_range=2
                )
            picture.pts = number if pts is None else pts[number]
            picture.time_base = tick or Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    if codec == "libsvtav1" and hasattr(os, "sched_setscheduler"):
        # Where it may, SVT-AV1 gives the thread that calls it precedence over all others, and leaves it so.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def write_sound(path: Path) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as container:
        _add_sound(container)
    return path


def _add_sound(container: Any) -> None:
    stream = container.add_stream("aac", rate=44_100)
    for number in range(43):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44_100, number * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
