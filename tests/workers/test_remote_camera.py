"""Frames of a camera sent through a real server, and looked at on the other side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import cv2
import numpy as np
import pytest
from edge_box import FPS, SOURCE, Edge, Looker, Shown, people_of, taken, until
from films import blank, pair, solo

from storage.connection import RedisHandle
from storage.errors import RedisFullError
from storage.frame_streams import length
from storage.lease import Lease
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.frame import Frame
from stream.live_state import CameraState
from workers.frame_jpeg import decoded, encoded
from workers.frame_sender import SentCamera
from workers.models.pack import Pack
from workers.remote_state import NOBODY
from workers.sent_pictures import SentPictures
from workers.tracking.motion import MotionSettings


@pytest.fixture
def edge(handle: RedisHandle) -> Edge:
    return Edge(handle)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


# On the way --------------------------------------------------------------------------------------------


def test_frames_arrive_with_their_pictures_and_their_places_in_time(edge: Edge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source())
    edge.send([pair(), solo(), blank()])
    first, second, third = taken(source, 3)
    assert [(f.index, f.media_s) for f in (first, second, third)] == [(0, 0.0), (5, 0.2), (10, 0.4)]
    assert first.captured_at_s == 1.8e9
    assert cv2.PSNR(first.image_bgr, pair()) > 35
    assert cv2.PSNR(second.image_bgr, solo()) > 35
    status = source.status
    assert (status.state, status.codec, status.taken, status.dropped) == (
        CameraState.STREAMING,
        "h264",
        3,
        0,
    )
    assert (status.width_px, status.height_px) == (blank().shape[1], blank().shape[0])


def test_of_a_still_scene_few_pictures_are_sent_and_all_frames_arrive(
    handle: RedisHandle, opened: ExitStack
) -> None:
    edge = Edge(handle, MotionSettings())
    source = opened.enter_context(edge.source(capacity=40))
    edge.send([pair()] * 30)
    frames = taken(source, 30)
    assert [f.index for f in frames] == [5 * k for k in range(30)]
    assert all(np.array_equal(f.image_bgr, frames[0].image_bgr) for f in frames)
    pictures = [raw for _, raw in edge.client.xrange(edge.key) if raw[b"jpeg"]]
    # Faces that keep still are looked at again every 0.75 s.
    assert 6 <= len(pictures) <= 12
    figures = edge.sender.figures(SOURCE)
    assert (figures.done, figures.looked) == (30, len(pictures))


def test_frames_that_were_dropped_where_the_camera_is_read_are_counted(edge: Edge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source())
    edge.send([blank()] * 2)
    edge.camera.drop(3)
    edge.send([blank()] * 2)
    taken(source, 4)
    assert source.status.dropped == 3


def test_a_slow_worker_costs_frames_that_are_counted_and_no_memory(edge: Edge, opened: ExitStack) -> None:
    source = opened.enter_context(edge.source(capacity=2))
    edge.send([blank()])
    taken(source, 1)
    total = length(FPS) + 40
    for _ in range(total):
        edge.camera.show(blank())
    while edge.sender.step(0.0):
        pass
    assert edge.kept == length(FPS)
    # Those that were read ahead are few; what is left of the others is what the stream holds.
    frames = []
    while not frames or frames[-1].index < 5 * total:
        frames += taken(source, 1)
    status = source.status
    assert status.dropped == total - len(frames)
    assert 30 <= status.dropped <= 40
    assert edge.kept <= length(FPS)


def test_what_a_worker_can_not_look_at_in_time_is_passed_over(edge: Edge, opened: ExitStack) -> None:
    source = edge.source(capacity=40)
    source.set_fps(1.0)
    opened.enter_context(source)
    edge.send([blank()] * 21)
    frames = taken(source, 5)
    # One that comes a little early is the one that is due.
    assert [f.media_s for f in frames] == [0.0, 0.8, 1.8, 2.8, 3.8]
    assert source.status.dropped == 0
    source.told(frames[-1].media_s, at_once=True)
    # Those before it went with it.
    assert edge.kept == 1


def test_what_is_damaged_is_passed_over_and_counted(edge: Edge, opened: ExitStack) -> None:
    edge.send([pair()])
    ((_, raw),) = edge.client.xrange(edge.key)
    good = raw[b"jpeg"]
    noise = np.random.default_rng(1).bytes(2000)
    for sequence, jpeg in enumerate([noise, good[:-100], b"", b"\x89PNG" + noise], start=1):
        place = {b"index": b"%d" % (5 * sequence), b"media_s": b"%.1f" % (sequence / FPS)}
        edge.client.xadd(edge.key, raw | place | {b"sequence": b"%d" % sequence, b"jpeg": jpeg})
    edge.client.xadd(edge.key, {"banana": "yes"})
    edge.camera.shown = 6
    source = opened.enter_context(edge.source(capacity=20))
    # As its sender has numbered only one, it goes on with the second.
    edge.send([solo()])
    first, last = taken(source, 2)
    assert (first.index, last.index) == (0, 30)
    assert cv2.PSNR(last.image_bgr, solo()) > 35
    status = source.status
    # The one without a picture had none to repeat.
    assert status.corrupt == 4
    assert "passed over" in status.last_error
    source.told(last.media_s, at_once=True)
    assert edge.kept == 0


def test_a_picture_too_large_to_be_looked_at_is_not_decoded() -> None:
    jpeg = encoded(np.zeros((40, 50, 3), np.uint8), 90)
    assert decoded(jpeg).shape == (40, 50, 3)
    with pytest.raises(ValueError, match="50x40 pixels"):
        decoded(jpeg, max_pixels=1999)
    with pytest.raises(ValueError, match="70000"):
        encoded(np.zeros((1, 70_000, 3), np.uint8), 90)


def test_after_a_server_that_took_no_frames_the_next_one_has_its_picture(
    handle: RedisHandle, opened: ExitStack
) -> None:
    edge = Edge(handle, MotionSettings())
    source = opened.enter_context(edge.source())
    edge.send([pair(), pair()])
    edge.client.config_set("maxmemory", 1)
    edge.camera.show(pair())
    try:
        with pytest.raises(RedisFullError), handle.errors():
            edge.sender.step(0.0)
    finally:
        edge.client.config_set("maxmemory", 0)
    edge.send([pair()])
    assert [f.index for f in taken(source, 3)] == [0, 5, 15]
    assert [bool(raw[b"jpeg"]) for _, raw in edge.client.xrange(edge.key)] == [True, False, True]
    assert source.status.dropped == 1


def test_a_box_that_is_too_slow_sends_what_it_has_made_ready_of_each_camera(handle: RedisHandle) -> None:
    class Hurried(Shown):
        """By the time that one picture is encoded, there is another."""

        def take(self) -> Frame | None:
            time.sleep(0.05)
            self.show(blank())
            return super().take()

    class Till(Hurried):
        source_id = "c-till"

    edge = Edge(handle, sent=SentPictures(Hurried(), 95, None))
    lease = Lease(handle.client, edge.keys.camera_reader_lease("till"), ttl_s=600)
    assert lease.acquire()
    edge.sender.add(SentCamera("till", SentPictures(Till(), 95, None), lease, FPS))
    began_s = time.monotonic()
    assert edge.sender.step(0.0)
    assert time.monotonic() - began_s < 5
    sent = [edge.kept, int(edge.client.xlen(edge.keys.camera_frames("till")))]
    assert 1 <= min(sent) == max(sent) < 10


def test_who_has_been_replaced_sends_no_more(edge: Edge) -> None:
    edge.send([blank()])
    edge.client.set(edge.lease.key, b"edge-2/1")
    edge.send([blank()])
    assert edge.lost == [SOURCE]
    edge.camera.show(blank())
    assert not edge.sender.step(0.0)


def test_a_camera_that_nobody_sends_is_down_and_says_why(edge: Edge, opened: ExitStack) -> None:
    edge.status = None
    source = opened.enter_context(edge.source())
    until(lambda: source.status.state is CameraState.BACKING_OFF)
    assert source.status.last_error == NOBODY


# Seen ---------------------------------------------------------------------------------------------------


def test_faces_are_found_in_them_and_what_has_been_told_is_deleted(
    edge: Edge, open_pack: Pack, opened: ExitStack
) -> None:
    looker = Looker(edge, open_pack, opened)
    edge.send([blank()] * 3)
    looker.look(3)
    # Of frames without faces nothing is to be told.
    until(lambda: edge.kept == 0)
    edge.send([pair()] * 6)
    looker.look(6)
    # What the two of them looked like is kept for whoever has to begin anew.
    assert edge.kept == 6
    looker.worker.remove(SOURCE)
    assert edge.kept == 0
    entries = edge.entries()
    assert list(people_of(entries).values()) == [[0.6, 0.8, 1.0, 1.2, 1.4, 1.6]] * 2
    *_, done = [e for e in entries if isinstance(e, SegmentDone)]
    assert done.track_ids == tuple(sorted(people_of(entries)))


def test_what_is_kept_for_another_worker_is_that_of_ten_seconds(
    handle: RedisHandle, open_pack: Pack, opened: ExitStack
) -> None:
    edge = Edge(handle, MotionSettings())
    looker = Looker(edge, open_pack, opened, MotionSettings())
    most = 0
    for _ in range(65):
        edge.send([solo()])
        looker.look(1)
        most = max(most, edge.kept)
    assert most >= 40
    until(lambda: edge.kept < 30)


def test_another_worker_sees_all_that_one_which_died_had_not_told(
    edge: Edge, open_pack: Pack, opened: ExitStack
) -> None:
    with ExitStack() as first_host:
        dead = Looker(edge, open_pack, first_host)
        edge.send([blank()] * 2 + [pair()] * 5)
        dead.look(7)
    early = [e for e in edge.entries() if isinstance(e, TrackRecord)]
    assert len(early) == 2
    assert not any(e.ended for e in early)
    edge.send([pair()] * 5)
    heir = Looker(edge, open_pack, opened)
    heir.look(10)
    assert heir.source.status.dropped == 0
    heir.worker.remove(SOURCE)
    entries = edge.entries()
    times = [round(0.4 + k / FPS, 1) for k in range(10)]
    # Nothing is missing and nobody is there twice: the same tracks, now with all that was seen.
    assert people_of(entries) == {e.track_id: times for e in early}
    assert edge.kept == 0


def test_frames_of_a_worker_that_is_gone_wait_for_the_next_one(
    edge: Edge, open_pack: Pack, opened: ExitStack
) -> None:
    with ExitStack() as first_host:
        Looker(edge, open_pack, first_host)
        edge.send([solo()] * 8)
        # It reads ahead, and looks at none.
        time.sleep(0.05)
    heir = Looker(edge, open_pack, opened)
    with suppress(AssertionError):
        heir.look(8)
    heir.worker.remove(SOURCE)
    assert [len(times) for times in people_of(edge.entries()).values()] == [8]
