"""Cameras behind a real RTSP server, GStreamer's, and behind a web server."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cameras.gst_server import GstMissingError, GstServer
from cameras.h264_film import painted_film
from cameras.viewing import Viewing
from cameras.web_server import WebCamera, web_camera
from painted_video import write_video

from stream.camera_url import CameraUrl
from stream.errors import CameraError, CameraRefusedError
from stream.live_decoder import LiveDecoder
from stream.live_settings import LiveSettings
from stream.live_state import CameraState
from stream.web_files import MOST_BYTES

USER, PASSWORD = "eve", "s3cret"
FRAMES = 10
FILM = painted_film()
OPENSSL = shutil.which("openssl")

Serve = Callable[..., GstServer]


def settings(transport: str = "tcp", stall_s: float = 10.0, open_timeout_s: float = 10.0) -> LiveSettings:
    return LiveSettings(
        fps=25,
        transport=transport,
        stall_s=stall_s,
        open_timeout_s=open_timeout_s,
        first_backoff_s=0.05,
        longest_backoff_s=0.2,
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start GStreamer's server; all end with the test."""
    servers: list[GstServer] = []

    def start(**options: object) -> GstServer:
        server = GstServer([FILM], tmp_path, **options)  # type: ignore[arg-type]
        try:
            server.__enter__()
        except GstMissingError as error:
            pytest.skip(f"GStreamer's RTSP server can't run: {error}")
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody has signed, as cameras have, with its key in the same file."""
    if OPENSSL is None:
        pytest.skip("there is no openssl to make a certificate with")
    path, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    wanted = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera"
    subprocess.run(
        [OPENSSL, "req", *wanted.split(), "-keyout", key, "-out", path], check=True, capture_output=True
    )
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@pytest.fixture(scope="module")
def web() -> Iterator[WebCamera]:
    with web_camera(FILM) as camera:
        yield camera


@pytest.mark.parametrize("transport", ["tcp", "udp", "auto"])
def test_a_real_server_is_watched_over_each_transport(serve: Serve, transport: str) -> None:
    with Viewing(serve().url(), settings(transport)) as viewing:
        assert viewing.until_frames(FRAMES), viewing.reported
    shown = {
        int(frame.image_bgr.max()) > 200 and int(frame.image_bgr.min()) < 150 for frame in viewing.frames
    }
    assert shown == {True}, "not the film"
    assert viewing.status.codec == "h264"


@pytest.mark.parametrize("offered", ["tcp", "udp"])
def test_a_transport_that_the_server_lacks_is_named_and_auto_finds_the_other(
    serve: Serve, offered: str
) -> None:
    url = serve(transport=offered).url()
    with (
        Viewing(url, settings("udp" if offered == "tcp" else "tcp")) as other,
        Viewing(url, settings("auto")) as auto,
    ):
        assert auto.until_frames(FRAMES), auto.reported
        assert other.until(lambda: bool(other.errors)), other.reported
        assert any("transport" in error for error in other.errors), other.errors
        assert other.status.received == 0


@pytest.mark.parametrize("digest", [False, True], ids=["basic", "digest"])
def test_the_right_password_opens_and_a_wrong_one_is_a_matter_for_a_person(
    serve: Serve, digest: bool
) -> None:
    server = serve(user=USER, password=PASSWORD, digest=digest)
    with (
        Viewing(server.url(), settings()) as right,
        Viewing(server.url(password="wr0ng"), settings()) as wrong,
    ):
        assert right.until_frames(FRAMES), right.reported
        assert wrong.until_state(CameraState.FAILED), wrong.reported
        assert any("password" in error and "wr0ng" not in error for error in wrong.errors)


def test_a_camera_is_watched_over_tls_and_needs_the_right_scheme(serve: Serve, certificate: Path) -> None:
    server = serve(user=USER, password=PASSWORD, certificate=certificate)
    with (
        Viewing(server.url(), settings()) as safe,
        Viewing(server.url().replace("rtsps:", "rtsp:"), settings()) as open_,
    ):
        assert safe.until_frames(FRAMES), safe.reported
        assert open_.until(lambda: bool(open_.errors)), open_.reported
        assert open_.status.received == 0


def test_a_path_that_a_server_has_not_is_a_matter_for_a_person(serve: Serve) -> None:
    with Viewing(serve().url(camera=7), settings()) as viewing:
        assert viewing.until_state(CameraState.FAILED), viewing.reported
        assert any("404" in error for error in viewing.errors)


def test_a_server_that_was_killed_is_seen_again_when_it_is_back(serve: Serve) -> None:
    server = serve()
    with Viewing(server.url(), settings()) as viewing:
        assert viewing.until_frames(FRAMES), viewing.reported
        server.kill()
        assert viewing.until_state(CameraState.BACKING_OFF), viewing.reported
        serve(port=server.port)
        assert viewing.until_frames(FRAMES), viewing.reported


@pytest.mark.parametrize(("path", "codec"), [("camera.mjpg", "mjpeg"), ("live.m3u8", "h264")])
def test_a_web_camera_is_watched(web: WebCamera, path: str, codec: str) -> None:
    with Viewing(web.address + path, settings()) as viewing:
        assert viewing.until_frames(2 * FRAMES), viewing.reported
        assert viewing.status.codec == codec
        assert viewing.status.connects == 1


def test_a_web_camera_with_a_password_is_watched_by_who_has_it() -> None:
    with web_camera(FILM, user=USER, password=PASSWORD) as camera:
        place = camera.address.removeprefix("http://") + "camera.mjpg"
        with (
            Viewing(f"http://{USER}:{PASSWORD}@{place}", settings()) as right,
            Viewing(f"http://{USER}:wr0ng@{place}", settings()) as wrong,
        ):
            assert right.until_frames(FRAMES), right.reported
            assert wrong.until_state(CameraState.FAILED), wrong.reported
            assert any("password" in error and "wr0ng" not in error for error in wrong.errors)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What this process wrote, but for logging's complaints of handlers that other tests left closed."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    return lambda: capfd.readouterr().err


def test_a_web_camera_that_freezes_is_noticed_and_seen_again(said: Callable[[], str]) -> None:
    with (
        web_camera(FILM) as camera,
        Viewing(camera.address + "camera.mjpg", settings(stall_s=0.5)) as viewing,
    ):
        assert viewing.until_frames(FRAMES), viewing.reported
        camera.frozen.set()
        assert viewing.until(lambda: CameraState.STALLED in viewing.states), viewing.reported
        assert viewing.until_state(CameraState.BACKING_OFF), viewing.reported
        camera.frozen.clear()
        assert viewing.until_frames(FRAMES), viewing.reported
    assert "Traceback" not in said()


def test_a_web_camera_may_be_silent_for_longer_than_it_may_take_to_answer() -> None:
    with (
        web_camera(FILM) as camera,
        Viewing(camera.address + "camera.mjpg", settings(open_timeout_s=1.0)) as viewing,
    ):
        assert viewing.until_frames(FRAMES), viewing.reported
        camera.frozen.set()
        viewing.until(lambda: False, within_s=1.5)
        camera.frozen.clear()
        assert viewing.until_frames(FRAMES), viewing.reported
        assert viewing.status.connects == 1


def test_a_web_camera_that_does_not_say_that_it_sends_parts_is_watched() -> None:
    with web_camera(FILM) as camera:
        camera.kind = "video/x-motion-jpeg"
        with Viewing(camera.address + "camera.mjpg", settings()) as viewing:
            assert viewing.until_frames(FRAMES), viewing.reported


@pytest.mark.parametrize("says_length", [True, False])
@pytest.mark.parametrize("whole", [0, FRAMES])
def test_a_picture_without_an_end_is_given_up_before_it_fills_the_memory(
    whole: int, says_length: bool, said: Callable[[], str]
) -> None:
    with web_camera(FILM) as camera:
        camera.whole, camera.says_length = whole, says_length
        with Viewing(camera.address + "camera.mjpg", settings()) as viewing:
            assert viewing.until(lambda: bool(viewing.errors)), viewing.reported
            assert camera.endless_bytes < 2 * MOST_BYTES
            camera.whole = None
            assert viewing.until_frames(FRAMES), viewing.reported
        if whole:
            assert viewing.errors == {"it sent 32 MB that make no picture"}
    assert "Traceback" not in said()


def playlist(names: str) -> bytes:
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:1",
        "#EXTINF:1.0,",
        names,
        "#EXT-X-ENDLIST",
    ]
    return "\n".join(lines).encode()


def master(names: str) -> bytes:
    return "\n".join(["#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1000000", names, ""]).encode()


@pytest.mark.parametrize("scheme", ["file://", "", "subfile,,start,0,end,0,,:", "concat:", "crypto+file://"])
def test_a_playlist_opens_no_file_of_this_computer(web: WebCamera, tmp_path: Path, scheme: str) -> None:
    segment, nested = tmp_path / "0.ts", tmp_path / "nested.m3u8"
    segment.write_bytes(web.segments[0])
    nested.write_bytes(playlist(str(segment)))
    web.files["segment.m3u8"] = playlist(f"{scheme}{segment}")
    web.files["master.m3u8"] = master(f"{scheme}{nested}")
    for name in ("segment.m3u8", "master.m3u8"):
        with pytest.raises(CameraError) as refusal:
            LiveDecoder(CameraUrl.parse(web.address + name), settings())
        assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["tcp", "tls", "rtsp", "rtp", "udp", "gopher", "ftp", "unix", "data"])
def test_a_playlist_makes_nobody_talk_another_protocol(web: WebCamera, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        web.files["nested.m3u8"] = master(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/0.m3u8")
        web.files["outer.m3u8"] = master("nested.m3u8")
        place = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/0.ts"
        web.files["segment.m3u8"], web.files["master.m3u8"] = playlist(place), master(place)
        for name in ("segment.m3u8", "master.m3u8", "outer.m3u8"):
            with pytest.raises(CameraError):
                LiveDecoder(CameraUrl.parse(web.address + name), settings())
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_playlist_may_name_what_the_web_has(web: WebCamera) -> None:
    web.files["fine.ts"] = web.segments[0]
    web.files["fine.m3u8"] = playlist(web.address + "fine.ts")
    web.files["master.m3u8"] = master(web.address + "fine.m3u8")
    with LiveDecoder(CameraUrl.parse(web.address + "master.m3u8"), settings()) as decoder:
        assert decoder.codec == "h264"


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_recording_on_a_web_server_is_no_camera(web: WebCamera, tmp_path: Path, ending: str) -> None:
    video = write_video(tmp_path / f"hall{ending}", frames=50)
    web.files[video.name] = video.read_bytes()
    with pytest.raises(CameraRefusedError, match="it is a recording of 2 s, and no camera; download it"):
        LiveDecoder(CameraUrl.parse(web.address + video.name), settings())
