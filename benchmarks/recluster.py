"""A re-cluster of many tracks beside the clusterings that others would use: time, memory and BCubed F.

    python benchmarks/recluster.py 2000 150000 [--rival-tracks 20000] [--limit-s 600] [--only TEXT]

Synthetic tracks (see scale_data.py), each in a source of its own, as photos are. Each contestant runs in a
process of its own and is stopped after --limit-s. Rivals know the truth: they get the best of seven
thresholds (both HDBSCANs: of four) for these very tracks, of which only the best is counted, with the time of
one clustering; where the time ends before all are tried, the table says how many were. They see
--rival-tracks of them where all would take hours; "facestream" does as well, for the comparison. "batch
DBSCAN" goes over the exact graph of neighbours of this project, so that it can see them all. fast_hdbscan
(`pip install fast_hdbscan[nndescent]`, which long vectors need) is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from figure import Better, Figure
from result import Curve, Result, add_json_option
from scale_data import NOBODY, ScaleData, generate

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.metrics import bcubed
from workers.clustering.neighbours import ExactIndex
from workers.clustering.partition import Partition
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
Found = Iterator[tuple[str, float, IntArray]]

# Likenesses of the generator, as `facestream calibrate` would measure them.
_CALIBRATION = Calibration.flat(512, genuine=0.65, impostor=0.02, spread=0.09)
# Label of a track that has not come yet.
_NOT_THERE = -2
# How long a contestant that has said all may take to end.
_ENDS_S = 30.0
_DISTANCES = (0.40, 0.44, 0.48, 0.52, 0.56, 0.60, 0.64)
_EPSILONS = (0.0, *_DISTANCES[:3])


def facestream(data: ScaleData) -> Found:
    """The product's own: the first time, with the graph of likenesses there, and after some more came."""
    clusterer = TrackClusterer(_CALIBRATION)
    count = len(data.vectors)
    late = count // 100
    for number in range(count - late):
        clusterer.insert(_evidence(data, number))
    yield "all new", *_timed(lambda: _labels(clusterer.recluster({}), count))
    yield "graph kept", *_timed(lambda: _labels(clusterer.recluster({}), count))
    for number in range(count - late, count):
        clusterer.insert(_evidence(data, number))
    yield "one in 100 new", *_timed(lambda: _labels(clusterer.recluster({}), count))


def _evidence(data: ScaleData, number: int) -> TrackEvidence:
    return TrackEvidence(
        f"t{number:07}",
        f"i-{number}",
        data.vectors[number],
        100.0,
        np.zeros(1, np.int64),
        0.0,
        True,
        photo=True,
    )


def _labels(partition: Partition, count: int) -> IntArray:
    labels = np.full(count, _NOT_THERE)
    for label, cluster in enumerate(partition.clusters):
        labels[[int(track_id[1:]) for track_id in cluster]] = label
    return labels


def _timed(work: Callable[[], IntArray]) -> tuple[float, IntArray]:
    started_s = time.perf_counter()
    labels = work()
    return time.perf_counter() - started_s, labels


def sklearn_dbscan(data: ScaleData) -> Found:
    """scikit-learn's DBSCAN, all cores."""
    import joblib
    from sklearn.cluster import DBSCAN

    # The usual way is one core in a process like this one, which may have no children.
    with joblib.parallel_config("threading"):
        for eps in _DISTANCES:
            rule = DBSCAN(eps=eps, min_samples=2, metric="cosine", n_jobs=-1)
            yield f"eps {eps}", *_timed(partial(rule.fit_predict, data.vectors))


