"""Whether anything is lost or doubled when the sender and the cluster worker are killed again and again.

    python benchmarks/kills.py [--samples 100000] [--kills 200] [--collections 10] [--seed 0] [--json FILE]

The samples and kills are shared out among so many collections, two of which are at work at once: a cluster
worker that is started again reads all of its collection first, which takes 0.2 ms a sample. For each, there
are two runs over the same made-up samples: one that nobody disturbs, and one of which the sender or the
cluster worker, at random, gets SIGKILL at random moments and is started again at once. Each is a process of
its own; the server is the embedded one, in a folder of its own. Afterwards both must have left the same
tracks, samples, sightings and counts, and after the last re-cluster the same people, but for their numbers: a
worker that is killed may have taken one that it never used. Prints a Markdown table, and exits with 1 where
anything differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import redis
from benchmark_script import run_script
from figure import Figure, Goal
from result import Result, add_json_option
from synthetic_tracks import TRACK_S, made_track

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.delivery import Entry
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import ReclusterRequest
from storage.sample_queue import GROUP, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone, SourceRecord, covers
from storage.track_record import TrackRecord
from workers.cluster_worker import ClusterWorker
from workers.clustering.clusterer import TrackClusterer
from workers.models.calibration import Calibration

MODEL_ID = "synthetic@1"
DIMENSION = 64
# Two samples of a person have a cosine of about 0.8, those of two people of about 0.
CALIBRATION = Calibration.flat(DIMENSION, genuine=0.8, impostor=0.0, spread=0.1)
NOISE = 0.45
SAMPLES_PER_TRACK = 8
TRACKS_PER_STRETCH = 10
STRETCHES_PER_SOURCE = 25
PEOPLE = 60
# Of a worker that was killed, for the next one: 5 s outside of here.
LEASE_S = 1.0
# Short, so that the sender is at work, and dies, all the while.
QUEUE_LIMIT = 300
_AT_ONCE = 2
_PROCESSES: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
# Imports would take most of the time of processes that live for a second.
_PROCESSES.set_forkserver_preload(["workers.cluster_worker", "workers.clustering.clusterer"])


@dataclass(frozen=True)
class Plan:
    """What is sent.

    Attributes:
        samples: Number of samples, at least; whole stretches are sent.
        seed: Of people and vectors.
    """

    samples: int
    seed: int = 0

    @property
    def stretches(self) -> int:
        """Number of stretches."""
        return -(-self.samples // (SAMPLES_PER_TRACK * TRACKS_PER_STRETCH))

    @property
    def tracks(self) -> int:
        """Number of tracks."""
        return self.stretches * TRACKS_PER_STRETCH

    def source_of(self, stretch: int) -> str:
        """The source that a stretch is of."""
        return f"v-{stretch // STRETCHES_PER_SOURCE}"

    def entries(self, stretch: int) -> list[Entry]:
        """A stretch: the same entries whenever it is sent."""
        found: list[Entry] = []
        track_ids: list[str] = []
        place = stretch % STRETCHES_PER_SOURCE
        for k in range(TRACKS_PER_STRETCH):
            samples, track = self._track(stretch, place * TRACKS_PER_STRETCH + k)
            found += [*samples, track]
            track_ids.append(track.track_id)
        start_s, end_s = self.extent(stretch)
        is_last = place == STRETCHES_PER_SOURCE - 1 or stretch == self.stretches - 1
        source_id = self.source_of(stretch)
        found.append(
            SegmentDone(source_id, start_s, end_s, 300, complete=is_last, track_ids=tuple(track_ids))
        )
        return found

    def extent(self, stretch: int) -> tuple[float, float]:
        """Start and end of a stretch, s."""
        start_s = stretch % STRETCHES_PER_SOURCE * TRACKS_PER_STRETCH * TRACK_S
        return start_s, start_s + TRACKS_PER_STRETCH * TRACK_S

    def _track(self, stretch: int, number: int) -> tuple[list[FaceSample], TrackRecord]:
        source_id = self.source_of(stretch)
        rng = np.random.default_rng((self.seed, stretch, number))
        person = int(rng.integers(PEOPLE))
        vectors: list[Any] = []
        qualities: list[float] = []
        for k in range(SAMPLES_PER_TRACK):
            qualities.append(0.5 + 0.01 * k + 0.001 * float(rng.random()))
            vectors.append(_vector(person, rng))
        return made_track(source_id, number, MODEL_ID, vectors, qualities)


def _vector(person: int, rng: np.random.Generator) -> Any:
    away = rng.normal(size=DIMENSION)
    away[person] = 0.0
    vector = NOISE * away / np.linalg.norm(away)
    vector[person] = 1.0
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def send(url: str, keys: Keys, plan: Plan) -> None:
    """A sender: all that isn't done yet, as a run does that is started again."""
    with open_redis(url, None) as handle:
        store = IdentityStore(handle.client, keys)
        queue = SampleQueue(handle.client, keys, QUEUE_LIMIT, MODEL_ID)
        source: SourceRecord | None = None
        for stretch in range(plan.stretches):
            source_id = plan.source_of(stretch)
            if source is None or source.source_id != source_id:
                source = store.register_source(
                    SourceRecord(source_id, "video", f"/films/{source_id}.mp4", 1920, 1080, fps=5.0)
                )
            if not covers(source.ranges, *plan.extent(stretch)):
                queue.send(plan.entries(stretch), wait_s=600.0)
        last = queue.send([ReclusterRequest("end")], wait_s=600.0)
        while last is not None and not queue.is_taken_in(last):
            time.sleep(0.02)


