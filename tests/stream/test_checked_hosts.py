"""Hosts of cameras that are checked before each connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stream.camera import open_camera
from stream.camera_url import CameraUrl
from stream.errors import CameraError, CameraRefusedError
from stream.live_settings import LiveSettings

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"


@dataclass
class Web:
    """A web server that redirects and names other places, and what it was asked for."""

    port: int
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.asked.append(self.path)
            if self.path.startswith("/away"):
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.2:{seen.port}/secret.ts")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.apple.mpegurl")
            self.end_headers()
            named = (
                "/away.ts" if self.path == "/redirected.m3u8" else f"http://127.0.0.2:{seen.port}/secret.ts"
            )
            self.wfile.write(PLAYLIST.format(named).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        seen = Web(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        yield seen
        server.shutdown()
        thread.join()


def first_only(host: str, port: int) -> None:
    """All but one address are out of reach."""
    assert port > 0
    if host != "127.0.0.1":
        raise CameraRefusedError(f"{host} is out of reach")


def settings(*, checked: bool = True) -> LiveSettings:
    return LiveSettings(open_timeout_s=4.0, stall_s=2.0, check_host=first_only if checked else None)


def url(web: Web, path: str, host: str = "127.0.0.1") -> CameraUrl:
    return CameraUrl.parse(f"http://{host}:{web.port}{path}")


def test_a_host_that_is_out_of_reach_is_not_connected_to(web: Web) -> None:
    with pytest.raises(CameraRefusedError, match="out of reach"):
        open_camera(url(web, "/live.mjpg", "127.0.0.2"), settings())
    with pytest.raises(CameraRefusedError, match="out of reach"):
        open_camera(CameraUrl.parse("rtsp://127.0.0.2/live"), settings())
    assert web.asked == []


@pytest.mark.parametrize("path", ["/away", "/names.m3u8", "/redirected.m3u8"])
def test_nor_is_one_that_another_names(web: Web, path: str) -> None:
    with pytest.raises(CameraError):
        open_camera(url(web, path), settings())
    assert web.asked[0] == path
    assert "/secret.ts" not in web.asked


@pytest.mark.parametrize("path", ["/away", "/names.m3u8", "/redirected.m3u8"])
def test_where_nothing_is_checked_they_are(web: Web, path: str) -> None:
    with pytest.raises(CameraError):
        open_camera(url(web, path), settings(checked=False))
    assert "/secret.ts" in web.asked


def test_devices_and_made_up_cameras_have_no_host() -> None:
    with open_camera(CameraUrl.parse("synthetic://box?width=64&height=48"), settings()) as camera:
        assert camera.codec
