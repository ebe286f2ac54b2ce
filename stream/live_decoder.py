"""One connection to a camera, opened and decoded by FFmpeg in this process.

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
import numpy as np
import numpy.typing as npt
from av.codec.hwaccel import HWAccel
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stream.camera_url import CameraUrl
from stream.conversion import BgrConverter, shown_size_px
from stream.errors import CameraError, CameraLostError, CameraRefusedError
from stream.hardware_decoder import accelerator
from stream.live_connection import LivePicture
from stream.live_container import RTSP_SCHEMES, LiveContainer
from stream.live_settings import LiveSettings
from stream.pacing import Pacer
from stream.video_stream import contents, largest_decodable, moving_pictures, read_only

# Formats that hand out much at once, so that the timestamps must tell when.
_BURSTS = ("hls", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")

# Of a read that can be repeated; shorter where so short a silence already counts.
_LONGEST_TURN_S = 1.0
_TURNS_OF_STALL = 5
_LATE = 0.9

# Before the first keyframe nothing can be decoded, and cameras that save bandwidth send few.
_KEYFRAME_PATIENCE = 3.0

# A demuxer that fails so often in a row without a packet is stuck, not recovering.
_MAX_DEMUX_FAILURES = 100


class LiveDecoder:
    """A camera's video over RTSP, HTTP or V4L2. Implements `LiveConnection`.

    Decoding is tuned for the delay: one thread, no frames held back. Timestamps are used only to spread the
    bursts of HLS. A change of resolution is followed; one of the codec ends in `CameraLostError`.

    Attributes:
        codec: FFmpeg's name of the decoder.
        device: Hardware that decodes, "none" for software.
        announced_fps: What the camera says of its rate, None if nothing.
        corrupt: Packets that couldn't be decoded so far, plus pictures that are marked as damaged.

    Args:
        url: The camera, without open references; it is connected here.
        settings: How to read it.

    Raises:
        CameraUnreachableError: If no connection came about.
        CameraRefusedError: If it takes a person to mend.
    """

    def __init__(self, url: CameraUrl, settings: LiveSettings) -> None:
        self.corrupt = 0
        self._shown = url.masked
        self._settings = settings
        self._resumable = url.scheme in RTSP_SCHEMES
        turn_s = min(_LONGEST_TURN_S, settings.stall_s / _TURNS_OF_STALL)
        self._read_s = turn_s if self._resumable else settings.stall_s
        device = accelerator(settings.hwaccel)
        self._opened = LiveContainer(url, settings, self._read_s, device)
        self._container = self._opened.container
        try:
            self._stream = self._choose_stream(device)
        except BaseException:
            self._opened.close()
            raise
        context = self._stream.codec_context
        self.codec: str = context.name
        self.device = "none" if device is None or not context.is_hwaccel else settings.hwaccel
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self.announced_fps = rate or None
        self._pacer = Pacer() if self._container.format.name in _BURSTS else None
        self._converter: BgrConverter | None = None
        self._converted: tuple[int, int, Fraction | None] = (0, 0, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def pictures(self, stop: threading.Event) -> Iterator[LivePicture | None]:
        """Yield pictures as they come; see `LiveConnection`."""
        packet_at_s = picture_at_s = time.monotonic()
        heard_at_s = 0.0
        first = True
        for packet in self._packets(stop):
            now_s = time.monotonic()
            if packet is None or packet.stream is not self._stream:
                heard_at_s = heard_at_s if packet is None else now_s
                if now_s - packet_at_s >= self._settings.stall_s:
                    raise self._silent() if heard_at_s < packet_at_s else self._unseen()
                yield None
                continue
            packet_at_s = now_s
            for picture in self._decode(packet):
                arrived_s = self._due_s(picture, now_s, stop)
                if stop.is_set():
                    return
                picture_at_s, first = arrived_s, False
                yield LivePicture(picture, arrived_s, self._pixel_aspect())
            patience = _KEYFRAME_PATIENCE if first or self._settings.keyframes_only else 1.0
            if now_s - picture_at_s >= patience * self._settings.stall_s:
                raise CameraLostError("it sends data, but no picture in it can be decoded", self._shown)

    def size_px(self, picture: LivePicture) -> tuple[int, int]:
        """Width and height of `image_bgr`."""
        return shown_size_px(picture.picture, picture.pixel_aspect)

    def image_bgr(self, picture: LivePicture) -> npt.NDArray[np.uint8]:
        """Convert: uint8 (H, W, 3), C-contiguous, upright, with square pixels."""
        shape = picture.picture.width, picture.picture.height, picture.pixel_aspect
        if self._converter is None or shape != self._converted:
            self._converter, self._converted = BgrConverter(shape[2]), shape
        return self._converter.image_bgr(picture.picture)

    def _pixel_aspect(self) -> Fraction | None:
        # The decoder knows it of what is sent now, the stream of what was announced, if anything was.
        return self._stream.codec_context.sample_aspect_ratio or self._stream.sample_aspect_ratio

    def _choose_stream(self, device: HWAccel | None) -> VideoStream:
        streams = moving_pictures(self._container)
        if not streams:
            kinds = " and ".join(contents(self._container)) or "nothing"
            raise CameraRefusedError(
                f"it sends no pictures, only {kinds}; choose another stream of it", self._shown
            )
        chosen = largest_decodable(streams)
        if chosen is None:
            raise CameraRefusedError(
                "its video is encoded in a way that can't be decoded here; set it to H.264",
                self._shown,
            )
        self._check_size(chosen.width, chosen.height)
        read_only(self._container, chosen, self._settings.max_pixels)
        context = chosen.codec_context
        if device is not None and self._settings.hwaccel != "auto" and not context.is_hwaccel:
            raise CameraRefusedError(
                f"{self._settings.hwaccel!r} can't decode its video ({context.name}); "
                "choose hwaccel 'auto' or 'none'",
                self._shown,
            )
        # Frame threads would hold back one picture each.
        context.thread_type = "SLICE"
        context.thread_count = 1
        if self._settings.keyframes_only:
            context.skip_frame = "NONKEY"
        return chosen

    def _packets(self, stop: threading.Event) -> "Iterator[Packet[Any] | None]":
        # Those of all streams: RTSP delivers also what is to be discarded, and asked for the pictures alone,
        # PyAV would stay in its loop for as long as the sound goes on without them.
        packets = self._container.demux()
        failures = 0
        try:
            while not stop.is_set():
                begun_s = time.monotonic()
                self._opened.read_begins(begun_s)
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
                        raise CameraLostError("the connection broke", self._shown)
                    continue
                if packet is None or packet.size == 0:
                    raise CameraLostError("it ended the connection", self._shown)
                failures = 0
                yield packet
        finally:
            # PyAV 18.1 loses 160 bytes with a generator that is dropped instead, and the holes between such
            # leftovers cost 4 KB per connection.
            packets.close()  # type: ignore[attr-defined]

    def _decode(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        began_s = time.perf_counter()
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            self.corrupt += 1
            return []
        if self._settings.on_decode is not None:
            self._settings.on_decode(time.perf_counter() - began_s)
        for picture in pictures:
            self._check_size(picture.width, picture.height)
            self.corrupt += picture.is_corrupt
        return pictures

    def _due_s(self, picture: VideoFrame, arrived_s: float, stop: threading.Event) -> float:
        if self._pacer is None:
            return arrived_s
        time_base = picture.time_base
        timestamp_s = None if picture.pts is None or time_base is None else float(picture.pts * time_base)
        stop.wait(self._pacer.wait_s(timestamp_s, time.monotonic()))
        return time.monotonic()

    def _check_size(self, width_px: int, height_px: int) -> None:
        if width_px * height_px > self._settings.max_pixels:
            raise CameraRefusedError(
                f"its pictures have {width_px}x{height_px} = {width_px * height_px:,} pixels, allowed are "
                f"{self._settings.max_pixels:,}; choose a smaller stream of it",
                self._shown,
            )

    def _silent(self) -> CameraLostError:
        return CameraLostError(f"it sent nothing for {self._settings.stall_s:g} s", self._shown)

    def _unseen(self) -> CameraLostError:
        return CameraLostError(
            f"it sent no picture for {self._settings.stall_s:g} s, only sound or other data", self._shown
        )
