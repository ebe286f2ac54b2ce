"""How long people wait for an answer: `people` and `report` on made-up collections in a real server.

    python benchmarks/queries.py [--people 10000] [--cards 1000] [--json FILE]

Whole processes are timed, from their start to their end, while another process keeps the embedded server up.
The start of Python, measured with `facestream --version`, is given beside them. Pictures are crops of a
photograph that ships with scikit-image, blurred and shifted so that no two are the same.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from benchmark_script import run_script
from command import facestream
from figure import Figure
from markdown_table import markdown_table
from result import Result, add_json_option

from facestream import connect
from facestream.demo_video import ASTRONAUT
from storage.effects import Effects
from storage.identity_record import Identity
from storage.lease import Lease
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord

_VIDEOS = 50
_HOUR_S = 3600.0


def crops() -> Iterator[bytes]:
    """Pictures of a face, 256 px."""
    image = cv2.imread(str(ASTRONAUT.path()))
    assert image is not None
    random = np.random.default_rng(0)
    while True:
        x, y = random.integers(95, 125), random.integers(0, 20)
        part = cv2.resize(image[y : y + 220, x : x + 220], (256, 256))
        part = cv2.GaussianBlur(part, (0, 0), float(random.uniform(0.3, 1.5)))
        yield cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def fill(folder: Path, people: int, thumbnails: int) -> None:
    """Write people with six sightings each into the default collection."""
    random = np.random.default_rng(1)
    pictures = crops()
    numbers = count()
    with connect(folder) as store:
        identities = store._identities
        identities.claim_model("made-up", {"pack": "open", "licence": "none"})
        sources = [f"v-{k:016x}" for k in range(_VIDEOS)]
        for k, source_id in enumerate(sources):
            path = f"/videos/camera-{k % 5}/2026-05-{k % 28 + 1:02d}.mp4"
            identities.register_source(
                SourceRecord(source_id, "video", path, 1920, 1080, _HOUR_S, 1.77e9 + k * 86400.0, 5.0)
            )
        lease = Lease(store._handle.client, identities.keys.leader)
        for first in range(1, people + 1, 200):
            assert lease.acquire()
            effects = Effects()
            for number in range(first, min(first + 200, people + 1)):
                sightings = tuple(
                    Sighting(str(random.choice(sources)), start, start + float(random.uniform(1, 60)))
                    for start in random.uniform(0, _HOUR_S - 60, 6).tolist()
                )
                samples = [
                    FaceSample(
                        f"{sources[0]}.{next(numbers)}",
                        "",
                        sources[0],
                        0,
                        0.0,
                        np.zeros(4, np.float32),
                        1.0,
                        90.0,
                        90.0,
                        0.9,
                        "made-up",
                        random.normal(size=128).astype(np.float32),
                        next(pictures),
                    )
                    for _ in range(thumbnails)
                ]
                effects.samples += samples
                effects.identities.append(
                    Identity(
                        f"p{number}",
                        tracks=6,
                        faces=300,
                        seconds=sum(s.end_s - s.start_s for s in sightings),
                        sightings=sightings,
                        thumbnails=tuple(sample.sample_id for sample in samples),
                    )
                )
            identities.commit(effects, lease)
        lease.release()


def timed(folder: Path, *arguments: str, rounds: int = 5) -> dict[str, float]:
    """Best and worst time of a command, s."""
    times_s = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        facestream(*arguments, env=os.environ | {"FACESTREAM_DATA_DIR": str(folder)})
        times_s.append(time.perf_counter() - started_s)
    return {"best_s": round(min(times_s), 2), "worst_s": round(max(times_s), 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--cards", type=int, default=1000)
    add_json_option(parser)
    args = parser.parse_args()
    result: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="fs") as scratch:
        many, some, page = Path(scratch) / "many", Path(scratch) / "some", Path(scratch) / "page.html"
        fill(many, args.people, 1)
        fill(some, args.cards, 5)
        with connect(many), connect(some):
            result["start of Python"] = timed(many, "--version")
            result[f"people, {args.people}"] = timed(many, "people")
            result[f"people --json, {args.people}"] = timed(many, "people", "--json")
            result["people show"] = timed(many, "people", "show", "p7")
            report = timed(some, "report", "-o", str(page), rounds=3)
            result[f"report, {args.cards}"] = report | {"mb": round(page.stat().st_size / 1e6, 1)}
    print(markdown_table([{"what": what, **times} for what, times in result.items()]))
    start_s = result["start of Python"]["best_s"]
    figures = [
        Figure(f"{what}, best", times["best_s"], "s", "less", start_s, "start of Python")
        for what, times in result.items()
        if what != "start of Python"
    ]
    Result(figures, details=result).write(args.json)


if __name__ == "__main__":
    run_script(main)