def batch_dbscan(data: ScaleData) -> Found:
    """DBSCAN of all at once, over the product's own exact graph of neighbours, which is built once."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    started_s = time.perf_counter()
    index = ExactIndex(data.vectors.shape[1])
    for number, vector in enumerate(data.vectors):
        index.insert(str(number), vector)
    graph = index.graph(1 - max(_DISTANCES))
    graph_s = time.perf_counter() - started_s
    count = len(data.vectors)

    def components(eps: float) -> IntArray:
        near = graph.similarities >= 1 - eps
        ends = graph.rows[near], graph.columns[near]
        edges = coo_array((np.ones(len(ends[0]), np.bool_), ends), shape=(count, count))
        # With two points for a core, clusters are components.
        return np.asarray(connected_components(edges, directed=False)[1], np.intp)

    for eps in _DISTANCES:
        seconds, labels = _timed(partial(components, eps))
        yield f"eps {eps}", graph_s + seconds, labels


def hdbscan_rule(data: ScaleData) -> Found:
    """The hdbscan library, on the unit sphere."""
    from hdbscan import HDBSCAN

    for distance in _EPSILONS:
        rule = HDBSCAN(min_cluster_size=2, cluster_selection_epsilon=float(np.sqrt(2 * distance)))
        yield f"epsilon {distance}", *_timed(partial(rule.fit_predict, data.vectors))


def fast_hdbscan_rule(data: ScaleData) -> Found:
    """The fast_hdbscan library, on the unit sphere."""
    from fast_hdbscan import HDBSCAN

    # Its code is compiled when it is first used, which is no time of clustering.
    HDBSCAN(min_cluster_size=2).fit(data.vectors[:100])
    for distance in _EPSILONS:
        rule = HDBSCAN(min_cluster_size=2, cluster_selection_epsilon=float(np.sqrt(2 * distance)))
        yield f"epsilon {distance}", *_timed(partial(rule.fit_predict, data.vectors))


_CONTESTANTS: dict[str, Callable[[ScaleData], Found]] = {
    "facestream": facestream,
    "batch DBSCAN": batch_dbscan,
    "scikit-learn DBSCAN": sklearn_dbscan,
    "hdbscan": hdbscan_rule,
    "fast_hdbscan": fast_hdbscan_rule,
}


_TRIED = dict.fromkeys(_CONTESTANTS, len(_DISTANCES)) | dict.fromkeys(
    ("hdbscan", "fast_hdbscan"), len(_EPSILONS)
)
"""Settings of each rival."""


def compete(who: str, tracks: int, made: Path, sender: Connection) -> None:
    """Run one contestant over tracks that were made in another process, which takes more memory than they do.

    Sends a row for each of its results.
    """
    data = ScaleData(np.load(made / "vectors.npy"), np.load(made / "people.npy"))
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    for settings, seconds, labels in _CONTESTANTS[who](data):
        # Who is nobody's is alone.
        alone = np.where(labels < 0, len(labels) + np.arange(len(labels)), labels)
        known = (data.people != NOBODY) & (labels != _NOT_THERE)
        result = bcubed(data.people[known], alone[known])
        largest = int(np.bincount(labels[labels >= 0]).max(initial=0))
        sender.send(
            {
                "who": who,
                "tracks": tracks,
                "settings": settings,
                "seconds": round(seconds, 3),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
                "data_mb": round(before_mb),
                "bcubed_f": round(result.f(), 4),
                "clusters": len(np.unique(labels[labels >= 0])),
                "largest": largest,
            }
        )
    sender.close()


def results(who: str, tracks: int, made: Path, limit_s: float) -> tuple[list[dict[str, Any]], bool]:
    """What a contestant comes to within a time, and whether it failed."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=compete, args=(who, tracks, made, sender))
    # Nothing runs on where this is killed.
    process.daemon = True
    process.start()
    sender.close()
    rows: list[dict[str, Any]] = []
    until_s = time.monotonic() + limit_s
    try:
        while receiver.poll(max(until_s - time.monotonic(), 0.0)):
            rows.append(receiver.recv())
    except EOFError:
        # It has said all, or has failed.
        process.join(_ENDS_S)
    failed = bool(process.exitcode)
    process.kill()
    process.join()
    return rows, failed


def as_text(row: dict[str, Any]) -> str:
    """A line of a Markdown table."""
    return (
        f"| {row['who']} | {row['tracks']:,} | {row['settings']} | {row['seconds']:.1f} "
        f"| {row['peak_mb']:,} | {row['bcubed_f']:.4f} | {row['clusters']:,} | {row['largest']:,} |"
    )


