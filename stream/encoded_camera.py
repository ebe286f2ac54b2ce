"""One connection to a camera whose pictures are passed on as they were encoded."""

import threading
import time
from collections.abc import Iterator

from stream.camera_url import CameraUrl
from stream.errors import CameraLostError, CameraRefusedError
from stream.live_connection import EncodedPicture
from stream.live_packets import LivePackets
from stream.live_settings import KEYFRAME_PATIENCE, LiveSettings
from stream.packet_decoder import CODECS


class EncodedCamera(LivePackets):
    """A camera's video over RTSP or HTTP, from its first keyframe on. Implements `EncodedConnection`.

    Nothing is decoded: what is damaged on the way from the camera is found by who decodes it.

    Attributes:
        codec: FFmpeg's name of the codec, one of `CODECS`.

    Args:
        url: The camera, without open references; it is connected here.
        settings: How to read it; `hwaccel` means nothing here.

    Raises:
        CameraUnreachableError: If no connection came about.
        CameraRefusedError: If it takes a person to mend.
    """

    def __init__(self, url: CameraUrl, settings: LiveSettings) -> None:
        super().__init__(url, settings)
        self.codec: str = self.stream.codec_context.codec.canonical_name
        if self.codec not in CODECS:
            self.close()
            raise unencoded(self.codec, url)

    @property
    def extradata(self) -> bytes:
        """What the decoder must be told before the first picture; empty where that is in the pictures."""
        return self.stream.codec_context.extradata or b""

    def pictures(self, stop: threading.Event) -> Iterator[EncodedPicture | None]:
        """Yield pictures as they come, from the first keyframe on; see `LiveConnection`."""
        keyframe_at_s = time.monotonic()
        first = True
        for packet in self.packets(stop):
            if packet is None:
                yield None
                continue
            now_s = time.monotonic()
            if packet.is_keyframe:
                keyframe_at_s, first = now_s, False
            elif first or self._settings.keyframes_only:
                if now_s - keyframe_at_s >= KEYFRAME_PATIENCE * self._settings.stall_s:
                    raise CameraLostError("it sends data, but no keyframe", self.shown)
                continue
            # In the order of decoding: what is shown earlier than it is sent is due when it is sent.
            arrived_s = self.due_s(packet.dts, packet.time_base, now_s, stop)
            if stop.is_set():
                return
            yield EncodedPicture(bytes(packet), packet.is_keyframe, arrived_s)

    def size_px(self, picture: EncodedPicture) -> tuple[int, int]:  # noqa: ARG002 - no picture is looked at
        """Width and height as the camera announced them, (0, 0) if it did not."""
        return self.stream.width, self.stream.height


def unencoded(codec: str, url: CameraUrl) -> CameraRefusedError:
    """What is said of a camera whose pictures can't be passed on as they come."""
    return CameraRefusedError(
        f"its pictures ({codec}) can't be sent as the camera encodes them; let its reader send JPEG",
        url.masked,
    )
