"""Frames sent through a real server as their camera encoded them, and decoded on the other side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from cameras.h264_film import painted_film
from edge_box import Edge, Looker, people_of, taken, until
from filmed import Filmed, film_showing, seen_in
from films import blank, pair

from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.errors import RedisFullError
from storage.frame_streams import length
from storage.track_record import TrackRecord
from stream.live_state import CameraState
from stream.packet_decoder import PacketDecoder
from workers.live_camera import LiveCamera
from workers.live_worker import LIVE_SETTINGS, LiveWorker
from workers.models.pack import Pack

PER_FRAME = 5
KEYFRAME_EVERY = 20
"""A keyframe every fourth frame."""
FILM = painted_film(frames=200, keyframe_every=KEYFRAME_EVERY)
SEEN = seen_in(FILM)


class PacketEdge(Edge):
    """Sends what a film holds."""

    def __init__(self, handle: RedisHandle, filmed: Filmed) -> None:
        super().__init__(handle, sent=filmed)
        self.filmed = filmed

    def film(self, count: int) -> None:
        """Send the next frames."""
        for _ in range(count):
            self.filmed.show(1)
            self.sender.step(0.0)


@pytest.fixture
def edge(handle: RedisHandle) -> PacketEdge:
    return PacketEdge(handle, Filmed(FILM, PER_FRAME))


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def numbers(edge: PacketEdge) -> list[int]:
    """Of the entries that are kept."""
    return [int(raw[b"sequence"]) for _, raw in edge.client.xrange(edge.key)]


def entry_ids(edge: PacketEdge) -> list[bytes]:
    return [entry_id for entry_id, _ in edge.client.xrange(edge.key)]


def test_frames_are_bit_for_bit_what_the_camera_shows(edge: PacketEdge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source())
    edge.film(12)
    frames = taken(source, 12)
    assert [(f.index, round(f.media_s, 1)) for f in frames] == [(5 * k, round(k / 5, 1)) for k in range(12)]
    for number, frame in enumerate(frames):
        assert np.array_equal(frame.image_bgr, SEEN[PER_FRAME * (number + 1) - 1])
    status = source.status
    assert (status.taken, status.dropped, status.corrupt) == (12, 0, 0)
    assert (status.width_px, status.height_px) == (160, 120)
    figures = edge.sender.figures("c-door")
    assert (figures.done, figures.looked) == (12, 12)


def test_after_a_frame_that_is_missing_none_is_made_up_until_the_next_keyframe(
    edge: PacketEdge, opened: ExitStack
) -> None:
    edge.film(12)
    edge.client.xdel(edge.key, entry_ids(edge)[5])
    source = opened.enter_context(edge.source())
    frames = taken(source, 9)
    assert [f.index // 5 for f in frames] == [0, 1, 2, 3, 4, 8, 9, 10, 11]
    for frame in frames:
        assert np.array_equal(frame.image_bgr, SEEN[PER_FRAME * (frame.index // 5 + 1) - 1])
    # One did not come, and two can't be decoded without it: that is no sign of too much work.
    assert (source.status.dropped, source.status.corrupt) == (1, 2)


def test_what_is_damaged_on_the_way_costs_all_up_to_the_next_keyframe(
    edge: PacketEdge, opened: ExitStack
) -> None:
    edge.film(4)
    raw = dict(edge.client.xrange(edge.key)[-1][1])
    place = {b"index": b"20", b"media_s": b"0.8", b"sequence": b"4"}
    edge.client.xadd(edge.key, raw | place | {b"sizes": b"1,2,3"})
    place = {b"index": b"25", b"media_s": b"1.0", b"sequence": b"5", b"codec": b"ffv1", b"keyframes": b"0"}
    edge.client.xadd(edge.key, raw | place)
    edge.filmed.show(2)
    while edge.filmed.take() is not None:
        pass
    source = opened.enter_context(edge.source(capacity=20))
    frames = taken(source, 4)
    until(lambda: source.status.corrupt == 2)
    assert [f.index for f in frames] == [0, 5, 10, 15]
    assert "ffv1" in source.status.last_error or "sizes" in source.status.last_error


def test_a_camera_whose_packets_give_no_picture_for_long_counts_as_stalled_until_they_do(
    edge: PacketEdge, opened: ExitStack
) -> None:
    edge.status = CameraStatus("door", "edge-1", "streaming", 1.0, codec="h264")
    edge.film(4)
    raw = dict(edge.client.xrange(edge.key)[-1][1])
    captured_s, size = float(raw[b"captured_at_s"]), len(raw[b"packets"])
    for number in range(4, 60):
        place = {b"index": 5 * number, b"media_s": number / 5, b"sequence": number}
        lost = {b"captured_at_s": captured_s + (number - 3) / 5, b"packets": bytes(size)}
        edge.client.xadd(edge.key, raw | place | lost)
    source = opened.enter_context(edge.source(capacity=100))
    until(lambda: source.status.state is CameraState.STALLED)
    status = source.status
    assert status.last_error == "no picture in it can be decoded"
    assert 10 <= time.time() - status.since_s < 60
    begins = dict(edge.client.xrange(edge.key)[0][1])
    place = {b"index": 300, b"media_s": 12.0, b"sequence": 60, b"captured_at_s": captured_s + 12}
    edge.client.xadd(edge.key, begins | place)
    until(lambda: source.status.state is CameraState.STREAMING)
    assert len(taken(source, 5)) == 5


def test_a_keyframe_amid_a_frame_is_where_decoding_begins(handle: RedisHandle, opened: ExitStack) -> None:
    # A keyframe every seven pictures, a frame every five.
    film = painted_film(frames=60, keyframe_every=7)
    edge = PacketEdge(handle, Filmed(film, PER_FRAME))
    edge.film(6)
    edge.client.xdel(edge.key, entry_ids(edge)[0])
    source = opened.enter_context(edge.source(capacity=20))
    frames = taken(source, 5)
    seen = seen_in(film)
    for frame in frames:
        assert np.array_equal(frame.image_bgr, seen[PER_FRAME * (frame.index // 5 + 1) - 1])
    assert source.status.corrupt == 0


def test_a_camera_that_changes_its_size_is_followed(handle: RedisHandle, opened: ExitStack) -> None:
    small, large = painted_film(frames=10), painted_film(frames=10, size=(320, 240))
    both = type(small)(small.units + large.units, small.fps)
    edge = PacketEdge(handle, Filmed(both, PER_FRAME))
    source = opened.enter_context(edge.source())
    edge.film(4)
    sizes = [frame.image_bgr.shape[:2] for frame in taken(source, 4)]
    assert sizes == [(120, 160)] * 2 + [(240, 320)] * 2


def test_after_a_server_that_took_none_the_next_frame_is_one_that_can_be_decoded(
    edge: PacketEdge, opened: ExitStack
) -> None:
    source = opened.enter_context(edge.source())
    edge.film(2)
    edge.client.config_set("maxmemory", 1)
    try:
        edge.filmed.show(1)
        with pytest.raises(RedisFullError), edge.handle.errors():
            edge.sender.step(0.0)
    finally:
        edge.client.config_set("maxmemory", 0)
    edge.film(4)
    frames = taken(source, 4)
    assert [f.index // 5 for f in frames] == [0, 1, 4, 5]
    assert source.status.dropped == 2
    assert source.status.corrupt == 0


def test_a_slow_worker_costs_frames_that_are_counted_and_no_made_up_picture(
    handle: RedisHandle, opened: ExitStack
) -> None:
    film = painted_film(frames=length(5.0) + 60, keyframe_every=20)
    edge = PacketEdge(handle, Filmed(film))
    edge.film(length(5.0) + 33)
    assert edge.kept == length(5.0)
    source = opened.enter_context(edge.source(capacity=400))
    total = length(5.0) - 7
    frames = taken(source, total)
    # The stream lets go of the first 33; what follows them needs them up to the keyframe at 40.
    assert [f.index // 5 for f in frames] == list(range(40, 40 + total))
    seen = seen_in(film)
    assert all(np.array_equal(f.image_bgr, seen[f.index // 5]) for f in frames)
    assert (source.status.dropped, source.status.corrupt) == (0, 7)


def test_hardware_that_does_not_work_here_fails_the_camera_and_says_so(
    edge: PacketEdge, opened: ExitStack
) -> None:
    edge.film(3)
    source = opened.enter_context(edge.source(hwaccel="warp"))
    until(lambda: source.status.state is CameraState.FAILED)
    assert "hardware decoder 'warp' doesn't work on this machine" in source.status.last_error
    until(lambda: source.status.corrupt == 3)
    assert source.status.dropped == 0
    assert source.take() is None


def test_a_camera_that_can_not_be_decoded_here_costs_the_others_no_rate(
    edge: PacketEdge, open_pack: Pack, opened: ExitStack
) -> None:
    source = opened.enter_context(edge.source(capacity=40, hwaccel="warp"))
    worker = LiveWorker(open_pack, LIVE_SETTINGS)
    worker.add(LiveCamera(source, edge.queue, 5.0, on_told=source.told))
    edge.film(12)
    until(lambda: source.status.corrupt == 12)
    worker.step(0.01)
    assert source.status.dropped == 0
    assert source.waiting_since_s is None


def test_whatever_a_decoder_raises_the_next_keyframe_is_seen(
    edge: PacketEdge, opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode, failing = PacketDecoder.decode, iter([False] * 7 + [True])

    def fail_once(decoder: PacketDecoder, data: bytes) -> None:
        if next(failing, False):
            raise MemoryError
        decode(decoder, data)

    monkeypatch.setattr(PacketDecoder, "decode", fail_once)
    source = opened.enter_context(edge.source(capacity=20))
    edge.film(6)
    assert [f.index // 5 for f in taken(source, 3)] == [0, 4, 5]
    assert source.status.corrupt == 3
    assert "MemoryError" in source.status.last_error


def test_what_came_after_a_worker_took_over_is_seen_whatever_was_told_of_before(
    edge: PacketEdge, opened: ExitStack
) -> None:
    # Of another time line: the clock of the box was set back, say.
    edge.client.set(edge.keys.camera_frames_told("door"), "86400.0")
    source = opened.enter_context(edge.source(capacity=20))
    until(lambda: source.status.state is CameraState.STREAMING)
    edge.film(4)
    assert len(taken(source, 4)) == 4


def test_a_late_keyframe_of_another_reader_is_none_that_decoding_can_begin_with(
    edge: PacketEdge, opened: ExitStack
) -> None:
    source = opened.enter_context(edge.source(capacity=20))
    edge.film(3)
    frames = taken(source, 3)
    first = dict(edge.client.xrange(edge.key)[0][1])
    edge.client.xadd(edge.key, first | {b"reading": b"another"})
    until(lambda: source.status.corrupt == 1)
    edge.film(1)
    frames += taken(source, 1)
    source.told(frames[2].media_s, at_once=True)
    assert numbers(edge) == [0, 1, 2, 0, 3]


def test_what_a_client_sends_twice_is_seen_once_and_no_fault(edge: PacketEdge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source(capacity=20))
    edge.film(3)
    taken(source, 3)
    for _, raw in edge.client.xrange(edge.key):
        edge.client.xadd(edge.key, dict(raw))
    edge.film(1)
    assert [f.index // 5 for f in taken(source, 1)] == [3]
    assert (source.status.dropped, source.status.corrupt) == (0, 0)


def test_what_is_needed_to_decode_the_next_frame_is_kept(edge: PacketEdge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source(capacity=20))
    edge.film(6)
    frames = taken(source, 6)
    source.told(frames[2].media_s, at_once=True)
    assert numbers(edge) == [0, 1, 2, 3, 4, 5]
    source.told(frames[3].media_s, at_once=True)
    # The next frame is a keyframe.
    assert numbers(edge) == [4, 5]
    source.told(frames[5].media_s, at_once=True)
    # The next one may need them.
    assert numbers(edge) == [4, 5]
    edge.film(4)
    frames = taken(source, 4)
    source.told(frames[-1].media_s, at_once=True)
    assert numbers(edge) == [8, 9]


def test_the_next_worker_decodes_what_was_told_of_and_shows_it_to_nobody(
    edge: PacketEdge, opened: ExitStack
) -> None:
    with edge.source(capacity=20) as first:
        edge.film(7)
        frames = taken(first, 7)
        first.told(frames[5].media_s, at_once=True)
    assert numbers(edge) == [4, 5, 6]
    heir = opened.enter_context(edge.source(capacity=20))
    edge.film(1)
    frames = taken(heir, 2)
    assert [f.index // 5 for f in frames] == [6, 7]
    for frame in frames:
        assert np.array_equal(frame.image_bgr, SEEN[PER_FRAME * (frame.index // 5 + 1) - 1])
    assert (heir.status.dropped, heir.status.corrupt) == (0, 0)


def test_another_worker_sees_all_that_one_which_died_had_not_told(
    handle: RedisHandle, open_pack: Pack, opened: ExitStack
) -> None:
    pictures = [blank()] * 2 + [pair()] * 10
    edge = PacketEdge(handle, Filmed(film_showing(pictures, keyframe_every=5)))
    with ExitStack() as first_host:
        dead = Looker(edge, open_pack, first_host)
        edge.film(7)
        dead.look(7)
    early = [e for e in edge.entries() if isinstance(e, TrackRecord)]
    assert len(early) == 2
    assert not any(e.ended for e in early)
    edge.film(5)
    heir = Looker(edge, open_pack, opened)
    heir.look(10)
    assert heir.source.status.dropped == 0
    heir.worker.remove("c-door")
    times = [round(0.4 + k / 5, 1) for k in range(10)]
    # Nothing is missing and nobody is there twice: the same tracks, now with all that was seen.
    assert people_of(edge.entries()) == {e.track_id: times for e in early}
    # The last keyframe and what follows it.
    assert numbers(edge) == [10, 11]
