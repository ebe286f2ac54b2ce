"""Which stream of an open container holds the pictures, and what a decoder may spend on it."""

from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

_KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "a cover picture"}

# Transport and program streams.
_OF_MPEG = frozenset({"mpegts", "mpeg"})

# The decoder's own limit guards memory only; the exact limit is checked on each frame, with a better message.
DECODER_MARGIN = 4


def moving_pictures(container: InputContainer) -> list[VideoStream]:
    """The video streams that are no covers."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & covers]


def contents(container: InputContainer) -> list[str]:
    """What the streams hold, in words for a person, each kind once."""
    return sorted({_KINDS.get(stream.type, "other data") for stream in container.streams})


def best_decodable(streams: list[VideoStream]) -> VideoStream | None:
    """The stream that is meant to be shown, of those that FFmpeg has a decoder for; None if there is none.

    Of several, one that the file calls its default, and of these the one with the most pixels; but none of a
    single picture, which is a cover that doesn't say so.
    """

    def order(stream: VideoStream) -> tuple[bool, bool, int]:
        return (
            stream.frames != 1,
            bool(stream.disposition & Disposition.default),
            stream.width * stream.height,
        )

    # PyAV: codec_context is None where FFmpeg has no decoder, against its type stubs.
    decodable = [stream for stream in streams if stream.codec_context is not None]
    return max(decodable, key=order, default=None)


def clock_s(container: InputContainer) -> float | None:
    """After how long the clock of the timestamps runs over, s; None for never.

    FFmpeg counts on where it did. But it takes any clock that was set back for one that ran over, as where a
    camera began anew: what comes then lies nearly as far ahead.
    """
    return 2**33 / 90_000 if container.format.name in _OF_MPEG else None


def read_only(container: InputContainer, chosen: VideoStream, max_pixels: int) -> None:
    """Pass over all other streams, and keep the decoder from allocating far more than `max_pixels`."""
    for other in container.streams:
        if other is not chosen:
            other.discard = Discard.all
    chosen.codec_context.options = {"max_pixels": str(max_pixels * DECODER_MARGIN)}
