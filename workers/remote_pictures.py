"""What frames show that came through Redis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.remote_frame import RemoteFrame, RemotePackets
from stream.packet_decoder import PacketDecoder
from workers.frame_jpeg import decoded

BLIND_S = 10.0
"""A decoder that has given no picture for so long, although packets came, is of no use any more."""


class RemotePictures:
    """Decodes the frames of one camera, taken in their order.

    Args:
        hwaccel: What decodes packets; as that of `LiveSettings`.

    Attributes:
        corrupt: Packets that couldn't be decoded so far, plus pictures of theirs that are marked as damaged.
    """

    def __init__(self, hwaccel: str = "none") -> None:
        self.corrupt = 0
        self._hwaccel = hwaccel
        # The newest picture, and what it shows as soon as somebody wants to know.
        self._jpeg = b""
        self._image: npt.NDArray[np.uint8] | None = None
        # None where packets are missing since the last keyframe.
        self._decoder: PacketDecoder | None = None
        self._made_for: tuple[str, bytes] = ("", b"")
        self._packed = False
        # Whether the newest packets gave a picture, and since when none did, in the time of the camera.
        self._came = True
        self._blind_since_s: float | None = None
        self._blind_s = 0.0

    @property
    def lacks_packets(self) -> bool:
        """Whether the newest frame can't be decoded as packets are missing since the last keyframe."""
        return self._packed and self._decoder is None

    @property
    def blind_s(self) -> float:
        """For how long packets have come that gave no picture, s."""
        return self._blind_s

    def take(self, frame: RemoteFrame, *, follows: bool) -> None:
        """Take in the next frame.

        Args:
            frame: The frame.
            follows: Whether it follows right upon the one before.

        Raises:
            ValueError: If what it brings can't be decoded.
            CameraRefusedError: If the hardware that is to decode doesn't work here.
        """
        self._packed = frame.packets is not None
        if frame.packets is not None:
            self._jpeg, self._image = b"", None
            self._decode(frame.packets, follows)
            self._look_out(frame.captured_at_s)
            return
        if frame.jpeg:
            self._jpeg, self._image, self._decoder = frame.jpeg, None, None
        elif not follows:
            # The picture that it repeats may be the one that is missing.
            self._jpeg, self._image = b"", None

    def image_bgr(self) -> npt.NDArray[np.uint8] | None:
        """What the newest frame shows, uint8 (H, W, 3).

        None where what it needs was dropped or is damaged: the picture that it repeats, or packets since a
        keyframe; and where its packets give none: a picture of before is none of now.

        Raises:
            ValueError: If its picture is damaged.
        """
        if self._image is None and self._decoder is not None and self._came:
            self._image = self._decoder.image_bgr()
        if self._image is None and self._jpeg:
            try:
                self._image = decoded(self._jpeg)
            except ValueError:
                self._jpeg = b""
                raise
        return self._image

    def _decode(self, packets: RemotePackets, follows: bool) -> None:
        made_for = packets.codec, packets.extradata
        decoder, data = self._decoder, packets.data
        if decoder is None or not follows or made_for != self._made_for:
            self._decoder = decoder = None
            if not packets.keyframes:
                return
            # A decoder that goes on over a gap makes up pictures.
            decoder, data = PacketDecoder(*made_for, self._hwaccel), data[packets.keyframes[0] :]
        damaged, pictures = decoder.corrupt, decoder.pictures
        self._decoder = None
        for each in data:
            decoder.decode(each)
        self._came = decoder.pictures > pictures
        self._decoder, self._made_for = decoder, made_for
        self.corrupt += decoder.corrupt - damaged

    def _look_out(self, captured_at_s: float) -> None:
        """Let a decoder go that gives no picture any more: a new one may, from the next keyframe on."""
        if self._decoder is None:
            return
        if self._came:
            self._blind_since_s, self._blind_s = None, 0.0
            return
        if self._blind_since_s is None:
            self._blind_since_s = captured_at_s
        blind_s = captured_at_s - self._blind_since_s
        self._blind_s = max(self._blind_s, blind_s)
        if blind_s >= BLIND_S:
            self._decoder = self._blind_since_s = None