def result_of(rows: list[dict[str, Any]]) -> Result:
    """Figures of each size beside its rivals, and curves by size."""
    result = Result(details=rows)
    for row in rows:
        if row["who"] != "facestream":
            continue
        rivals = [one for one in rows if one["who"] != "facestream" and one["tracks"] == row["tracks"]]
        quickest = min(rivals, key=lambda one: float(one["seconds"]), default=None)
        best = max(rivals, key=lambda one: float(one["bcubed_f"]), default=None)
        where = f"{row['tracks']:,} tracks, {row['settings']}"
        beside = rivals if row["settings"] == "all new" else []
        result.figures += [_figure(f"re-cluster, {where}", "seconds", row, one, "s") for one in beside]
        if not beside:
            result.figures.append(_figure(f"re-cluster, {where}", "seconds", row, None, "s"))
        result.figures += [
            _figure(f"BCubed F, {where}", "bcubed_f", row, best, better="more"),
            _figure(f"peak memory, {where}", "peak_mb", row, quickest, "MB"),
        ]
    for plot, y_label, key in (
        ("A re-cluster by tracks", "s", "seconds"),
        ("Memory of a re-cluster by tracks", "peak MB", "peak_mb"),
    ):
        for who in dict.fromkeys(_name(row) for row in rows):
            of = sorted((row for row in rows if _name(row) == who), key=lambda row: int(row["tracks"]))
            x, y = ([float(row[name]) for row in of] for name in ("tracks", key))
            result.curves.append(Curve(plot, who, "tracks", y_label, x, y, log=True))
    return result


def _name(row: dict[str, Any]) -> str:
    return f"facestream, {row['settings']}" if row["who"] == "facestream" else str(row["who"])


def _figure(
    what: str,
    key: str,
    row: dict[str, Any],
    rival: dict[str, Any] | None,
    unit: str = "",
    better: Better = "less",
) -> Figure:
    return Figure(
        what,
        row[key],
        unit,
        better,
        rival=None if rival is None else rival[key],
        rival_name="" if rival is None else rival["who"],
    )


def main() -> None:
    """Let everybody run and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tracks", type=int, nargs="+")
    parser.add_argument("--rival-tracks", type=int, default=20_000)
    parser.add_argument("--limit-s", type=float, default=600.0)
    parser.add_argument("--only", default="", metavar="TEXT")
    add_json_option(parser)
    args = parser.parse_args()
    tasks = []
    for number in args.tracks:
        tasks += [("facestream", number), ("batch DBSCAN", number)]
        tasks += [(who, min(args.rival_tracks, number)) for who in _CONTESTANTS]
    rows = []
    failed = []
    print("| | tracks | | s | peak MB | BCubed F | clusters | largest |\n" + "|---" * 8 + "|")
    for who, tracks in dict.fromkeys(tasks):
        if args.only not in who or (who == "fast_hdbscan" and not importlib.util.find_spec(who)):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            data = generate(tracks)
            np.save(Path(scratch) / "vectors.npy", data.vectors)
            np.save(Path(scratch) / "people.npy", data.people)
            del data
            found, fails = results(who, tracks, Path(scratch), args.limit_s)
        failed += [f"{who} with {tracks:,} tracks"] * fails
        if who != "facestream" and found:
            best = max(found, key=lambda row: float(row["bcubed_f"]))
            if len(found) < _TRIED[who]:
                best["settings"] += f" ({len(found)} of {_TRIED[who]} tried, then out of time)"
            found = [best]
        rows += found
        nothing = f"| {who} | {tracks:,} | {'failed' if fails else 'nothing in time'} | | | | | |"
        print("\n".join(map(as_text, found)) or nothing, flush=True)
    result_of(rows).write(args.json)
    if failed:
        raise SystemExit(f"failed, see above: {', '.join(failed)}")


if __name__ == "__main__":
    run_script(main)
