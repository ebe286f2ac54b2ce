"""Films by codec, and the packets that they are made of."""

from __future__ import annotations

from pathlib import Path

import av

ENCODERS = {
    "h264": ("libx264", "yuv420p", ".mp4"),
    "hevc": ("libx265", "yuv420p", ".mp4"),
    "mpeg4": ("mpeg4", "yuv420p", ".mp4"),
    "mjpeg": ("mjpeg", "yuvj420p", ".mkv"),
    "vp8": ("libvpx", "yuv420p", ".webm"),
    "vp9": ("libvpx-vp9", "yuv420p", ".webm"),
    "av1": ("libsvtav1", "yuv420p", ".mp4"),
}


def packets_of(path: Path) -> tuple[str, bytes, list[bytes]]:
    """Codec, configuration of the decoder, and packets."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        context = stream.codec_context
        return context.codec.canonical_name, context.extradata or b"", packets
