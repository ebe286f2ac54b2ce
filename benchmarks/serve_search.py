"""How quick a search in memory is: pure search by a face, beside the search that reads all arrays each time.

    python benchmarks/serve_search.py [--tracks 1000000] [--dimension 128] [--redis] [--json FILE]

Vectors are made up: people lie around the mean of the model pack's calibration, as far from each other as two
people are, and their tracks around them. Both searches look for the same faces, in turns, in one process;
`--redis` writes the tracks into an embedded server as well and measures how long it takes to read them.
Memory is that of the gallery with the ids of its tracks, from the process before and after.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
from benchmark_script import run_script
from figure import Figure
from percentiles import percentile
from result import Result, add_json_option

from facestream import connect
from facestream.configuration.settings import model_cache
from facestream.search.resident_search import tracks_of
from storage.template_record import encode_template
from workers.clustering.profiles import like_pairs
from workers.clustering.resident_gallery import ResidentGallery, Tracks
from workers.clustering.search import SearchGallery, search
from workers.models.calibration import Calibration, normalised
from workers.models.pack import load_pack

_PAGE = 5000
_SEARCHES = 40
# Where two people of the built-in models lie: the mean of all faces and a part of their own.
_OWN = 0.42
# How far a track is from its person.
_VIEW = 0.1


def of_dimension(calibration: Calibration, dimension: int) -> Calibration:
    """The same statistics for longer vectors."""
    times = dimension // calibration.mean.shape[1]
    mean = np.tile(calibration.mean, (1, times)) / np.sqrt(times)
    return Calibration(
        calibration.sizes_px,
        mean.astype(np.float32),
        calibration.genuine,
        calibration.impostor,
        calibration.spread,
        calibration.video_rise,
    )


def pages(tracks: int, people: int, calibration: Calibration) -> Iterator[Tracks]:
    """Made-up tracks, page by page."""
    random = np.random.default_rng(1)
    centres = faces(random, people, calibration)
    for start in range(0, tracks, _PAGE):
        count = min(_PAGE, tracks - start)
        owners = random.integers(people, size=count)
        noise = normalised(random.standard_normal((count, centres.shape[1]), dtype=np.float32))
        yield Tracks(
            [f"v-0123456789abcdef.{start + k}.0" for k in range(count)],
            [f"p{owner + 1}" for owner in owners],
            normalised(centres[owners] + _VIEW * noise),
            random.uniform(20, 160, count).astype(np.float32),
            random.uniform(1, 3.4, count).astype(np.float32),
            random.random(count) < 0.8,
        )


def faces(random: np.random.Generator, count: int, calibration: Calibration) -> np.ndarray:
    """float32 (N, D) unit vectors of as many people."""
    middle = normalised(calibration.mean[-1:])
    own = random.standard_normal((count, calibration.mean.shape[1]), dtype=np.float32)
    return normalised(middle + _OWN * normalised(own))


def milliseconds(times_s: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {f"p{q}_ms": round(percentile(times_s, q / 100) * 1e3, 1) for q in (50, 95)}


def timed_searches(
    gallery: ResidentGallery, exact: SearchGallery, calibration: Calibration
) -> dict[str, object]:
    """Both searches in turns, and how far apart their answers are."""
    random = np.random.default_rng(2)
    resident_s: list[float] = []
    processor_s: list[float] = []
    exact_s: list[float] = []
    sure: list[float] = []
    off = 0.0
    asked = faces(random, _SEARCHES, calibration)
    # Every second face is of somebody who is there, from nearly the same picture to one that hardly tells.
    known = exact.templates[random.integers(len(exact.templates), size=_SEARCHES)][::2]
    noise = normalised(random.standard_normal(known.shape, dtype=np.float32))
    order = random.permutation(len(known))
    asked[::2] = normalised(known + noise * np.linspace(0.05, 0.3, len(known), dtype=np.float32)[order, None])
    for face in asked:
        started_s, used_s = time.perf_counter(), time.process_time()
        found, _ = gallery.search(face, 90.0, 80.0, 10, 10)
        resident_s.append(time.perf_counter() - started_s)
        processor_s.append(time.process_time() - used_s)
        if len(exact_s) < _SEARCHES // 2:
            started_s = time.perf_counter()
            best = search(face, 90.0, 80.0, exact, calibration, most=10)
            exact_s.append(time.perf_counter() - started_s)
            off = max(off, *(abs(a.sureness - b.sureness) for a, b in zip(found, best, strict=True)))
            sure.append(best[0].sureness)
    lock = threading.Lock()
    two_s: list[float] = []

    def ask(face: np.ndarray) -> None:
        started_s = time.perf_counter()
        with lock:
            gallery.search(face, 90.0, 80.0, 10, 10)
        two_s.append(time.perf_counter() - started_s)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(ask, faces(random, _SEARCHES, calibration)))
    return {
        "in memory": milliseconds(resident_s),
        "in memory, time of processors": milliseconds(processor_s),
        "in memory, two who ask": milliseconds(two_s),
        "all arrays each time": milliseconds(exact_s),
        "ratio of medians": round(float(np.median(exact_s) / np.median(resident_s)), 1),
        "largest difference of sureness": float(f"{off:.1e}"),
        "sureness of the first": [float(f"{value:.2g}") for value in sorted(sure)],
    }


def load_from_redis(calibration: Calibration, tracks: int, people: int) -> dict[str, float]:
    """Seconds to read all tracks from a server."""
    with tempfile.TemporaryDirectory(prefix="fs") as folder, connect(folder) as store:
        client, keys = store._handle.client, store._identities.keys
        for page in pages(tracks, people, calibration):
            rows = zip(
                page.track_ids, page.templates, page.sizes_px, page.weights, page.in_video, strict=True
            )
            mapping: dict[Any, Any] = {
                i: encode_template(v, float(s), float(w), photo=not video) for i, v, s, w, video in rows
            }
            client.hset(keys.templates, mapping=mapping)
            client.hset(keys.assignments, mapping=dict(zip(page.track_ids, page.person_ids, strict=True)))
        gallery = ResidentGallery(calibration)
        started_s = time.perf_counter()
        for table in store._identities.template_pages(calibration.mean.shape[1]):
            gallery.put(tracks_of(table))
        assert len(gallery) == tracks
        return {"load_s": round(time.perf_counter() - started_s, 1)}


def compared_people(gallery: ResidentGallery, calibration: Calibration) -> dict[str, object]:
    """Seconds to compare 256 people with all others, and all of them with each other."""
    profiles = gallery.profiles(gallery.people())
    started_s = time.perf_counter()
    rows = np.arange(min(256, len(profiles)))
    least = float(np.log(len(profiles))) - 2.5
    pairs = sum(len(found.first) for found in like_pairs(profiles, rows, calibration, least))
    each_s = time.perf_counter() - started_s
    return {
        "people": len(profiles),
        "256 with all others_s": round(each_s, 2),
        "all with each other_s": round(each_s * len(profiles) / 256 / 2, 1),
        "pairs": pairs,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--redis", action="store_true")
    add_json_option(parser)
    args = parser.parse_args()
    calibration = of_dimension(load_pack("open", model_cache()).calibration, args.dimension)
    gc.collect()
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    gallery = ResidentGallery(calibration)
    for page in pages(args.tracks, args.people, calibration):
        gallery.put(page)
    memory = process.memory_info().rss - before
    made = [*pages(args.tracks, args.people, calibration)]
    numbers = {person: k for k, person in enumerate(gallery.people())}
    exact = SearchGallery(
        np.concatenate([page.templates for page in made]).astype(np.float16).astype(np.float32),
        np.concatenate([page.sizes_px for page in made]),
        np.concatenate([page.weights for page in made]),
        np.concatenate([page.in_video for page in made]),
        np.array([numbers[person] for page in made for person in page.person_ids], np.intp),
    )
    del made
    result: dict[str, Any] = {
        "tracks": len(gallery),
        "dimension": args.dimension,
        "load average": round(os.getloadavg()[0], 1),
        "memory_mb": round(memory / 1e6),
        **timed_searches(gallery, exact, calibration),
    }
    del exact
    result["comparison of people"] = compared_people(gallery, calibration)
    if args.redis:
        del gallery
        result["from Redis"] = load_from_redis(calibration, args.tracks, args.people)
    print("\n".join(f"{key:32} {value}" for key, value in result.items()))
    Result(figures_of(result), details=result).write(args.json)


def figures_of(result: dict[str, Any]) -> list[Figure]:
    """What is told."""
    exact_ms, exact = result["all arrays each time"]["p50_ms"], "exact search over arrays"
    people = result["comparison of people"]
    figures = [
        Figure("search, median", result["in memory"]["p50_ms"], "ms", "less", exact_ms, exact),
        Figure("search, 95th percentile", result["in memory"]["p95_ms"], "ms"),
        Figure("search, time of processors, median", result["in memory, time of processors"]["p50_ms"], "ms"),
        Figure("search, two who ask, median", result["in memory, two who ask"]["p50_ms"], "ms"),
        Figure("largest difference of sureness", result["largest difference of sureness"]),
        Figure("memory", result["memory_mb"], "MB"),
        Figure("256 people compared with all others", people["256 with all others_s"], "s"),
        Figure("all people compared with each other", people["all with each other_s"], "s"),
    ]
    if "from Redis" in result:
        figures.append(Figure("tracks read from Redis", result["from Redis"]["load_s"], "s"))
    what = f"{result['tracks']:,} tracks of {result['dimension']} values"
    return [replace(figure, what=f"{figure.what}, {what}") for figure in figures]


if __name__ == "__main__":
    run_script(main)
