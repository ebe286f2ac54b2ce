"""A camera over a real connection, whose pictures are passed on as it encoded them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import av
import pytest
from cameras.h264_film import painted_film
from cameras.rtsp_faults import Fault
from cameras.rtsp_server import RtspServer

from stream.camera_url import CameraUrl
from stream.conversion import BgrConverter
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_state import CameraState
from stream.packet_decoder import PacketDecoder
from stream.packet_run import PacketRun
from stream.packet_source import PacketSource

KEYFRAME_EVERY = 5
FILM = painted_film(keyframe_every=KEYFRAME_EVERY)
QUICK = LiveSettings(fps=10, stall_s=1.0, open_timeout_s=1.0, first_backoff_s=0.01, longest_backoff_s=0.05)
WITHIN_S = 20.0


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(FILM) as running:
        yield running


def _source(url: str, settings: LiveSettings = QUICK) -> PacketSource:
    return PacketSource(CameraUrl.parse(url), "c-gate", settings, LiveClock(time.time()))


def _until(reached: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def _taken(source: PacketSource, count: int) -> list[PacketRun]:
    runs: list[PacketRun] = []

    def enough() -> bool:
        run = source.take()
        if run is not None:
            runs.append(run)
        return len(runs) == count

    _until(enough)
    return runs


def _shown() -> set[bytes]:
    """Pictures of the film, as somebody sees them who decodes it all."""
    context = av.CodecContext.create("h264", "r")
    converter = BgrConverter(None)
    return {
        converter.image_bgr(picture).tobytes()
        for unit in FILM.units
        for picture in context.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in unit.nals)))
    }


def test_runs_hold_all_that_is_needed_to_see_exactly_what_the_camera_shows(server: RtspServer) -> None:
    with _source(server.url) as source:
        runs = _taken(source, 12)
        status = source.status
    assert status.state is CameraState.STREAMING
    assert (status.codec, status.width_px, status.height_px) == ("h264", 160, 120)
    assert status.dropped == status.corrupt == 0
    assert runs[0].keyframes[0] == 0
    assert [run.index for run in runs] == sorted({run.index for run in runs})
    # Ten frames a second of twenty-five.
    assert sum(len(run.packets) for run in runs) > 1.5 * len(runs)
    decoder = PacketDecoder(runs[0].codec, runs[0].extradata)
    expected = _shown()
    for run in runs:
        for packet in run.packets:
            decoder.decode(packet)
        image = decoder.image_bgr()
        assert image is not None
        assert image.tobytes() in expected
    assert decoder.corrupt == 0


def test_who_takes_too_few_begins_anew_with_a_keyframe_and_the_loss_is_counted(server: RtspServer) -> None:
    with _source(server.url) as source:
        first = _taken(source, 1)[0]
        _until(lambda: source.status.dropped > 0)
        next_one = _taken(source, 1)[0]
        source.pause()
        _until(lambda: source.status.state is CameraState.PAUSED)
        time.sleep(0.2)
        left = []
        while (run := source.take()) is not None:
            left.append(run)
        status = source.status
    assert status.taken == 2 + status.dropped + len(left)
    assert next_one.keyframes[0] == 0
    times_s = [run.media_s for run in (first, next_one, *left)]
    assert times_s == sorted(times_s)


def test_after_a_loss_on_the_way_the_next_run_begins_with_a_keyframe(server: RtspServer) -> None:
    with _source(server.url) as source:
        _taken(source, 3)
        source.begin_anew()
        assert _taken(source, 1)[0].keyframes[0] == 0


def test_another_connection_begins_with_a_keyframe(server: RtspServer) -> None:
    with _source(server.url) as source:
        _taken(source, 2)
        server.fault = Fault.CLOSE
        _until(lambda: source.status.connects >= 1 and source.status.state is not CameraState.STREAMING)
        while source.take() is not None:
            pass
        server.fault = Fault.NONE
        assert _taken(source, 1)[0].keyframes[0] == 0
        assert source.status.connects >= 2


def test_only_keyframes_are_passed_on_if_that_is_wished(server: RtspServer) -> None:
    settings = LiveSettings(fps=25, keyframes_only=True)
    with _source(server.url, settings) as source:
        runs = _taken(source, 4)
    assert all(run.keyframes == (0,) and len(run.packets) == 1 for run in runs)


def test_a_camera_without_keyframes_is_lost_and_says_so() -> None:
    with RtspServer(painted_film(frames=200, keyframe_every=200)) as server:
        server.film = type(FILM)(server.film.units[1:], FILM.fps)
        with _source(server.url, LiveSettings(fps=10, stall_s=0.5, longest_backoff_s=1.0)) as source:
            _until(lambda: bool(source.status.last_error))
            assert "no keyframe" in source.status.last_error


def test_pictures_that_nobody_encoded_are_a_matter_for_a_person() -> None:
    with _source("synthetic://gate") as source:
        _until(lambda: source.status.state is CameraState.FAILED)
        assert (
            "can't be sent as the camera encodes them; let its reader send JPEG" in source.status.last_error
        )


def test_whoever_waits_is_woken_by_every_run(server: RtspServer) -> None:
    woken: list[int] = []
    source = _source(server.url)
    source.on_arrival = lambda: woken.append(1)
    with source:
        _until(lambda: len(woken) >= 3)
        source.pause()
        _until(lambda: source.status.state is CameraState.PAUSED)
        time.sleep(0.1)
        assert len(woken) == source.status.taken - source.status.dropped
