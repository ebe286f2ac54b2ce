"""Packets of a video, found by their moments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from stream.decoder import VideoDecoder
from stream.errors import VideoUnreadableError

MediaPacket: TypeAlias = "Packet[VideoStream] | Packet[AudioStream]"

ROUNDED_S = 0.002
"""Times of formats are rounded by less."""

# Steps back, s, where a format finds its way only roughly and lands behind the moment that was asked for.
_STEPS_BACK_S = (0.0, 2.0, 10.0, 60.0)
_FALLBACK_FRAME_S = 0.04
# Pictures that may be stored before the one that is shown first.
_MOST_REORDERED = 32
# No picture is decoded so long before it is shown.
_REORDERED_S = 1.0


class VideoPackets:
    """Packets of an open video, with all of their timestamps. Media time counts from the first picture.

    Attributes:
        video: The stream of pictures.
        time_base: Of that stream.
        start_s: What the first picture's timestamp is, s.
        frame_s: Time from one picture to the next, s, on average.

    Args:
        decoder: The open video; nothing of it is decoded here.
    """

    def __init__(self, decoder: VideoDecoder) -> None:
        self.video = decoder.stream
        self.time_base = self.video.time_base or Fraction(1, 90_000)
        self._path = str(decoder.path)
        self._container: InputContainer = decoder.container
        self._start = self.video.start_time or 0
        self.start_s = float(self._start * self.time_base)
        rate = self.video.average_rate
        # Lengths of packets are made up in some formats.
        self.frame_s = float(1 / rate) if rate else _FALLBACK_FRAME_S
        # From where a keyframe was found, where a format leads behind the moment that it is asked for.
        self._found_from_s: dict[float, float] = {}

    def keyframe_before(self, moment_s: float) -> float | None:
        """Media time of the last keyframe not after a moment, or of the first one; None behind the end.

        Raises:
            VideoUnreadableError: If no moment can be looked up, or pictures have no time.
        """
        for back_s in (*_STEPS_BACK_S, math.inf):
            from_s = max(moment_s - back_s, 0.0)
            self._seek(from_s)
            found: float | None = None
            later: float | None = None
            end_s = 0.0
            for packet in self._packets([self.video]):
                media_s = self.media_s(packet)
                end_s = max(end_s, media_s + self.frame_s)
                if packet.is_keyframe and media_s <= moment_s + ROUNDED_S:
                    found = media_s
                elif packet.is_keyframe and later is None:
                    later = media_s
                if self.decoded_s(packet) > moment_s + ROUNDED_S and (found or later) is not None:
                    break
            else:
                if end_s + ROUNDED_S < moment_s:
                    return None
            if found is not None or math.isinf(back_s):
                key_s = later if found is None else found
                if key_s is not None:
                    self._found_from_s[key_s] = from_s
                return key_s
        return None

    def after(self, key_s: float, streams: list[VideoStream | AudioStream]) -> Iterator[MediaPacket]:
        """Packets from a keyframe on, or some time before it, as they are stored.

        Args:
            key_s: Media time of the keyframe, from `keyframe_before`.
            streams: Of which; among them the pictures.

        Raises:
            VideoUnreadableError: If no moment can be looked up, or pictures have no time.
        """
        self._seek(self._found_from_s.get(key_s, key_s))
        yield from self._packets(streams)

    def media_s(self, packet: MediaPacket) -> float:
        """When a packet is shown or heard."""
        assert packet.pts is not None
        return float(packet.pts * (packet.time_base or self.time_base)) - self.start_s

    def decoded_s(self, packet: MediaPacket) -> float:
        """When a picture is decoded, which is never later than it is shown."""
        assert packet.dts is not None
        return float((packet.dts - self._start) * self.time_base)

    def _seek(self, media_s: float) -> None:
        # Formats without an index (MPEG-TS, MPEG-PS) go by when pictures are decoded, which is before they
        # are shown: asked for the first one, they give what follows it.
        ticks = self._start + round((media_s - _REORDERED_S) / self.time_base)
        ticks = max(ticks, min(self._start, 0))
        try:
            self._container.seek(ticks, stream=self.video, backward=True, any_frame=False)
        except av.FFmpegError as error:
            raise VideoUnreadableError(
                f"{self._path!r} is of a format in which no moment can be looked up; convert it to MP4",
                self._path,
            ) from error

    def _packets(self, streams: list[VideoStream | AudioStream]) -> Iterator[MediaPacket]:
        """Packets with their timestamps completed; the empty ones at the end are left out."""
        waiting: list[MediaPacket] = []
        for packet in self._demuxed(streams):
            if not packet.size:
                continue
            if packet.pts is None:
                packet.pts = packet.dts
            if packet.pts is None:
                raise VideoUnreadableError(
                    f"{self._path!r} has pictures without a time, and can't be cut without encoding it anew; "
                    "convert it to MP4",
                    self._path,
                )
            if packet.dts is None and packet.stream is self.video:
                # After a jump, some formats know only from a later picture on when it is decoded.
                waiting.append(packet)
                if len(waiting) > _MOST_REORDERED:
                    yield from self._with_dts(waiting, None)
                    waiting = []
                continue
            if packet.dts is None:
                packet.dts = packet.pts
            if packet.stream is self.video and waiting:
                yield from self._with_dts(waiting, packet.dts)
                waiting = []
            yield packet
        yield from self._with_dts(waiting, None)

    def _with_dts(self, packets: list[MediaPacket], then: int | None) -> Iterator[MediaPacket]:
        """Pictures that lack the time of their decoding, which is one before the other."""
        step = max(round(self.frame_s / self.time_base), 1)
        if then is None:
            then = min((packet.pts or 0 for packet in packets), default=0) + len(packets) * step
        for number, packet in enumerate(packets):
            assert packet.pts is not None
            packet.dts = min(then - (len(packets) - number) * step, packet.pts)
            yield packet

    def _demuxed(self, streams: list[VideoStream | AudioStream]) -> Iterator[MediaPacket]:
        try:
            yield from cast("Iterator[MediaPacket]", self._container.demux(streams))
        except IndexError:
            # PyAV 18.1 stumbles at the end over streams that appeared on the way.
            return
