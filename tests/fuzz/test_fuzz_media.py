"""What is in a file that is taken for a photo or a playlist is read or refused, and leads nowhere else."""

from __future__ import annotations

import io
import threading
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from fuzzing import bad_values, mutations, refusal, slowly_fuzzed
from heic_writer import heic
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facestream.errors import RefusedError
from facestream.recorded.media_check import check_media
from stream.errors import StreamError
from stream.frame import Frame
from stream.photo_bytes import PhotoBytes
from stream.video import VideoFile

_KINDS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "tiff": "TIFF",
    "bmp": "BMP",
    "gif": "GIF",
    "jp2": "JPEG2000",
    "ppm": "PPM",
    "avif": "AVIF",
    "heic": "HEIC",
}


@cache
def picture(kind: str) -> bytes:
    """A small picture with some structure, and where it goes with it, an orientation."""
    grey = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    if kind == "HEIC":
        return heic(np.dstack([grey, 255 - grey, grey]), exif=exif.tobytes())
    more = {"exif": exif.tobytes()} if kind in ("JPEG", "PNG", "WEBP") else {}
    Image.fromarray(np.dstack([grey, 255 - grey, grey])).save(file, kind, **more)
    return file.getvalue()


@pytest.mark.parametrize("kind", _KINDS.values())
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@slowly_fuzzed
@given(data=st.data())
def test_photos_that_are_sent(kind: str, data: st.DataObject) -> None:
    content = data.draw(mutations(picture(kind)) | bad_values)
    source = PhotoBytes(content, "sent", max_pixels=1_000_000, still=True)
    found: list[Frame] = []
    refused = refusal(lambda: found.extend(source.frames(threading.Event())), StreamError)
    assert len(refused) < 2000
    assert len(found) == (not refused)
    for frame in found:
        height_px, width_px, colours = frame.image_bgr.shape
        assert colours == 3
        assert height_px * width_px <= 1_000_000


@cache
def film() -> bytes:
    """Half a second of a grey picture, as cameras send it."""
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(12):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    return file.getvalue()


def test_the_film_can_be_seen(tmp_path: Path) -> None:
    (tmp_path / "film.ts").write_bytes(film())
    assert list(VideoFile(tmp_path / "film.ts", "v-1").frames(threading.Event()))


playlists = st.builds(
    lambda head, lines, end: f"{head}\n" + "\n".join(lines) + end,
    st.sampled_from(
        [
            "#EXTM3U",
            "\ufeff#EXTM3U",
            "  #extm3u",
            "ffconcat version 1.0",
            "FFCONCAT VERSION 1.0",
            "[playlist]",
            "<?xml version='1.0'?><MPD>",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96",
            "",
        ]
    ),
    st.lists(
        st.sampled_from(
            [
                "#EXT-X-TARGETDURATION:4",
                "#EXTINF:3,",
                "file '{named}'",
                "{named}",
                "file:{named}",
                "http://127.0.0.1:9/x.ts",
                "tcp://127.0.0.1:9",
                "concat:{named}|{named}",
                "subfile,,start,0,end,9,,:{named}",
                "data:text/plain,x",
                '#EXT-X-KEY:METHOD=AES-128,URI="{named}"',
                '#EXT-X-MAP:URI="{named}"',
                "File1={named}",
                "<BaseURL>{named}</BaseURL>",
                "#EXT-X-ENDLIST",
            ]
        )
        | st.text(max_size=20),
        max_size=8,
    ),
    st.sampled_from(["", "\n", "\0", "\r\n"]),
)


@slowly_fuzzed
@given(playlists, st.sampled_from(["m3u8", "mp4", "ffconcat", "mkv", "ts", "mpd", "sdp", "jpg"]))
def test_playlists(tmp_path: Path, written: str, ending: str) -> None:
    # Whoever opened it would find pictures.
    named = tmp_path / "named.ts"
    named.write_bytes(film())
    file = tmp_path / f"film.{ending}"
    file.write_text(written.replace("{named}", str(named)), encoding="utf-8", errors="replace")
    with pytest.raises(StreamError):
        list(VideoFile(file, "v-1").frames(threading.Event()))
    with pytest.raises(RefusedError) as sent:
        check_media(file)
    assert str(tmp_path) not in str(sent.value)
