"""A `facestream watch` in a process of its own, and what is seen of it from outside and in Redis."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import psutil
from camera_servers import cpu_of
from command import facestream

from facestream.client import Store
from facestream.configuration.settings import Place
from facestream.people.person import Person
from facestream.wiring import keys_of, make_camera_store, make_reader, open_handle
from storage.camera_status import CameraStatus
from storage.commands import commands_of
from storage.identity_record import IdentityChange

# Until the models are loaded and the first camera is read.
# Cameras need it to be said how long people are kept.
KEPT = {"FACESTREAM_RETENTION_UNNAMED": "forever", "FACESTREAM_RETENTION_NAMED": "forever"}
_STARTS_S = 300.0
_ENDS_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one moment.

    Attributes:
        at_s: Unix time.
        statuses: Of the cameras, by name.
        queued: Entries that the cluster worker had not taken in.
        rss_mb: Resident memory of the process.
        cpu_s: Processor time that it has taken.
        redis_cpu_s: Processor time that its Redis server has taken.
    """

    at_s: float
    statuses: Mapping[str, CameraStatus]
    queued: int
    rss_mb: float
    cpu_s: float
    redis_cpu_s: float


@dataclass
class Watched:
    """What a watch did.

    Attributes:
        samples: One every other second, from the first picture on.
        changes: All that happened to people.
        epochs_s: Unix time that each camera's media time counts from, by name.
        people: Who is in the collection in the end.
    """

    samples: list[Sample] = field(default_factory=list)
    changes: list[IdentityChange] = field(default_factory=list)
    epochs_s: dict[str, float] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)

    def between(self, start_s: float, end_s: float) -> list[Sample]:
        """The samples of some time, counted from the first one."""
        first_s = self.samples[0].at_s
        return [sample for sample in self.samples if start_s <= sample.at_s - first_s <= end_s]


def watch(
    urls: Mapping[str, str],
    for_s: float,
    *,
    look_fps: float = 5.0,
    options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    every_s: float = 2.0,
    at: Sequence[tuple[float, Callable[[], None]]] = (),
) -> Watched:
    """Add cameras to a collection of its own and watch them.

    Args:
        urls: The cameras by their names.
        for_s: How long, s, from the first picture on.
        look_fps: Looks per second at each camera.
        options: More options for `facestream camera add`.
        settings: Environment variables for `facestream watch`.
        every_s: Time between two samples.
        at: What else is to be done, and how long after the first picture, in order of time.
    """
    with tempfile.TemporaryDirectory() as data:
        for name, url in urls.items():
            facestream(
                "camera",
                "add",
                name,
                url,
                "--no-test",
                "--fps",
                f"{look_fps:g}",
                *options,
                "--data-dir",
                data,
            )
        with (Path(data) / "watch.log").open("w+") as log:
            command = [sys.executable, "-m", "facestream", "watch", "--json", "--data-dir", data]
            command += ["--for", f"{for_s + _STARTS_S:g}s"]
            with running(command, {**os.environ, **KEPT, **(settings or {})}, log) as process:
                found = _look(process, data, for_s, every_s, list(at))
            if process.returncode != 0 or not found.samples:
                log.seek(0)
                sys.exit(f"facestream watch ended with {process.returncode}:\n{log.read()[-3000:]}")
        return found


@contextlib.contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], log: IO[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the context, by a signal, or is killed where it does not."""
    with subprocess.Popen(command, stdout=log, stderr=log, env=environ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _look(
    process: subprocess.Popen[bytes],
    data: str,
    for_s: float,
    every_s: float,
    wishes: list[tuple[float, Callable[[], None]]],
) -> Watched:
    """Sample a watch until its time is over; then end it and read what it found."""
    found = Watched()
    place = Place.of(data)
    with open_handle(place) as handle, handle.errors():
        keys = keys_of(place)
        cameras = make_camera_store(handle, keys)
        server = psutil.Process(int(handle.client.info("server")["process_id"]))
        main = psutil.Process(process.pid)
        deadline_s = time.time() + _STARTS_S
        next_s = time.time()
        while process.poll() is None:
            statuses = dict(cameras.readable_statuses())
            now_s = time.time()
            if any(status.taken for status in statuses.values()):
                found.samples.append(
                    Sample(
                        now_s,
                        statuses,
                        int(handle.client.xlen(keys.samples)),
                        main.memory_info().rss / 1e6,
                        cpu_of(main),
                        cpu_of(server),
                    )
                )
                elapsed_s = now_s - found.samples[0].at_s
                while wishes and elapsed_s >= wishes[0][0]:
                    wishes.pop(0)[1]()
                if elapsed_s >= for_s:
                    break
            elif now_s > deadline_s:
                break
            next_s = max(next_s + every_s, now_s)
            time.sleep(max(next_s - time.time(), 0.0))
        process.terminate()
        process.wait(_ENDS_S)
        entries = commands_of(handle.client).xrange(keys.changes, b"-", b"+")
        found.changes = [IdentityChange.decode(raw or {}) for _, raw in entries]
        reader = make_reader(handle, keys)
        for source in reader.sources():
            if source.recorded_at_s is not None:
                found.epochs_s[source.source_id.removeprefix("c-")] = source.recorded_at_s
        found.people = Store(handle, reader, place).people()
    return found


def slope_per_min(times_s: Sequence[float], values: Sequence[float]) -> float:
    """Least-squares slope, per minute; 0 for less than two values."""
    if len(times_s) < 2:
        return 0.0
    return float(np.polyfit(np.array(times_s) - times_s[0], values, 1)[0]) * 60
