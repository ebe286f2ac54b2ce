"""Stretches of a video, copied into one file without encoding anything anew."""

from __future__ import annotations

import errno
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from stream.decoder import VideoDecoder
from stream.errors import ClipTooLargeError, VideoFormatRefusedError, VideoUnreadableError
from stream.video_info import MAX_VIDEO_PIXELS
from stream.video_packets import ROUNDED_S, MediaPacket, VideoPackets

Interval = tuple[float, float]
"""From and to, media seconds."""

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""What is written, by the ending of the file's name."""

# Of these the disk is to blame, not the video.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
# Sound that is stored so much later than its picture is still waited for.
_INTERLEAVED_S = 1.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that `write_clip` wrote.

    Attributes:
        path: Where.
        intervals: What it holds of the video, media seconds, in order: from a keyframe each. Stretches that
            touched after that are one.
        seconds: How long it plays.
        sound: Whether it has the sound of the video; so it has where there is some that its format takes.
    """

    path: Path
    intervals: tuple[Interval, ...]
    seconds: float
    sound: bool


def container_for(path: Path) -> str:
    """The ending of a clip of a video: ".mp4" where that takes its pictures, else ".mkv", which takes all.

    Raises:
        StreamError: If the video can't be read.
    """
    with VideoDecoder(path, MAX_VIDEO_PIXELS) as decoder:
        return ".mp4" if _takes("mp4", decoder.stream) else ".mkv"


def write_clip(path: Path, intervals: Sequence[Interval], out: Path, *, max_bytes: int | None = None) -> Clip:
    """Copy stretches of a video into one file, one after the other, without a loss and quickly.

    Each is extended to the keyframe before it, as nothing could be shown from elsewhere; what touches or
    overlaps then is copied once. Timestamps begin at 0 and never go back. The file appears, private to its
    user, when it is complete. At a joint of a video with open groups of pictures, some may be skipped. MP4
    begins with its index, so that players need not wait for its end. The same call writes the same bytes.

    Args:
        path: The video.
        intervals: From and to, media seconds, finite, in any order. What lies beyond the end is left out.
        out: The file to write; its ending chooses the format, see `CONTAINERS`.
        max_bytes: Largest size of pictures and sound together; None for any.

    Raises:
        ValueError: If there are no intervals, or one ends before it starts or is not finite.
        ClipTooLargeError: If it would be larger than `max_bytes`.
        StreamError: If the video can't be read, can't be cut without encoding it, has no picture in the
            intervals, or is encoded in a way that the format of `out` can't hold.
        OSError: If the file can't be written.
    """
    wanted = _checked(intervals)
    format_name = CONTAINERS.get(out.suffix.lower())
    if format_name is None:
        raise VideoFormatRefusedError(
            f"{str(out)!r}: clips are written as {', '.join(CONTAINERS)}; choose one of these endings",
            str(out),
        )
    with VideoDecoder(path, MAX_VIDEO_PIXELS) as decoder:
        if not _takes(format_name, decoder.stream):
            # Matroska takes most.
            able = format_name != "matroska" and _takes("matroska", decoder.stream)
            raise VideoFormatRefusedError(
                f"{str(path)!r} has pictures in {decoder.stream.codec_context.name}, which "
                + (
                    f"{out.suffix} can't hold; write the clip as .mkv"
                    if able
                    else "no clip can hold; convert it to MP4 first"
                ),
                str(path),
            )
        cutter = _Cutter(decoder, max_bytes)
        try:
            parts = cutter.parts(wanted)
        except av.FFmpegError as error:
            raise _not_cut(path, error) from error
        if not parts:
            raise VideoUnreadableError(
                f"{str(path)!r} has no picture between {wanted[0][0]:.1f} s and {wanted[-1][1]:.1f} s; is it "
                "shorter now than it was?",
                str(path),
            )
        descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=".facestream-", suffix=out.suffix)
        os.close(descriptor)
        part_path = Path(name)
        try:
            # Without ids at random: the same clip is the same file.
            options = {"fflags": "+bitexact"}
            if format_name != "matroska":
                options["movflags"] = "+faststart"
            with av.open(name, "w", format=format_name, container_options=options) as container:
                seconds, sound = cutter.copy(parts, container, format_name)
            part_path.replace(out)
        except av.FFmpegError as error:
            if error.errno in _DISK:
                raise OSError(error.errno, error.strerror, str(out)) from error
            raise _not_cut(path, error) from error
        finally:
            part_path.unlink(missing_ok=True)
    return Clip(out, tuple(parts), seconds, sound)


def _not_cut(path: Path, error: av.FFmpegError) -> VideoUnreadableError:
    return VideoUnreadableError(
        f"{str(path)!r} can't be cut without encoding it anew ({error.strerror}); a clip as .mkv may do",
        str(path),
    )


def _checked(intervals: Sequence[Interval]) -> list[Interval]:
    if not intervals:
        raise ValueError("no intervals to copy")
    for start_s, end_s in intervals:
        if not (math.isfinite(start_s) and math.isfinite(end_s) and start_s <= end_s):
            raise ValueError(f"interval {start_s} to {end_s}, expected finite seconds in ascending order")
    return _joined([(max(start_s, 0.0), max(end_s, 0.0)) for start_s, end_s in intervals])


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """In order, with those that touch or overlap made one."""
    found: list[Interval] = []
    for start_s, end_s in sorted(intervals):
        if found and start_s <= found[-1][1] + ROUNDED_S:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((start_s, end_s))
    return found


def _takes(format_name: str, stream: VideoStream | AudioStream) -> bool:
    """Whether a format can hold what a stream holds."""
    with av.open(os.devnull, "w", format=format_name) as container:
        # The names of codecs, where those of their decoders may differ.
        return stream.codec.canonical_name in container.supported_codecs


@dataclass(slots=True)
class _Track:
    """A stream that is copied.

    Attributes:
        source: Where from.
        target: Where to.
        last_dts: Of the last packet that was copied, ticks of the source; None before the first.
    """

    source: VideoStream | AudioStream
    target: VideoStream | AudioStream
    last_dts: int | None = None
    time_base: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.time_base = self.source.time_base or Fraction(1, 90_000)


class _Cutter:
    """Finds keyframes of a video, and copies what follows them."""

    def __init__(self, decoder: VideoDecoder, max_bytes: int | None) -> None:
        self._path = str(decoder.path)
        self._packets = VideoPackets(decoder)
        self._max_bytes = math.inf if max_bytes is None else max_bytes
        self._copied_bytes = 0
        self._sound: AudioStream | None = next(
            (stream for stream in decoder.container.streams.audio if stream.codec_context is not None), None
        )

    def parts(self, wanted: Sequence[Interval]) -> list[Interval]:
        """What is to be copied: each interval from the keyframe before it."""
        found = []
        for start_s, end_s in wanted:
            key_s = self._packets.keyframe_before(start_s)
            if key_s is not None:
                found.append((key_s, end_s))
        return _joined(found)

    def copy(self, parts: Sequence[Interval], out: OutputContainer, format_name: str) -> tuple[float, bool]:
        """Copy the parts; returns how long they play, and whether there is sound."""
        video = self._track(self._packets.video, out)
        sound: _Track | None = None
        if self._sound is not None and _takes(format_name, self._sound):
            sound = self._track(self._sound, out)
            self._sound.discard = Discard.default
        at_s = 0.0
        for part in parts:
            at_s = self._copy_part(part, at_s, video, sound, out)
        return at_s, sound is not None and sound.last_dts is not None

    def _copy_part(
        self, part: Interval, at_s: float, video: _Track, sound: _Track | None, out: OutputContainer
    ) -> float:
        """Copy one part to a place of the clip; returns where it ends there."""
        start_s, end_s = part
        shift_s: float | None = None
        played_s = at_s
        newest_s = start_s
        ended = False
        early: list[MediaPacket] = []
        packets = self._packets
        for packet in packets.after(start_s, [video.source, *([sound.source] if sound else [])]):
            media_s = packets.media_s(packet)
            if packet.stream is not video.source:
                assert sound is not None
                if not start_s - ROUNDED_S <= media_s <= max(end_s, newest_s):
                    if media_s > end_s + _INTERLEAVED_S:
                        break
                elif shift_s is None:
                    early.append(packet)
                else:
                    self._mux(packet, sound, shift_s, out)
                continue
            if shift_s is None:
                if not packet.is_keyframe or media_s < start_s - ROUNDED_S:
                    continue
                # Pictures are stored before they are shown; what is stored must not go back either.
                shift_s = at_s - media_s - packets.start_s
                if video.last_dts is not None:
                    first_s = packets.decoded_s(packet) + packets.start_s + shift_s
                    least_s = float((video.last_dts + 1) * packets.time_base)
                    shift_s += max(0.0, least_s - first_s)
                for sounding in early:
                    assert sound is not None
                    self._mux(sounding, sound, shift_s, out)
            elif ended or (packets.decoded_s(packet) > end_s + ROUNDED_S and media_s > newest_s):
                # Pictures that are shown before the last one and stored after it are there by now.
                ended = True
                if sound is None or packets.decoded_s(packet) > end_s + _INTERLEAVED_S:
                    break
                continue
            # Pictures before the keyframe that are stored after it need some that are not there.
            if media_s >= start_s - ROUNDED_S:
                newest_s = max(newest_s, media_s)
                self._mux(packet, video, shift_s, out)
                played_s = max(played_s, media_s + packets.start_s + shift_s + packets.frame_s)
        return played_s

    def _track(self, source: VideoStream | AudioStream, out: OutputContainer) -> _Track:
        # Opaque: to copy AV1, nobody has to be there who could encode it.
        target = out.add_stream_from_template(source, opaque=True)
        # Marks of other formats mean something else, or nothing, in this one.
        target.codec_context.codec_tag = "\0\0\0\0"
        return _Track(source, target)

    def _mux(self, packet: MediaPacket, track: _Track, shift_s: float, out: OutputContainer) -> None:
        """Write a packet at another time; one that would go back is left out, as sound between parts may."""
        ticks = round(shift_s / track.time_base)
        assert packet.pts is not None
        assert packet.dts is not None
        packet.pts += ticks
        packet.dts += ticks
        if track.last_dts is not None and packet.dts <= track.last_dts:
            return
        self._copied_bytes += packet.size
        if self._copied_bytes > self._max_bytes:
            raise ClipTooLargeError(
                f"that part of {self._path!r}, from the keyframe before it, has more than "
                f"{self._max_bytes / 1e6:.0f} MB; ask for a shorter one",
                self._path,
            )
        track.last_dts = packet.dts
        packet.stream = track.target
        out.mux_one(packet)
