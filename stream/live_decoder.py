"""One connection to a camera, opened and decoded by FFmpeg in this process."""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stream.camera_url import CameraUrl
from stream.conversion import BgrConverter, shown_size_px
from stream.errors import CameraLostError
from stream.hardware_decoder import accelerator, check_used
from stream.live_connection import LivePicture
from stream.live_packets import LivePackets
from stream.live_settings import KEYFRAME_PATIENCE, LiveSettings


class LiveDecoder(LivePackets):
    """A camera's video over RTSP, HTTP or V4L2. Implements `PictureConnection`.

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
        device = accelerator(settings.hwaccel)
        super().__init__(url, settings, device)
        context = self.stream.codec_context
        try:
            check_used(context, device, settings.hwaccel, url.masked)
        except BaseException:
            self.close()
            raise
        # Frame threads would hold back one picture each.
        context.thread_type = "SLICE"
        context.thread_count = 1
        if settings.keyframes_only:
            context.skip_frame = "NONKEY"
        self.codec: str = context.name
        self.device = "none" if device is None or not context.is_hwaccel else settings.hwaccel
        self._converter: BgrConverter | None = None
        self._converted: tuple[int, int, Fraction | None] = (0, 0, None)

    def pictures(self, stop: threading.Event) -> Iterator[LivePicture | None]:
        """Yield pictures as they come; see `LiveConnection`."""
        picture_at_s = time.monotonic()
        first = True
        for packet in self.packets(stop):
            if packet is None:
                yield None
                continue
            now_s = time.monotonic()
            for picture in self._decode(packet):
                arrived_s = self.due_s(picture.pts, picture.time_base, now_s, stop)
                if stop.is_set():
                    return
                picture_at_s, first = arrived_s, False
                yield LivePicture(picture, arrived_s, self._pixel_aspect())
            patience = KEYFRAME_PATIENCE if first or self._settings.keyframes_only else 1.0
            if now_s - picture_at_s >= patience * self._settings.stall_s:
                raise CameraLostError("it sends data, but no picture in it can be decoded", self.shown)

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
        return self.stream.codec_context.sample_aspect_ratio or self.stream.sample_aspect_ratio

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
            self.check_size(picture.width, picture.height)
            self.corrupt += picture.is_corrupt
        return pictures
