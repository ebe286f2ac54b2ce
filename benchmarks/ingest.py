"""How many samples a second become part of people, by how many tracks there are already.

    python benchmarks/ingest.py [--tracks 10000 100000] [--samples 20000] [--dimension 128] [--json FILE]

A cluster worker in a process of its own, the embedded server, and a sender in this process. The collection
grows by made-up tracks of one sample each (see scale_data.py) to each number of tracks; then so many samples,
eight to a track, are sent at once, and the time counts from the first that is sent to when the last has had
its effect. Beside it, the same entries through a bare stream of the same server: written, read, acknowledged.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_script import run_script
from figure import Figure, Goal
from markdown_table import markdown_table
from result import Curve, Result, add_json_option
from scale_data import generate
from synthetic_tracks import made_track

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.delivery import Entry
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from storage.source_record import SourceRecord
from workers.cluster_worker import ClusterWorker
from workers.clustering.clusterer import TrackClusterer
from workers.models.calibration import Calibration

_MODEL_ID = "synthetic@1"
_KEYS = Keys("default")
_SAMPLES_PER_TRACK = 8
_TRACKS_PER_SOURCE = 1000
_TRACKS_PER_SEND = 50
# How far samples of a track are from each other.
_VIEW = 0.2
_GOAL, _GOAL_TRACKS = Goal(3000.0), 100_000
_TAKEN_IN_S = 3600.0


def cluster(url: str, calibration: Calibration) -> None:
    """Be a cluster worker."""
    with open_redis(url, None) as handle:
        store, queue = IdentityStore(handle.client, _KEYS), SampleQueue(handle.client, _KEYS)
        lease = Lease(handle.client, _KEYS.leader)
        ClusterWorker(store, queue, lease, _MODEL_ID, lambda: TrackClusterer(calibration), calibration).run(
            threading.Event()
        )


class Sender:
    """Sends made-up tracks into the default collection.

    Args:
        handle: The server.
        vectors: float32 (N, D), one for each track.
        worker: The cluster worker.
    """

    def __init__(self, handle: RedisHandle, vectors: np.ndarray, worker: BaseProcess) -> None:
        self._worker = worker
        self._queue = SampleQueue(handle.client, _KEYS, model_id=_MODEL_ID)
        self._store = IdentityStore(handle.client, _KEYS)
        self._vectors = vectors
        self._numbers = count()
        self._random = np.random.default_rng(1)

    def made(self, tracks: int, samples: int) -> list[list[Entry]]:
        """Entries of so many tracks, to be sent together."""
        made: list[list[Entry]] = []
        for first in range(0, tracks, _TRACKS_PER_SEND):
            entries: list[Entry] = []
            for number in islice(self._numbers, min(_TRACKS_PER_SEND, tracks - first)):
                found, record = self._track(number, samples)
                entries += [*found, record]
            made.append(entries)
        return made

    def send(self, made: Sequence[list[Entry]]) -> None:
        """Send entries, and wait until all of them have had their effect."""
        last = None
        for entries in made:
            last = self._queue.send(entries, wait_s=600.0)
        ends_s = time.monotonic() + _TAKEN_IN_S
        while last is not None and not self._queue.is_taken_in(last):
            if not self._worker.is_alive():
                raise SystemExit(f"the cluster worker ended with {self._worker.exitcode}")
            if time.monotonic() > ends_s:
                raise SystemExit("the cluster worker did not take everything in")
            time.sleep(0.01)

    def _track(self, number: int, samples: int) -> Any:
        source, place = divmod(number, _TRACKS_PER_SOURCE)
        source_id = f"v-{source}"
        if place == 0:
            path = f"/films/{source_id}.mp4"
            self._store.register_source(SourceRecord(source_id, "video", path, 1920, 1080, fps=5.0))
        noise = self._random.standard_normal((samples, self._vectors.shape[1]), np.float32)
        noise *= _VIEW / np.linalg.norm(noise, axis=1, keepdims=True)
        views = self._vectors[number] + noise
        views /= np.linalg.norm(views, axis=1, keepdims=True)
        return made_track(source_id, place, _MODEL_ID, list(views), [0.8 - 0.01 * k for k in range(samples)])


def bare_rate(handle: RedisHandle, made: Sequence[list[Entry]], samples: int) -> float:
    """Samples a second that go through a stream of Redis and nothing else."""
    client: Any = handle.client
    encoded = [[entry.encode() for entry in entries] for entries in made]
    client.xgroup_create("bare", "group", "0", True)
    began_s = time.perf_counter()
    for some in encoded:
        with client.pipeline() as pipeline:
            for fields in some:
                pipeline.xadd("bare", fields)
            pipeline.execute()
        ((_, entries),) = client.xreadgroup("group", "reader", {"bare": ">"}, count=len(some))
        client.xack("bare", "group", *(entry_id for entry_id, _ in entries))
    rate = samples / (time.perf_counter() - began_s)
    client.delete("bare")
    return rate


def measure(tracks: Sequence[int], samples: int, dimension: int) -> Iterator[dict[str, Any]]:
    """Let a collection grow, and measure at each number of tracks."""
    measured = -(-samples // _SAMPLES_PER_TRACK)
    calibration = Calibration.flat(dimension, genuine=0.65, impostor=0.02, spread=0.09)
    vectors = generate(max(tracks) + measured * len(tracks), dimension=dimension).vectors
    with (
        tempfile.TemporaryDirectory(prefix="facestream-ingest-") as folder,
        open_redis(None, DataFolder(Path(folder))) as handle,
    ):
        IdentityStore(handle.client, _KEYS).claim_model(_MODEL_ID, {})
        SampleQueue(handle.client, _KEYS).prepare()
        context = multiprocessing.get_context("spawn")
        url = f"unix://{handle.socket_path}"
        worker = context.Process(target=cluster, args=(url, calibration), daemon=True)
        worker.start()
        try:
            sender = Sender(handle, vectors, worker)
            there = 0
            for wanted in sorted(tracks):
                began_s = time.perf_counter()
                for _ in range(0, wanted - there, _TRACKS_PER_SOURCE):
                    more = min(_TRACKS_PER_SOURCE, wanted - there)
                    sender.send(sender.made(more, 1))
                    there += more
                filled_s = time.perf_counter() - began_s
                made = sender.made(measured, _SAMPLES_PER_TRACK)
                began_s = time.perf_counter()
                sender.send(made)
                took_s = time.perf_counter() - began_s
                yield {
                    "tracks": there,
                    "samples_per_s": round(measured * _SAMPLES_PER_TRACK / took_s, 1),
                    "bare_samples_per_s": round(bare_rate(handle, made, measured * _SAMPLES_PER_TRACK), 1),
                    "filled_s": round(filled_s, 1),
                }
                there += measured
        finally:
            worker.kill()
            worker.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=128)
    add_json_option(parser)
    args = parser.parse_args()
    rows = list(measure(args.tracks, args.samples, args.dimension))
    print(markdown_table(rows))
    figures = [
        Figure(
            f"samples ingested into people, {row['tracks']:,} tracks there",
            *(row["samples_per_s"], "samples/s", "more", row["bare_samples_per_s"], "bare Redis stream"),
            _GOAL if row["tracks"] == _GOAL_TRACKS else None,
        )
        for row in rows
    ]
    x = [float(row["tracks"]) for row in rows]
    curves = [
        Curve("Ingest by tracks", name, "tracks there", "samples/s", x, [row[key] for row in rows], log=True)
        for name, key in (("facestream", "samples_per_s"), ("bare Redis stream", "bare_samples_per_s"))
    ]
    Result(figures, curves, rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
