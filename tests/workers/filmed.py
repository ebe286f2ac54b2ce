"""A camera whose H.264 is passed on as it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from cameras.h264_film import AccessUnit, H264Film, painted_film

from storage.remote_frame import RemotePackets
from stream.conversion import BgrConverter
from workers.sendable import TakenFrame

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Counts:
    dropped: int = 0


def packet_of(unit: AccessUnit) -> bytes:
    return b"".join(b"\0\0\0\1" + nal for nal in unit.nals)


class Filmed:
    """Shows a film, a sampled frame every so many of its pictures; implements `Sendable`."""

    source_id = "c-door"

    def __init__(self, film: H264Film, per_frame: int = 1, fps: float = 5.0) -> None:
        self.status = Counts()
        self._units = deque(film.units)
        self._per_frame, self._fps = per_frame, fps
        self._waiting: deque[TakenFrame] = deque()
        self._shown = 0
        self._whole = True

    def show(self, count: int) -> None:
        """The next sampled frames."""
        for _ in range(count):
            units = [self._units.popleft() for _ in range(self._per_frame)]
            if not self._whole:
                while units and not units[0].keyframe:
                    del units[0]
                self._whole = bool(units)
            media_s = self._shown / self._fps
            keyframes = tuple(place for place, unit in enumerate(units) if unit.keyframe)
            packets = RemotePackets("h264", b"", tuple(map(packet_of, units)), keyframes)
            if units:
                at_s = 1.8e9 + media_s
                self._waiting.append(TakenFrame(5 * self._shown, media_s, at_s, packets=packets))
            else:
                self.status = Counts(self.status.dropped + 1)
            self._shown += 1

    def begin_anew(self) -> None:
        self._whole = False

    def take(self) -> TakenFrame | None:
        return self._waiting.popleft() if self._waiting else None


def film_showing(images: Iterable[Image], *, keyframe_every: int) -> H264Film:
    """A film of these pictures, uint8 (H, W, 3) of even sides."""
    pictures = list(images)
    height_px, width_px = pictures[0].shape[:2]
    return painted_film(
        size=(width_px, height_px), keyframe_every=keyframe_every, images=pictures, frames=len(pictures)
    )


def seen_in(film: H264Film) -> list[Image]:
    """Its pictures, as somebody sees them who decodes it all."""
    context = av.CodecContext.create("h264", "r")
    converter = BgrConverter(None)
    return [
        converter.image_bgr(picture)
        for unit in film.units
        for picture in context.decode(av.Packet(packet_of(unit)))
    ]