def cluster(url: str, keys: Keys) -> None:
    """A cluster worker."""
    with open_redis(url, None) as handle:
        store, queue = IdentityStore(handle.client, keys), SampleQueue(handle.client, keys)
        lease = Lease(handle.client, keys.leader, LEASE_S)
        worker = ClusterWorker(
            store, queue, lease, MODEL_ID, lambda: TrackClusterer(CALIBRATION), CALIBRATION
        )
        worker.run(threading.Event())


@dataclass
class Run:
    """What a run came to.

    Attributes:
        seconds: How long it took.
        kills: Kills of each process.
        pending: Entries that killed workers had and had not acknowledged, in all.
        facts: What must be the same in both runs, by name.
        counts: How many there are of each.
    """

    seconds: float = 0.0
    kills: dict[str, int] = field(default_factory=lambda: {"sender": 0, "cluster worker": 0})
    pending: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Processes:
    """A sender and a cluster worker, started again whenever they are killed."""

    def __init__(self, url: str, keys: Keys, plan: Plan) -> None:
        self._mains: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {
            "cluster worker": (cluster, (url, keys)),
            "sender": (send, (url, keys, plan)),
        }
        self._running = {name: self._start(name) for name in self._mains}

    def _start(self, name: str) -> Any:
        main, arguments = self._mains[name]
        process = _PROCESSES.Process(target=main, args=arguments, daemon=True)
        process.start()
        return process

    def kill(self, name: str) -> None:
        """End one as SIGKILL does, and start it again."""
        process = self._running[name]
        process.kill()
        process.join()
        self._running[name] = self._start(name)

    def is_done(self) -> bool:
        """Whether the sender has come to its end.

        Raises:
            RuntimeError: If one has failed.
        """
        for name, process in self._running.items():
            if process.exitcode not in (None, 0) or (process.exitcode == 0 and name != "sender"):
                raise RuntimeError(f"the {name} ended with {process.exitcode}")
        return bool(self._running["sender"].exitcode == 0)

    def end(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.kill()
            process.join()


def run(handle: RedisHandle, url: str, name: str, plan: Plan, kills: int, seed: int) -> Run:
    """Send and take in everything, with so many kills on the way."""
    rng = random.Random(seed)
    keys, found = Keys(name), Run()
    IdentityStore(handle.client, keys).claim_model(MODEL_ID, {})
    # When so many tracks are stored, and a moment later: before, amid and after steps, and while starting.
    moments = sorted(rng.random() * plan.tracks for _ in range(kills))
    began_s = time.monotonic()
    processes = Processes(url, keys, plan)
    try:
        for stored in moments:
            while handle.client.scard(keys.tracks) < stored and not processes.is_done():
                time.sleep(0.002)
            time.sleep(rng.random() * 0.25)
            victim = rng.choice(sorted(found.kills))
            processes.kill(victim)
            found.kills[victim] += 1
            if victim == "cluster worker":
                found.pending += _pending(handle.client, keys)
        while not processes.is_done():
            time.sleep(0.02)
    finally:
        processes.end()
    found.seconds = time.monotonic() - began_s
    _look(handle.client, keys, found)
    return found


def _pending(client: redis.Redis, keys: Keys) -> int:
    try:
        return int(client.xpending(keys.samples, GROUP)["pending"])
    except redis.ResponseError:
        # Killed before it had made the group.
        return 0


def _look(client: redis.Redis, keys: Keys, found: Run) -> None:
    """Note what is in a collection."""
    store = IdentityStore(client, keys)
    people = store.people()
    owners = store.assignments()
    groups: dict[str, list[str]] = {}
    for track_id, identity_id in owners.items():
        groups.setdefault(identity_id, []).append(track_id)
    prefix = keys.sample("").encode()
    sample_ids = sorted(key.removeprefix(prefix) for key in client.scan_iter(prefix + b"*", 10_000))
    found.facts = {
        "people": sorted(sorted(group) for group in groups.values()),
        "records of people": sorted((_nameless(person) for person in people), key=repr),
        "sightings": sorted(repr(sighting) for person in people for sighting in person.sightings),
        "tracks": sorted(store.track_ids()),
        "samples": sample_ids,
        "sources": sorted(map(repr, (replace(s, taken_in_s=None) for s in store.sources()))),
        "left in the queue": client.xlen(keys.samples),
        "pending": _pending(client, keys),
        "put aside": client.xlen(keys.dead),
        "unclaimed samples": len(store.unclaimed()),
        "provisional tracks": len(store.provisional()),
    }
    found.counts = {k: v if isinstance(v, int) else len(v) for k, v in found.facts.items()}
    found.counts["faces"] = sum(person.faces for person in people)
    found.counts["seconds seen"] = round(sum(person.seconds for person in people))
    found.counts["frames looked at"] = sum(source.sampled for source in store.sources())


def _nameless(person: Identity) -> Identity:
    return replace(person, identity_id="")


def differing(calm: Run, killed: Run) -> list[str]:
    """Names of what is not the same in both runs of a collection."""
    facts = [name for name, value in calm.facts.items() if killed.facts[name] != value]
    return facts + [n for n, v in calm.counts.items() if killed.counts[n] != v and n not in facts]


def compare(samples: int, kills: int, seed: int, collections: int = 1) -> tuple[Run, Run, list[str]]:
    """Both runs of all collections, on the embedded server in a folder of its own.

    Returns:
        The undisturbed ones, summed up, the others, and names of what is not the same.
    """

    def both(number: int) -> tuple[Run, Run]:
        plan = Plan(-(-samples // collections), seed + number)
        share = kills // collections + (number < kills % collections)
        calm = run(handle, where, f"calm-{number}", plan, 0, seed + number)
        return calm, run(handle, where, f"killed-{number}", plan, share, seed + number)

    with (
        tempfile.TemporaryDirectory(prefix="facestream-kills-") as folder,
        open_redis(None, DataFolder(Path(folder))) as handle,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        where = f"unix://{handle.socket_path}"
        runs = list(pool.map(both, range(collections)))
    wrong = sorted({name for calm, killed in runs for name in differing(calm, killed)})
    return _sum([calm for calm, _ in runs]), _sum([killed for _, killed in runs]), wrong


def _sum(runs: Sequence[Run]) -> Run:
    return Run(
        sum(one.seconds for one in runs),
        {name: sum(one.kills[name] for one in runs) for name in runs[0].kills},
        sum(one.pending for one in runs),
        {},
        {name: sum(one.counts[name] for one in runs) for name in runs[0].counts},
    )


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--collections", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    calm, killed, wrong = compare(options.samples, options.kills, options.seed, options.collections)
    took_s = time.monotonic() - began_s
    print("| | undisturbed | killed |\n|---|---|---|")
    print(f"| collections | {options.collections} | {options.collections} |")
    for victim, count in killed.kills.items():
        print(f"| kills of the {victim} | 0 | {count} |")
    print(f"| entries that killed workers had | 0 | {killed.pending} |")
    print(f"| seconds, summed up | {calm.seconds:.0f} | {killed.seconds:.0f} |")
    for name, count in calm.counts.items():
        print(f"| {name} | {count} | {killed.counts[name]} |")
    print(f"\n{took_s:.0f} s. {'Not the same: ' + ', '.join(wrong) if wrong else 'All of it is the same.'}")
    same = "the undisturbed run"
    figures = [
        Figure("things that differ after kills", len(wrong), goal=Goal(0, "most")),
        Figure("entries that killed workers had and had not acknowledged", killed.pending, better="more"),
        Figure("seconds, summed up, killed", killed.seconds, "s", "less", calm.seconds, same),
        Figure(
            "samples that were sent and stored",
            killed.counts["samples"],
            "",
            "more",
            calm.counts["samples"],
            same,
        ),
        *(Figure(f"kills of the {name}", count, better="more") for name, count in killed.kills.items()),
    ]
    told = {"undisturbed": asdict(calm), "killed": asdict(killed), "differ": wrong, "seconds": took_s}
    Result(figures, details=told).write(options.json)
    return 1 if wrong else 0


if __name__ == "__main__":
    run_script(lambda: main(sys.argv[1:]))
