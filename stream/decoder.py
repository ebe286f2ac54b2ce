"""One video file, opened and decoded by FFmpeg in this process."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stream.cores import available_cores
from stream.errors import (
    NoVideoStreamError,
    SeekMissedError,
    SourceUnreadableError,
    VideoFormatRefusedError,
    VideoTooLargeError,
    VideoUnreadableError,
)
from stream.local_file import open_local
from stream.mistaken import HEAD_BYTES, mistaken_for_media
from stream.passing_over import PassedFrame, PassingOver
from stream.video_stream import (
    DECODER_MARGIN,
    best_decodable,
    contents,
    moving_pictures,
    read_only,
)

# Formats that hold their own pictures. Playlists (hls, concat, dash, sdp, image2, ...) make FFmpeg open
# other files or addresses and must never get here. The sound formats are listed to say "no video" and not
# "unknown".
_FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,vvc,m4v,h263,obu,ivf,flv,live_flv,asf,ogg,gif,mjpeg,jpeg_pipe,"
    "mxf,dv,nut,rm,wtv,dhav,yuv4mpegpipe,mp3,wav,flac,aac,aiff,amr,ac3"
)

# Nothing may be opened beside the file that we hand over.
_OPEN_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": ""}

# Big reads: each goes through Python.
_READ_BYTES = 256 * 1024

_MOST_THREADS = 8

# A demuxer that fails so often in a row without a packet is stuck, not recovering.
_MAX_DEMUX_FAILURES = 100


class VideoDecoder:
    """The video stream of a local file. Use as a context manager.

    Of several video streams one is taken, see `best_decodable`; covers don't count.

    Attributes:
        video_streams: How many there are.
        path: The file.
        container: The open container.
        stream: The chosen video stream.
        corrupt: Packets that couldn't be decoded so far, plus frames that the decoder marks as damaged.
        intra_only: Whether every frame stands alone in this codec.

    Args:
        path: The file; it is opened here.
        max_pixels: Largest width times height of a frame.

    Raises:
        StreamError: If the file can't be read (see `open_local`), is no video, has no video stream or is
            too large.
    """

    def __init__(self, path: Path, max_pixels: int) -> None:
        self.path = path
        self.corrupt = 0
        self._max_pixels = max_pixels
        self._file = open_local(path)
        try:
            self.container = self._open()
            try:
                self.stream = self._choose_stream()
                self.intra_only = self.stream.codec_context.codec.intra_only
                self._skipped: Literal["DEFAULT", "NONREF"] = "DEFAULT"
            except BaseException:
                self.container.close()
                raise
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.container.close()
        self._file.close()

    def frames(
        self, stop: threading.Event, passing: PassingOver | None = None
    ) -> Iterator[VideoFrame | PassedFrame]:
        """Decode all frames in order of presentation; what can't be decoded is counted and left out.

        Args:
            stop: Ends the iteration before the next packet.
            passing: Says which frames need not be decoded; None: all are.

        Yields:
            Frames as decoded, and in their places those that were not.

        Raises:
            VideoTooLargeError: If a frame has more than `max_pixels`.
            SourceUnreadableError: If the disk fails.
        """
        corrupt = self.corrupt
        for packet in self._packets():
            if stop.is_set():
                return
            # What an edit list cuts out is decoded and shown nowhere.
            odd = packet.is_corrupt or packet.is_discard or self.corrupt > corrupt
            if passing is not None and odd:
                passing.give_up()
            corrupt = self.corrupt
            for frame in self._decode(packet, passing):
                self._check_size(frame.width, frame.height)
                self.corrupt += frame.is_corrupt
                if passing is not None:
                    if frame.interlaced_frame:
                        # Two packets may be one frame.
                        passing.give_up()
                    yield from passing.before(frame.pts)
                yield frame
        if passing is not None:
            yield from passing.rest()

    def _decode(self, packet: "Packet[VideoStream]", passing: PassingOver | None) -> list[VideoFrame]:
        if passing is not None and packet.size and not packet.is_discard:
            needed = passing.needs(packet.pts)
            if not needed and self.intra_only:
                return []
            # The decoder tells from the packet whether another frame leans on it, and decodes it if so.
            self._skip("DEFAULT" if needed else "NONREF")
        try:
            return packet.decode()
        except av.FFmpegError:
            self.corrupt += 1
            return []

    def _skip(self, what: Literal["DEFAULT", "NONREF"]) -> None:
        if what != self._skipped:
            self.stream.codec_context.skip_frame = self._skipped = what

    def frames_from(
        self, pts: int, stop: threading.Event, passing: PassingOver | None = None
    ) -> Iterator[VideoFrame | PassedFrame]:
        """Decode from a keyframe on; what is shown before it is left out.

        Args:
            pts: Timestamp of the keyframe, in the time base of the stream.
            stop: Ends the iteration before the next packet.
            passing: Says which frames need not be decoded; None: all are.

        Raises:
            SeekMissedError: If the first frame is another one.
            StreamError: As `frames` does.
        """
        try:
            self.container.seek(pts, stream=self.stream, backward=True, any_frame=False)
        except av.FFmpegError as error:
            raise self._missed() from error
        begun = False
        for frame in self.frames(stop, passing):
            if not begun and isinstance(frame, VideoFrame):
                if frame.pts is not None and frame.pts < pts:
                    # Of a group of pictures before it, or they lean on one that was not decoded.
                    continue
                if frame.pts != pts or frame.is_corrupt:
                    raise self._missed()
                begun, self.corrupt = True, 0
            yield frame
        if not begun and not stop.is_set():
            raise self._missed()

    def _missed(self) -> SeekMissedError:
        return SeekMissedError(f"{str(self.path)!r}: a keyframe was not found again", str(self.path))

    def _open(self) -> InputContainer:
        options = {**_OPEN_OPTIONS, "max_pixels": str(self._max_pixels * DECODER_MARGIN)}
        try:
            # The path itself never reaches FFmpeg, which would read meaning into "%03d", "a:b" or "-".
            # Tags in an unknown encoding must not make the pictures unreadable.
            return av.open(
                self._file, "r", options=options, metadata_errors="replace", buffer_size=_READ_BYTES
            )
        except av.FFmpegError as error:
            raise self._unreadable(refused=isinstance(error, av.ArgumentError)) from error
        except OSError as error:
            raise self._disk_failed(error) from error

    def _unreadable(self, *, refused: bool) -> VideoUnreadableError:
        """Say why the file can't be opened; `refused` if FFmpeg knows it, but it is of no format of ours."""
        try:
            self._file.seek(0)
            head = self._file.read(HEAD_BYTES)
        except OSError:
            head = b""
        kind, path = VideoUnreadableError, repr(str(self.path))
        other = mistaken_for_media(head)
        if other is not None:
            kind = VideoFormatRefusedError if other.playlist else kind
            message = f"{path} is not a video but {other.kind}; {other.advice}"
        elif refused:
            kind = VideoFormatRefusedError
            message = f"{path} is not in one of the video formats that are read; convert it to MP4"
        elif head[4:8] == b"ftyp":
            message = (
                f"{path} is an MP4 or MOV file without a usable index, as an interrupted recording or "
                "download leaves it; get the whole file, or repair it with untrunc"
            )
        else:
            message = f"{path} is not a video, or its beginning is damaged; check that it plays"
        return kind(message, str(self.path))

    def _choose_stream(self) -> VideoStream:
        streams = moving_pictures(self.container)
        if not streams:
            kinds = contents(self.container)
            raise NoVideoStreamError(
                f"{str(self.path)!r} holds no moving pictures, only {' and '.join(kinds)}; name a video file"
                if kinds
                else f"{str(self.path)!r} holds no moving pictures, nor anything else; was its recording "
                "interrupted?",
                str(self.path),
            )
        self.video_streams = len(streams)
        chosen = best_decodable(streams)
        if chosen is None:
            raise VideoUnreadableError(
                f"{str(self.path)!r} is encoded in a way that this FFmpeg can't decode; convert it to H.264",
                str(self.path),
            )
        self._check_size(chosen.width, chosen.height)
        read_only(self.container, chosen, self._max_pixels)
        chosen.thread_type = "AUTO"
        chosen.thread_count = min(available_cores(), _MOST_THREADS)
        return chosen

    def _check_size(self, width_px: int, height_px: int) -> None:
        if width_px * height_px > self._max_pixels:
            raise VideoTooLargeError(
                f"{str(self.path)!r} has frames of {width_px}x{height_px} = {width_px * height_px:,} pixels, "
                f"allowed are {self._max_pixels:,}; scale it down, or, if you trust the file, allow more "
                "(facestream run --max-pixels N; in Python max_pixels)",
                str(self.path),
            )

    def _packets(self) -> "Iterator[Packet[VideoStream]]":
        failures = 0
        while True:
            try:
                for packet in self.container.demux(self.stream):
                    failures = 0
                    yield packet
            except av.FFmpegError:
                # The demuxer stands behind the damage now; a new iteration goes on from there.
                self.corrupt += 1
                failures += 1
                if failures == _MAX_DEMUX_FAILURES:
                    return
            except IndexError:
                # PyAV 18.1 stumbles at the end over streams that appeared on the way. Ours has a lower
                # number, so it was drained before them.
                return
            except OSError as error:
                raise self._disk_failed(error) from error
            else:
                return

    def _disk_failed(self, error: OSError) -> SourceUnreadableError:
        return SourceUnreadableError(
            f"{str(self.path)!r} failed while being read: {error}; check the disk or the network share",
            str(self.path),
        )
