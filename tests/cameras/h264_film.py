"""Short H.264 films as a camera sends them: lists of NAL units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.bitstream import BitStreamFilterContext

SPS, PPS = 7, 8


@dataclass(frozen=True)
class AccessUnit:
    """One coded picture.

    Attributes:
        nals: Its NAL units without start codes.
        media_s: When it is shown, from the film's beginning.
        keyframe: Decoding can begin here.
    """

    nals: tuple[bytes, ...]
    media_s: float
    keyframe: bool


@dataclass(frozen=True)
class H264Film:
    """A film that can be looped: it begins with a keyframe that carries its parameter sets.

    Attributes:
        units: Pictures in the order of decoding.
        fps: Pictures per second.
    """

    units: tuple[AccessUnit, ...]
    fps: float

    @property
    def duration_s(self) -> float:
        return len(self.units) / self.fps

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        return tuple(nal for nal in self.units[0].nals if nal[0] & 31 in (SPS, PPS))


def painted_film(
    *,
    frames: int = 50,
    size: tuple[int, int] = (160, 120),
    fps: int = 25,
    keyframe_every: int = 10,
    announced_fps: int | None = None,
    images: Iterable[npt.NDArray[np.uint8]] | None = None,
) -> H264Film:
    """A grey picture with a bar that goes from left to right; `images` are shown instead where given.

    `announced_fps` is what the parameter sets say, whatever `fps` is.
    """
    width_px, height_px = size
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width_px, height_px, "yuv420p"
    encoder.time_base = Fraction(1, announced_fps or fps)
    encoder.framerate = Fraction(announced_fps or fps)
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "g": str(keyframe_every),
        "x264-params": "repeat-headers=1:sliced-threads=0:threads=1:scenecut=0",
    }
    packets: list[Any] = []
    pictures = images or (_bar(number / frames, width_px, height_px) for number in range(frames))
    for number, image in enumerate(pictures):
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24").reformat(
            format="yuv420p"
        )
        picture.pts, picture.time_base = number, encoder.time_base
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    units = (
        AccessUnit(_nals(bytes(packet)), number / fps, packet.is_keyframe)
        for number, packet in enumerate(packets)
    )
    return H264Film(tuple(units), fps)


def film_of(path: Path) -> H264Film:
    """The H.264 film in a file, not encoded anew."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        fps = float(stream.average_rate or 25)
        packets = [
            filtered
            for packet in container.demux(stream)
            if packet.size
            for filtered in annex_b.filter(packet)
        ]
    first = min(packet.pts or 0 for packet in packets)
    units = (
        AccessUnit(
            _nals(bytes(packet)),
            float(((packet.pts or 0) - first) * (packet.time_base or 0)),
            packet.is_keyframe,
        )
        for packet in packets
    )
    return H264Film(tuple(units), fps)


def _bar(place: float, width_px: int, height_px: int) -> npt.NDArray[np.uint8]:
    image = np.full((height_px, width_px, 3), 128, np.uint8)
    left = int(place * width_px)
    image[:, left : left + width_px // 8] = 230
    return image


def _nals(annex_b: bytes) -> tuple[bytes, ...]:
    """NAL units between the start codes 00 00 01, without the zero that a longer start code leaves."""
    return tuple(nal.rstrip(b"\0") for nal in annex_b.split(b"\0\0\1")[1:] if nal)
