from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
from films import FPS, Film, Image, pair

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.track_record import TrackRecord
from workers.carried import Carried
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack
from workers.resumption import carried_into

SETTINGS = FaceWorkerSettings(min_face_px=30, segment_s=1.0)


class Collection:
    """A collection that keeps tracks without asking who they are."""

    def __init__(self, handle: RedisHandle, pack: Pack) -> None:
        keys = Keys(f"test-{uuid4().hex}")
        self.store, self._queue = IdentityStore(handle.client, keys), SampleQueue(handle.client, keys)
        self._lease, self._pack = Lease(handle.client, keys.leader), pack
        self._queue.prepare()

    def run(
        self, film: Film, start: int, end: int, carried: list[Carried] | None = None, *, back: int = 0
    ) -> None:
        """Process a part of a film, from one picture to before another, with so many from before it."""
        part = replace(film, pictures=film.pictures[:end], start=start - back)
        worker = FaceWorker(self._pack, self._queue, SETTINGS)
        worker.run(part, start / FPS, end / FPS, threading.Event(), carried=carried or ())
        deliveries = self._queue.receive("test", 1000, block_ms=1)
        entries = [delivery.entry for delivery in deliveries]
        assert self._lease.acquire()
        self.store.commit(
            Effects(
                samples=[e for e in entries if isinstance(e, FaceSample)],
                tracks=[e for e in entries if isinstance(e, TrackRecord)],
                done=deliveries,
            ),
            self._lease,
        )

    def tracks(self) -> list[TrackRecord]:
        return list(self.store.tracks(self.store.track_ids()))


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("redis"))) as opened:
        yield opened


@pytest.fixture
def collection(handle: RedisHandle, open_pack: Pack) -> Collection:
    return Collection(handle, open_pack)


def test_a_run_that_goes_on_links_the_faces_that_go_on(handle: RedisHandle, open_pack: Pack) -> None:
    film = Film([pair()] * 10)
    at_once, in_two = Collection(handle, open_pack), Collection(handle, open_pack)
    at_once.run(film, 0, 10)

    in_two.run(film, 0, 5)
    in_two.run(film, 5, 10, carried_into(in_two.store, "film", 1.0))

    whole, resumed = ({t.track_id: t.continues for t in c.tracks()} for c in (at_once, in_two))
    assert resumed == whole
    assert sum(before is not None for before in resumed.values()) == 2


def test_at_a_cut_nobody_goes_on_as_a_run_in_one_go_has_it(handle: RedisHandle, open_pack: Pack) -> None:
    # The same faces in the same places: only what is around them tells that this is another scene.
    there = np.zeros(pair().shape[:2], bool)
    for x1, y1, x2, y2 in faces_in(open_pack, pair()):
        there[y1 - 12 : y2 + 12, x1 - 12 : x2 + 12] = True
    other = np.where(there[:, :, None], pair(), 255 - pair()[::-1]).astype(np.uint8)
    film = Film([pair()] * 4 + [other] * 5)
    at_once, in_two = Collection(handle, open_pack), Collection(handle, open_pack)
    at_once.run(film, 0, 9)

    in_two.run(film, 0, 4)
    in_two.run(film, 4, 9, carried_into(in_two.store, "film", 0.8), back=2)

    whole, resumed = ({t.track_id: t.continues for t in c.tracks()} for c in (at_once, in_two))
    assert resumed == whole
    assert len(resumed) == 4
    assert set(resumed.values()) == {None}


def faces_in(pack: Pack, image: Image) -> list[tuple[int, ...]]:
    return [tuple(face.box_xyxy.round().astype(int)) for face in pack.detector.detect([image], 30)[0]]


def test_who_is_carried_is_told_with_place_and_looks(collection: Collection) -> None:
    collection.run(Film([pair()] * 5), 0, 5)
    carried = carried_into(collection.store, "film", 1.0)
    tracks = {track.track_id: track for track in collection.tracks()}
    assert {c.track_id for c in carried} == set(tracks)
    for one in carried:
        last = tracks[one.track_id].observations[-1]
        assert np.array_equal(one.box_xyxy, last["box_xyxy"])
        assert one.media_s == last["media_s"] == pytest.approx(0.8)
        assert one.look.vector is not None


@pytest.mark.parametrize(("source_id", "start_s"), [("film", 0.7), ("film", 30.0), ("another", 1.0)])
def test_nobody_is_carried_from_later_or_long_before_or_elsewhere(
    collection: Collection, source_id: str, start_s: float
) -> None:
    collection.run(Film([pair()] * 5), 0, 5)
    assert carried_into(collection.store, source_id, start_s) == []
