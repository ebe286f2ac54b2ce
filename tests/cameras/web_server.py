"""Cameras over HTTP: MJPEG (multipart/x-mixed-replace) and HLS with a live playlist, in this process."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from cameras.h264_film import H264Film
from cameras.rtsp_login import REALM, is_allowed

_BOUNDARY = "picture"
_SEGMENT_S = 1.0
_PLAYLIST_SEGMENTS = 4
# As a picture that has no end would have, were it taken to here.
_ENDLESS_BYTES = 1 << 29


class WebCamera:
    """One film as /camera.mjpg and /live.m3u8; what else is asked for is looked up in `files`.

    Attributes:
        address: Where it is, with a / at its end.
        files: Contents by path, without / in front; may be changed at any time.
        segments: The film as MPEG-TS, a second each.
        asked: Paths asked for, in their order.
        frozen: While set, connections stay and nothing more comes.
        ended: Everything that waits or plays comes to its end.
        whole: Pictures of /camera.mjpg before one without an end, which comes as fast as it can; None: all.
        says_length: Whether each picture says how long it is.
        kind: Media type of /camera.mjpg.
        endless_bytes: How much was taken of pictures without an end.

    Args:
        film: What the camera shows; whole seconds of it.
        user: Who may look (basic authentication); "" for everybody.
        password: Their password.
    """

    def __init__(self, film: H264Film, user: str = "", password: str = "") -> None:
        self.address, self.user, self.password = "", user, password
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.frozen, self.ended = threading.Event(), threading.Event()
        self.fps = film.fps
        self.whole: int | None = None
        self.says_length, self.endless_bytes = True, 0
        self.kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        pictures = _pictures_of(film)
        self.jpegs = [_jpeg_of(picture) for picture in pictures]
        long = round(_SEGMENT_S * film.fps)
        self.segments = [
            _segment_of(pictures[start : start + long], start, film.fps)
            for start in range(0, len(pictures), long)
        ]
        self._began_s = time.monotonic()

    def content(self, path: str) -> tuple[str, bytes] | None:
        """Media type and bytes of what a path names now; None: nothing."""
        if path in self.files:
            return "application/vnd.apple.mpegurl" if path.endswith(".m3u8") else "video/mp2t", self.files[
                path
            ]
        if path == "live.m3u8":
            return "application/vnd.apple.mpegurl", self._playlist().encode()
        name, _, kind = path.partition(".")
        if kind == "ts" and name.isdecimal():
            return "video/mp2t", self.segments[int(name) % len(self.segments)]
        return None

    def _playlist(self) -> str:
        """The last segments of a film that is looped for ever."""
        newest = _PLAYLIST_SEGMENTS - 1 + int((time.monotonic() - self._began_s) / _SEGMENT_S)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{int(_SEGMENT_S)}"]
        oldest = newest - _PLAYLIST_SEGMENTS + 1
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{oldest}")
        for number in range(oldest, newest + 1):
            if number and number % len(self.segments) == 0:
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXTINF:{_SEGMENT_S:.3f},", f"{number}.ts"]
        return "\n".join([*lines, ""])


class _Handler(BaseHTTPRequestHandler):
    camera: WebCamera

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/")
        self.camera.asked.append(path)
        proof = self.headers.get("Authorization", "")
        user, password = self.camera.user, self.camera.password
        if user and not is_allowed(proof, "GET", user, password):
            self.send_response(401)
            self.send_header("WWW-Authenticate", f'Basic realm="{REALM}"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with contextlib.suppress(ConnectionError):
            if path == "camera.mjpg":
                self._stream()
                return
            found = self.camera.content(path)
            if found is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", found[0])
            self.send_header("Content-Length", str(len(found[1])))
            self.end_headers()
            self.wfile.write(found[1])

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.camera.kind)
        self.end_headers()
        number = 0
        while not self.camera.ended.wait(1 / self.camera.fps):
            if self.camera.frozen.is_set():
                continue
            jpeg = self.camera.jpegs[number % len(self.camera.jpegs)]
            has_end = number != self.camera.whole
            length = len(jpeg) if has_end else _ENDLESS_BYTES
            says = f"Content-Length: {length}\r\n" if self.camera.says_length else ""
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n{says}\r\n"
            self.wfile.write(head.encode() + jpeg[: None if has_end else -2])
            while not has_end and self.camera.endless_bytes < _ENDLESS_BYTES:
                self.camera.endless_bytes += self.wfile.write(bytes(1 << 16))
            self.wfile.write(b"\r\n")
            number += 1

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that leave are what is tested."""


@contextlib.contextmanager
def web_camera(film: H264Film, user: str = "", password: str = "") -> Iterator[WebCamera]:
    """A camera on a port of this machine."""
    camera = WebCamera(film, user, password)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"camera": camera}))
    thread = threading.Thread(target=lambda: server.serve_forever(0.02))
    thread.start()
    camera.address = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield camera
    finally:
        camera.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _pictures_of(film: H264Film) -> list[npt.NDArray[np.uint8]]:
    decoder: Any = av.CodecContext.create("h264", "r")
    packets = [av.Packet(b"".join(b"\0\0\0\1" + nal for nal in unit.nals)) for unit in film.units]
    return [
        picture.to_ndarray(format="bgr24")
        for packet in [*packets, None]
        for picture in decoder.decode(packet)
    ]


def _jpeg_of(picture_bgr: npt.NDArray[np.uint8]) -> bytes:
    done, coded = cv2.imencode(".jpg", picture_bgr)
    assert done
    return coded.tobytes()


def _segment_of(pictures: list[npt.NDArray[np.uint8]], start: int, fps: float) -> bytes:
    """MPEG-TS of some pictures; the first one is number `start` of the film."""
    written = io.BytesIO()
    with av.open(written, "w", format="mpegts") as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream: Any = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "bf": "0"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(pictures, start):
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts, picture.time_base = number, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return written.getvalue()
