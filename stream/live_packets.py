"""What a camera sends over one connection, as it comes: encoded.

How long things take (measured with PyAV 18 against a camera that falls silent):

- A read of RTSP that was interrupted can be repeated and loses nothing, over TCP and UDP alike. So RTSP is
  read in turns of a second, and how long the camera has been silent is counted here: that is how a stop, a
  pause and the first seconds of a stall are noticed at once.
- HTTP can't go on after an interruption. Its reads last up to `stall_s`, and so does a stop in a stall.
- A picture of RTSP is complete for FFmpeg when the next one begins: its delay is one period of the camera.
"""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
from av.codec.hwaccel import HWAccel
from av.packet import Packet
from av.video.stream import VideoStream

from stream.camera_url import CameraUrl
from stream.errors import CameraError, CameraLostError, CameraRefusedError
from stream.live_container import RTSP_SCHEMES, LiveContainer
from stream.live_settings import LiveSettings
from stream.pacing import Pacer
from stream.video_stream import best_decodable, contents, moving_pictures, read_only

# Formats that hand out much at once, so that the timestamps must tell when.
_BURSTS = ("hls", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")

# Of a read that can be repeated; shorter where so short a silence already counts.
_LONGEST_TURN_S = 1.0
_TURNS_OF_STALL = 5
_LATE = 0.9

# A demuxer that fails so often in a row without a packet is stuck, not recovering.
_MAX_DEMUX_FAILURES = 100


class LivePackets:
    """The packets of a camera's video over RTSP, HTTP or V4L2: a context manager, the base of connections.

    Attributes:
        stream: The largest video that this FFmpeg can decode.
        shown: The camera as it may be shown, without secrets.
        corrupt: Packets that the demuxer failed on so far, and what a connection that decodes them adds.

    Args:
        url: The camera, without open references; it is connected here.
        settings: How to read it.
        device: Hardware that will decode, None for software.

    Raises:
        CameraUnreachableError: If no connection came about.
        CameraRefusedError: If it takes a person to mend.
    """

    def __init__(self, url: CameraUrl, settings: LiveSettings, device: HWAccel | None = None) -> None:
        self.corrupt = 0
        self.shown = url.masked
        self._settings = settings
        self._resumable = url.scheme in RTSP_SCHEMES
        turn_s = min(_LONGEST_TURN_S, settings.stall_s / _TURNS_OF_STALL)
        self._read_s = turn_s if self._resumable else settings.stall_s
        self._opened = LiveContainer(url, settings, self._read_s, device)
        self._container = self._opened.container
        try:
            self.stream = self._choose_stream()
        except BaseException:
            self._opened.close()
            raise
        self._pacer = Pacer() if self._container.format.name in _BURSTS else None

    @property
    def announced_fps(self) -> float | None:
        """What the camera says of its rate, None if nothing."""
        return float(self.stream.average_rate or self.stream.guessed_rate or 0) or None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._opened.close()

    def packets(self, stop: threading.Event) -> "Iterator[Packet[VideoStream] | None]":
        """Yield the packets of the video as they come.

        None comes with whatever else the camera sends, and, where reads can be repeated, at least about every
        second of silence.

        Args:
            stop: Once set, the iteration ends with the next of them.

        Raises:
            CameraLostError: If the connection ended, or no packet came for `stall_s`.
        """
        packet_at_s = time.monotonic()
        heard_at_s = 0.0
        for packet in self._demux(stop):
            now_s = time.monotonic()
            if packet is not None and packet.stream is self.stream:
                packet_at_s = now_s
                yield packet
                continue
            heard_at_s = heard_at_s if packet is None else now_s
            if now_s - packet_at_s >= self._settings.stall_s:
                raise self._silent() if heard_at_s < packet_at_s else self._unseen()
            yield None

    def due_s(
        self, timestamp: int | None, time_base: Fraction | None, arrived_s: float, stop: threading.Event
    ) -> float:
        """Wait until something is due that came in a burst; returns `time.monotonic()` of when it was.

        Args:
            timestamp: When to show it, in units of the next; None if unknown.
            time_base: Seconds per unit, None if unknown.
            arrived_s: `time.monotonic()` of its arrival, when it is due if it came in no burst.
            stop: Ends the wait once it is set.
        """
        if self._pacer is None:
            return arrived_s
        timestamp_s = None if timestamp is None or time_base is None else float(timestamp * time_base)
        stop.wait(self._pacer.wait_s(timestamp_s, time.monotonic()))
        return time.monotonic()

    def check_size(self, width_px: int, height_px: int) -> None:
        """Refuse pictures that are too large.

        Raises:
            CameraRefusedError: If they are.
        """
        if width_px * height_px > self._settings.max_pixels:
            raise CameraRefusedError(
                f"its pictures have {width_px}x{height_px} = {width_px * height_px:,} pixels, allowed are "
                f"{self._settings.max_pixels:,}; choose a smaller stream of it",
                self.shown,
            )

    def _choose_stream(self) -> VideoStream:
        streams = moving_pictures(self._container)
        if not streams:
            kinds = " and ".join(contents(self._container)) or "nothing"
            raise CameraRefusedError(
                f"it sends no pictures, only {kinds}; choose another stream of it", self.shown
            )
        chosen = best_decodable(streams)
        if chosen is None:
            raise CameraRefusedError(
                "its video is encoded in a way that can't be decoded here; set it to H.264",
                self.shown,
            )
        self.check_size(chosen.width, chosen.height)
        read_only(self._container, chosen, self._settings.max_pixels)
        return chosen

    def _demux(self, stop: threading.Event) -> "Iterator[Packet[Any] | None]":
        # Those of all streams: RTSP delivers also what is to be discarded, and asked for the pictures alone,
        # PyAV would stay in its loop for as long as the sound goes on without them.
        packets = self._container.demux()
        failures = 0
        try:
            while not stop.is_set():
                begun_s = time.monotonic()
                self._opened.read_begins()
                failure: av.FFmpegError | None = None
                packet = None
                try:
                    packet = next(packets, None)
                except CameraError:
                    raise
                except av.FFmpegError as error:
                    failure = error
                except (IndexError, OSError):
                    # PyAV 18.1 stumbles at the end over streams that appeared on the way.
                    pass
                # Out here what is raised has no context: the text of PyAV's error holds the URL.
                if failure is not None:
                    packets = self._container.demux()
                    if time.monotonic() - begun_s >= _LATE * self._read_s:
                        if not self._resumable:
                            raise self._silent()
                        yield None
                        continue
                    self.corrupt += 1
                    failures += 1
                    if failures == _MAX_DEMUX_FAILURES or not isinstance(failure, av.error.InvalidDataError):
                        raise CameraLostError("the connection broke", self.shown)
                    continue
                if packet is None or packet.size == 0:
                    raise CameraLostError("it ended the connection", self.shown)
                failures = 0
                yield packet
        finally:
            # PyAV 18.1 loses 160 bytes with a generator that is dropped instead, and the holes between such
            # leftovers cost 4 KB per connection.
            packets.close()  # type: ignore[attr-defined]

    def _silent(self) -> CameraLostError:
        return CameraLostError(f"it sent nothing for {self._settings.stall_s:g} s", self.shown)

    def _unseen(self) -> CameraLostError:
        return CameraLostError(
            f"it sent no picture for {self._settings.stall_s:g} s, only sound or other data", self.shown
        )
