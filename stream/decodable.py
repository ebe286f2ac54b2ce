"""Which kinds of video the FFmpeg inside this PyAV can decode."""

from __future__ import annotations

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError

# FFmpeg's names of the decoders that need no special hardware, any of which will do. Its own "av1" is not
# among them: it only hands over to a graphics card.
_DECODERS = {
    "H.264": ("h264",),
    "HEVC": ("hevc",),
    "VP9": ("vp9", "libvpx-vp9"),
    "AV1": ("libdav1d", "libaom-av1"),
    "MPEG-4": ("mpeg4",),
    "MPEG-2": ("mpeg2video",),
    "MJPEG": ("mjpeg",),
}


def decodable() -> dict[str, bool]:
    """Common kinds of video, and whether this PyAV has a decoder for them."""
    return {kind: any(map(_is_there, names)) for kind, names in _DECODERS.items()}


def ffmpeg_version() -> str:
    """Version of the FFmpeg libraries that PyAV uses."""
    return str(av.ffmpeg_version_info)


def _is_there(name: str) -> bool:
    try:
        return Codec(name, "r").is_decoder
    except UnknownCodecError:
        return False
