"""Files that are no video or photo, or only in part."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np

HTML = (
    "<!DOCTYPE html>\n<html><head><title>404</title></head><body>"
    + "<p>Not found</p>" * 300
    + "</body></html>"
)


def noise(path: Path) -> Path:
    path.write_bytes(random.Random(0).randbytes(200_000))
    return path


def web_page(path: Path) -> Path:
    path.write_text(HTML)
    return path


def index_first(source: Path, target: Path) -> Path:
    """The same video as an MP4 with its index at the beginning, as for watching while it downloads."""
    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return target


def first_half(source: Path, target: Path) -> Path:
    whole = source.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    return target


def flipped(source: Path, target: Path) -> Path:
    """A copy with 200 bits flipped in its middle fifth."""
    data = bytearray(source.read_bytes())
    chance = random.Random(3)
    for _ in range(200):
        data[chance.randrange(len(data) * 4 // 10, len(data) * 6 // 10)] ^= 1 << chance.randrange(8)
    target.write_bytes(data)
    return target


def sound(path: Path, codec: str) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def video_of_size(path: Path, side_px: int, frames: int = 1) -> Path:
    """A grey square."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = side_px, side_px, "yuv444p"
        picture = av.VideoFrame.from_ndarray(np.full((side_px, side_px, 3), 90, np.uint8), format="bgr24")
        for number in range(frames):
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def without_frames(path: Path) -> Path:
    """The beginning of a fragmented MP4 whose recording ended at once."""
    with av.open(str(path), "w", options={"movflags": "empty_moov+frag_keyframe"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        container.start_encoding()
    return path


def playlist(path: Path, named: Path) -> Path:
    """A list of the kind that streaming uses, which names a local file."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.2,\n{named}\n#EXT-X-ENDLIST\n")
    return path


def concatenation(path: Path, named: Path) -> Path:
    """A list of FFmpeg's own, which names a local file."""
    path.write_text(f"ffconcat version 1.0\nfile '{named}'\n")
    return path
