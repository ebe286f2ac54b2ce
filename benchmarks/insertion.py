"""How long one track takes to come and to go: incremental DBSCAN with either index, beside incdbscan.

    python benchmarks/insertion.py 2000 20000 [--rival-tracks 2000] [--steps 500] [--cpu] [--json FILE]

Fills a collection with synthetic tracks (see scale_data.py), then lets tracks go and others come, one at a
time, on one core, and prints a Markdown table of milliseconds. incdbscan (`pip install incdbscan`) is left
out where it is not installed; it is measured with fewer tracks, and the others with as many beside it. --cpu
counts the processor's time, for machines that do other things meanwhile.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from figure import Figure, Goal
from percentiles import percentile
from result import Curve, Result, add_json_option
from scale_data import ScaleData, generate
from threadpoolctl import threadpool_limits

from workers.clustering.approximate_neighbours import ApproximateIndex
from workers.clustering.incremental_dbscan import IncrementalDbscan
from workers.clustering.neighbours import ExactIndex

FloatArray = npt.NDArray[np.float32]

_EPS, _MIN_POINTS = 0.42, 3
# Milliseconds of all insertions but one in a hundred, by index and number of tracks.
_GOALS = {("exact", 150_000): Goal(30.0, "most"), ("approximate", 150_000): Goal(3.0, "most")}


class Subject(Protocol):
    """What is measured."""

    def fill(self, vectors: FloatArray) -> None:
        """Let the first tracks come."""
        ...

    def insert(self, number: int, vector: FloatArray) -> None:
        """Let a track come."""
        ...

    def remove(self, number: int) -> None:
        """Let it go."""
        ...

    def clusters(self) -> int:
        """Number of clusters."""
        ...


class Ours:
    """Incremental DBSCAN over an index."""

    def __init__(self, index: ExactIndex | ApproximateIndex) -> None:
        self._dbscan = IncrementalDbscan(index, _EPS, _MIN_POINTS)

    def fill(self, vectors: FloatArray) -> None:
        """Let the first tracks come."""
        self._dbscan.fill({str(number): vector for number, vector in enumerate(vectors)})

    def insert(self, number: int, vector: FloatArray) -> None:
        """Let a track come."""
        self._dbscan.insert(str(number), vector)

    def remove(self, number: int) -> None:
        """Let it go."""
        self._dbscan.remove(str(number))

    def clusters(self) -> int:
        """Number of clusters."""
        return len(set(self._dbscan.labels().values()) - {None})


class Incdbscan:
    """The library, with the Euclidean distance that is the same on unit vectors."""

    def __init__(self) -> None:
        from incdbscan import IncrementalDBSCAN

        self._dbscan = IncrementalDBSCAN(eps=float(np.sqrt(2 * _EPS)), min_pts=_MIN_POINTS)
        self._there: dict[int, FloatArray] = {}

    def fill(self, vectors: FloatArray) -> None:
        """Let the first tracks come."""
        self._dbscan.insert(vectors)
        self._there.update(enumerate(vectors))

    def insert(self, number: int, vector: FloatArray) -> None:
        """Let a track come."""
        self._dbscan.insert(vector[None])
        self._there[number] = vector

    def remove(self, number: int) -> None:
        """Let it go."""
        self._dbscan.delete(self._there.pop(number)[None])

    def clusters(self) -> int:
        """Number of clusters."""
        labels = self._dbscan.get_cluster_labels(np.stack(list(self._there.values())))
        return len(np.unique(labels[labels >= 0]))


@dataclass(slots=True)
class Times:
    """Milliseconds of each insertion and each removal."""

    insertion: list[float] = field(default_factory=list)
    removal: list[float] = field(default_factory=list)


def measured(subject: Subject, data: ScaleData, tracks: int, steps: int, clock: Callable[[], float]) -> Times:
    """Fill with so many tracks, then let one go and another one come, again and again."""
    subject.fill(data.vectors[:tracks])
    random = np.random.default_rng(1)
    there = list(range(tracks))
    times = Times()
    for coming in range(tracks, tracks + steps):
        place = int(random.integers(tracks))
        started = clock()
        subject.remove(there[place])
        removed = clock()
        subject.insert(coming, data.vectors[coming])
        times.removal.append((removed - started) * 1e3)
        times.insertion.append((clock() - removed) * 1e3)
        there[place] = coming
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tracks", type=int, nargs="+")
    parser.add_argument("--rival-tracks", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--cpu", action="store_true")
    add_json_option(parser)
    args = parser.parse_args()
    clock = time.process_time if args.cpu else time.perf_counter
    subjects: dict[str, Callable[[int], Subject]] = {
        "exact": lambda dimension: Ours(ExactIndex(dimension)),
        "approximate": lambda dimension: Ours(ApproximateIndex(dimension)),
    }
    sizes = dict.fromkeys(args.tracks)
    rivals: dict[str, Callable[[int], Subject]] = {}
    if importlib.util.find_spec("incdbscan") is None:
        print("incdbscan is not installed and left out.\n")
    else:
        rivals["incdbscan"] = lambda _: Incdbscan()
        sizes = dict.fromkeys((args.rival_tracks, *args.tracks))
    print("| tracks | index | insertion p50, ms | p99 | removal p50, ms | p99 | insertion to incdbscan's |")
    print("|---|---|---|---|---|---|---|")
    result = Result(details={"clock": "processor" if args.cpu else "wall", "steps": args.steps})
    medians: dict[str, dict[int, float]] = {}
    for size in sizes:
        data = generate(size + args.steps)
        rival_ms: float | None = None
        for name, make in {**(rivals if size == args.rival_tracks else {}), **subjects}.items():
            with threadpool_limits(1):
                subject = make(data.vectors.shape[1])
                times = measured(subject, data, size, args.steps, clock)
            (middle, high), (gone_middle, gone_high) = (
                (percentile(ms, 0.5), percentile(ms, 0.99)) for ms in (times.insertion, times.removal)
            )
            rival_ms = middle if name in rivals else rival_ms
            medians.setdefault(name, {})[size] = middle
            if name not in rivals:
                what = f"{size:,} tracks, {name} index"
                goal = _GOALS.get((name, size))
                result.figures += [
                    Figure(f"insertion p50, {what}", middle, "ms", "less", rival_ms, "incdbscan"),
                    Figure(f"insertion p99, {what}", high, "ms", goal=goal),
                    Figure(f"removal p50, {what}", gone_middle, "ms"),
                    Figure(f"removal p99, {what}", gone_high, "ms"),
                ]
            ratio = "" if rival_ms is None or name in rivals else f"{rival_ms / middle:.0f} times as fast"
            print(
                f"| {size:,} | {name} ({subject.clusters()} clusters) | {middle:.2f} | {high:.2f} "
                f"| {gone_middle:.2f} | {gone_high:.2f} | {ratio} |",
                flush=True,
            )
    for name, found in medians.items():
        label = name if name in rivals else f"facestream, {name} index"
        x, y = [float(size) for size in sorted(found)], [found[size] for size in sorted(found)]
        result.curves.append(
            Curve("One track more, by tracks", label, "tracks", "ms, median", x, y, log=True)
        )
    result.write(args.json)


if __name__ == "__main__":
    run_script(main)
