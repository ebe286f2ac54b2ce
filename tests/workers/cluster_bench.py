"""A cluster worker at work on a collection of its own, on a real server."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import redis
from preloaded import Preloaded
from synthetic import CALIBRATION, MODEL_ID, Cast, a_source
from told_in_full import sightings_of

from storage.connection import RedisHandle, open_redis
from storage.decision_log import DecisionLog
from storage.delivery import Entry
from storage.identity_record import ChangeKind, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import ReclusterRequest
from storage.sample_queue import SampleQueue
from workers.cluster_worker import ClusterWorker
from workers.clustering.clusterer import Clusterer, TrackClusterer
from workers.clustering.groups import Groups
from workers.clustering.partition import Partition


def start_worker(
    handle: RedisHandle, bench: Bench, track_s: float = 0.0, recluster_s: float = 0.0
) -> Preloaded:
    """A cluster worker in a process of its own, that takes so long more for each new track and re-cluster."""
    return Preloaded(_work, str(handle.socket_path), bench.keys, track_s, recluster_s)


def _work(
    ready: Callable[[], None], socket_path: str, keys: Keys, track_s: float, recluster_s: float
) -> None:
    """Work until killed, which may be at any moment."""

    class Slow(TrackClusterer):
        def nearest(self, track_id: str, groups: Groups) -> str | None:
            time.sleep(track_s)
            return super().nearest(track_id, groups)

        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            time.sleep(recluster_s)
            return super().recluster(settled, named, *began_s)

    with open_redis(f"unix://{socket_path}", None) as opened:
        client = opened.client
        store, queue = IdentityStore(client, keys), SampleQueue(client, keys)
        lease = Lease(client, keys.leader, ttl_s=0.4)
        ready()
        worker = ClusterWorker(store, queue, lease, MODEL_ID, lambda: Slow(CALIBRATION), CALIBRATION)
        worker.run(threading.Event())


def until(happened: Callable[[], bool], *, within_s: float = 120.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline_s, f"not within {within_s} s"
        time.sleep(0.005)


def plain() -> Clusterer:
    return TrackClusterer(CALIBRATION)


@dataclass
class Bench:
    """A collection of its own, with what a worker and its clients need."""

    client: redis.Redis
    keys: Keys
    store: IdentityStore
    queue: SampleQueue
    log: DecisionLog
    failed: list[BaseException] = field(default_factory=list)

    def worker(
        self,
        clusterer: Callable[[], Clusterer] = plain,
        *,
        ttl_s: float = 5.0,
        on_people: Callable[[int], None] | None = None,
        recluster_every_s: float | None = None,
        on_lead: Callable[[bool], None] | None = None,
        on_erased: Callable[[], None] | None = None,
        wait_ms: int = 200,
    ) -> tuple[ClusterWorker, Lease]:
        lease = Lease(self.client, self.keys.leader, ttl_s)
        worker = ClusterWorker(
            self.store,
            self.queue,
            lease,
            MODEL_ID,
            clusterer,
            CALIBRATION,
            on_people,
            recluster_every_s,
            on_lead,
            on_erased,
            wait_ms=wait_ms,
        )
        return worker, lease

    @contextlib.contextmanager
    def running(self, *arguments, **options) -> Iterator[Lease]:  # type: ignore[no-untyped-def]
        """A worker at work in a thread; what it fails with is raised."""
        worker, lease = self.worker(*arguments, **options)
        stop = threading.Event()

        def work() -> None:
            try:
                worker.run(stop)
            except BaseException as error:
                self.failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield lease
        finally:
            stop.set()
            thread.join()
            if self.failed:
                raise self.failed[0]

    def take_in(self, *groups: list[Entry], recluster: bool = False, at_once: bool = False) -> None:
        """Send entries, one by one or at once, and wait until they had their effect."""
        entries = [entry for group in groups for entry in group]
        if recluster:
            entries.append(ReclusterRequest("test"))
        for batch in [entries] if at_once else [[entry] for entry in entries]:
            last = self.queue.send(batch)
            assert last is not None
            until(lambda last=last: bool(self.failed) or self.queue.is_taken_in(last))

    def people(self) -> dict[str, set[str]]:
        """Track ids of each person."""
        return {p.identity_id: self.members(p.identity_id) for p in self.store.people()}

    def members(self, identity_id: str) -> set[str]:
        """Track ids of one person."""
        return {member.decode() for member in self.client.smembers(self.keys.identity_tracks(identity_id))}

    def changes(self) -> list[IdentityChange]:
        return [change_of(raw) for _, raw in self.client.xrange(self.keys.changes)]

    def dead(self) -> list[dict[bytes, bytes]]:
        return [raw for _, raw in self.client.xrange(self.keys.dead)]

    def assert_consistent(self) -> None:
        """What the hashes of tracks say is what the sets of people say, and the counts are theirs.

        What a search and a list read is the same once more.
        """
        tracks = list(self.store.tracks(self.store.track_ids()))
        told = {track.track_id: track.identity_id for track in tracks}
        assert self.store.assignments() == {track_id: owner for track_id, owner in told.items() if owner}
        assert self.store.template_ids() == told.keys()
        people = self.store.people()
        assert self.store.overview_ids() == {person.identity_id for person in people}
        assert people == [self.store.person(person.identity_id) for person in people]
        for person in people:
            members = self.members(person.identity_id)
            assert members == {t for t, identity_id in told.items() if identity_id == person.identity_id}
            assert person.tracks == len(members)
            seen = sightings_of((t.source_id, t.first_s, t.last_s) for t in tracks if t.track_id in members)
            assert {s.encode() for s in person.sightings} == {s.encode() for s in seen}
            assert person.thumbnails


def change_of(raw: Mapping[bytes, bytes]) -> IdentityChange:
    """An event as any reader of the stream reads it."""
    told = {name.decode(): value.decode() for name, value in raw.items()}
    times = {name: float(told.pop(name)) for name in ("event_s", "published_at_s")}
    provisional = told.pop("provisional") == "1"
    return IdentityChange(ChangeKind(told.pop("kind")), **told, **times, provisional=provisional)


def new_bench(handle: RedisHandle, keys: Keys | None = None) -> Bench:
    keys = keys or Keys(f"test-{uuid4().hex}")
    store, queue = IdentityStore(handle.client, keys), SampleQueue(handle.client, keys)
    store.claim_model(MODEL_ID, {})
    store.register_source(a_source())
    return Bench(handle.client, keys, store, queue, DecisionLog(handle.client, keys))


def as_partition(people: dict[str, set[str]]) -> set[frozenset[str]]:
    return {frozenset(members) for members in people.values()}


def truth(cast: Cast) -> set[frozenset[str]]:
    return {
        frozenset(t for t, p in cast.person_of.items() if p == person) for person in cast.person_of.values()
    }


def ids_by_person(bench: Bench, cast: Cast) -> dict[int, set[str]]:
    """Which identities the tracks of each made-up person are given to."""
    found: dict[int, set[str]] = {}
    for identity_id, members in bench.people().items():
        for track_id in members:
            found.setdefault(cast.person_of[track_id], set()).add(identity_id)
    return found
