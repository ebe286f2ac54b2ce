"""What a camera sent from one sampled frame to the next, as it encoded it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PacketRun:
    """The packets of a camera from one sampled frame to the next, which is what has been decoded by then.

    Attributes:
        index, media_s, captured_at_s: As those of the frame.
        codec: FFmpeg's name of the codec.
        extradata: What the decoder must be told before the first of them; may be empty.
        packets: In the order of decoding.
        keyframes: Which of them decoding can begin with, by place.
    """

    index: int
    media_s: float
    captured_at_s: float
    codec: str
    extradata: bytes
    packets: tuple[bytes, ...]
    keyframes: tuple[int, ...]
