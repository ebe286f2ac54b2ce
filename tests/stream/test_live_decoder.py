"""One connection, where a whole source would hide what is asked."""

from __future__ import annotations

import ctypes
import gc
import itertools
import statistics
import threading
from collections.abc import Iterator

import pytest
from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer

from stream.camera import open_camera
from stream.camera_url import CameraUrl
from stream.errors import CameraLostError, CameraRefusedError, CameraUrlError
from stream.live_connection import PictureConnection
from stream.live_settings import LiveSettings

KEYFRAME_EVERY = 5
FILM = painted_film(keyframe_every=KEYFRAME_EVERY)


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(FILM) as running:
        yield running


def _open(server: RtspServer, settings: LiveSettings | None = None) -> PictureConnection:
    return open_camera(CameraUrl.parse(server.url), settings or LiveSettings())


def _count(camera: PictureConnection, wanted: int) -> int:
    pictures = (picture for picture in camera.pictures(threading.Event()) if picture is not None)
    return len(list(itertools.islice(pictures, wanted)))


def test_no_picture_is_held_back(server: RtspServer) -> None:
    server.fault, server.after_frames = Fault.CLOSE, 12
    seen = []
    with _open(server) as camera, pytest.raises(CameraLostError):
        seen.extend(camera.pictures(threading.Event()))
    assert len(seen) == 12
    assert None not in seen


def test_only_keyframes_are_decoded_if_that_is_wished(server: RtspServer) -> None:
    with _open(server, LiveSettings(keyframes_only=True)) as camera:
        assert _count(camera, 5) == 5
    assert server.frames_sent >= 4 * KEYFRAME_EVERY


def test_a_short_silence_is_told_and_costs_nothing(server: RtspServer) -> None:
    server.fault, server.after_frames = Fault.FREEZE, 15
    with _open(server, LiveSettings(stall_s=5)) as camera:
        pictures, silent = 0, 0
        for picture in camera.pictures(threading.Event()):
            pictures += picture is not None
            silent += picture is None
            if silent:
                server.fault = Fault.NONE
            if pictures == 30:
                break
        assert silent >= 1
        assert camera.corrupt == 0
    assert server.connections == 1


def test_a_stop_is_obeyed_in_the_middle_of_a_silence(server: RtspServer) -> None:
    server.fault, server.after_frames = Fault.FREEZE, 15
    stop = threading.Event()
    with _open(server) as camera:
        for picture in camera.pictures(stop):
            if picture is None:
                stop.set()
    assert stop.is_set()


def test_too_large_pictures_are_a_matter_for_a_person(server: RtspServer) -> None:
    with pytest.raises(CameraRefusedError, match="160x120 = 19,200 pixels, allowed are 10,000"):
        _open(server, LiveSettings(max_pixels=10_000))


def test_pictures_that_grow_too_large_are_a_matter_for_a_person(server: RtspServer) -> None:
    server.other_film = painted_film(size=(320, 240), frames=10)
    with _open(server, LiveSettings(max_pixels=20_000)) as camera:
        server.fault = Fault.OTHER_SIZE
        with pytest.raises(CameraRefusedError, match="320x240"):
            _count(camera, 100)


def test_a_reference_to_nothing_is_told_before_anybody_is_asked(server: RtspServer) -> None:
    url = CameraUrl.parse(f"rtsp://eve:{{env:NO_SUCH_PASSWORD}}@{server.host}/live")
    with pytest.raises(CameraUrlError, match="NO_SUCH_PASSWORD"):
        open_camera(url, LiveSettings())
    assert server.connections == 0


def test_a_hardware_decoder_that_is_not_there_is_refused_by_name(server: RtspServer) -> None:
    with pytest.raises(CameraRefusedError, match="'warp'"):
        _open(server, LiveSettings(hwaccel="warp"))


def test_errors_hold_no_part_of_the_url_and_no_cause_that_does(server: RtspServer) -> None:
    server.fault = Fault.NOT_FOUND
    url = CameraUrl.parse(f"rtsp://eve:s3cret-w0rd@{server.host}/hidden-path")
    with pytest.raises(CameraRefusedError) as refusal:
        open_camera(url, LiveSettings())
    error = refusal.value
    assert error.source == url.masked
    assert error.__cause__ is None
    assert error.__context__ is None
    assert not any(secret in f"{error} {error.source}" for secret in ("s3cret-w0rd", "eve:s3"))


class _Allocated(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library can't tell")
def test_a_connection_that_ended_leaves_nothing_allocated() -> None:
    figures = ctypes.CDLL(None).mallinfo2
    figures.restype = _Allocated
    grown = []
    with RtspServer(FILM, fps=500, fault=Fault.CLOSE, after_frames=4) as server:
        for _ in range(6):
            before = figures().uordblks
            for _ in range(40):
                with _open(server) as camera, pytest.raises(CameraLostError):
                    _count(camera, 100)
            gc.collect()
            grown.append((figures().uordblks - before) / 40)
    # The server, in the same process, keeps about 90 bytes of each; now and then much is freed at once.
    assert statistics.median(grown[1:]) < 160, grown
