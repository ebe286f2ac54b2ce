"""What facestream adds to its models, and what it saves: ratios, in one run, alternating.

    python benchmarks/models.py VIDEO [--detector SCRFD_640.onnx] [--frames 100] [--cpu] [--json FILE]

With `--cpu` in time of the processor, which is fairer on a machine that others use.

* The pack `open`: detection, alignment and embedding of every face of every sampled frame, each frame and
  each face in a call of its own, against the same with eight frames and all of their faces in a call, and
  against what `facestream run` does with these frames (faces are followed, and the best of each track
  embedded). All without decoding, which is the same.
* An SCRFD file: `GridDetector` on whole frames against bare `session.run` on a prepared input, and several
  frames in a call against one.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from benchmark_script import run_script
from figure import Figure
from naive import video_frames
from result import Result, add_json_option

from facestream.configuration.settings import model_cache
from stream.frame import Frame
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.faces.alignment import align
from workers.models.build import built_path
from workers.models.detection import Detection
from workers.models.detector_parts import INPUT_PX, GridPart
from workers.models.embedder import OnnxEmbedder
from workers.models.families import DETECTORS
from workers.models.grid_detector import GridDetector
from workers.models.pack import Pack, load_pack
from workers.models.session import Session

# Five seconds of video: long enough for tracks, short enough that both see the same load of the machine.
_CHUNK = 25
_BATCHES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class FramesInMemory:
    """A source of frames that are there already."""

    source_id: str
    given: Sequence[Frame]

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Give all of them."""
        for frame in self.given:
            if stop.is_set():
                return
            yield frame


class Sink:
    """Takes what a face worker sends, and counts it."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, entries: Sequence[Any], **_: Any) -> None:
        """Take it."""
        self.sent += len(entries)


@dataclass(frozen=True, slots=True)
class Clock:
    """Takes times, of the wall or of the processor."""

    cpu: bool

    def __call__(self, work: Callable[[], Any]) -> float:
        """Seconds that some work takes."""
        now = time.process_time if self.cpu else time.perf_counter
        started_s = now()
        work()
        return now() - started_s


class OpenPack:
    """Three ways from frames to vectors with the pack `open`."""

    def __init__(self) -> None:
        self._pack: Pack = load_pack("open", model_cache())
        # Nobody averages mirrored faces in a straightforward loop.
        part = self._pack.manifest.embedder.model_copy(update={"mirror": False})
        built = built_path(self._pack.manifest, model_cache())
        self._embedder = OnnxEmbedder(built / part.file, part)
        self._settings = FaceWorkerSettings()

    def one_by_one(self, frames: Sequence[Frame]) -> int:
        """A call for each frame and each face; returns the number of faces."""
        faces = 0
        for frame in frames:
            for detection in self._detect([frame])[0]:
                self._embedder.embed([self._chip(frame, detection)])
                faces += 1
        return faces

    def in_batches(self, frames: Sequence[Frame]) -> None:
        """Eight frames in a call, and all of their faces."""
        for start in range(0, len(frames), 8):
            part = frames[start : start + 8]
            found = self._detect(part)
            chips = [self._chip(f, detection) for f, ds in zip(part, found, strict=True) for detection in ds]
            self._embedder.embed(chips)

    def followed(self, frames: Sequence[Frame]) -> None:
        """As `facestream run` does it."""
        sink: Any = Sink()
        source = FramesInMemory("models", frames)
        FaceWorker(self._pack, sink, self._settings).run(source, 0, np.inf, threading.Event())

    def _detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        least_px = self._settings.min_face(*frames[0].image_bgr.shape[:2])
        return self._pack.detector.detect([frame.image_bgr for frame in frames], least_px)

    def _chip(self, frame: Frame, detection: Detection) -> Any:
        return align(frame.image_bgr, detection.landmarks, self._embedder.template, self._embedder.input_px)


def measure_pack(frames: Sequence[Frame], timed: Clock) -> dict[str, Any]:
    """Times of the three ways, chunk by chunk."""
    pack = OpenPack()
    pack.in_batches(frames[:8])
    alone, batched, followed = [], [], []
    for start in range(0, len(frames), _CHUNK):
        chunk = frames[start : start + _CHUNK]
        alone.append(timed(partial(pack.one_by_one, chunk)))
        batched.append(timed(partial(pack.in_batches, chunk)))
        followed.append(timed(partial(pack.followed, chunk)))
    return {
        "frames": len(frames),
        "ms_per_frame_one_by_one": round(1000 * sum(alone) / len(frames), 1),
        "ms_per_frame_in_batches": round(1000 * sum(batched) / len(frames), 1),
        "ms_per_frame_as_run_does": round(1000 * sum(followed) / len(frames), 1),
        "ratio_in_batches": _spread([a / b for a, b in zip(alone, batched, strict=True)]),
        "ratio_as_run_does": _spread([a / b for a, b in zip(alone, followed, strict=True)]),
    }


def measure_detector(path: Path, frames: Sequence[Frame], timed: Clock) -> dict[str, Any]:
    """Whole detection beside the bare network, frame by frame; then batches."""
    part = GridPart(file=path.name, look_twice=False, **DETECTORS["scrfd"].facts)
    detector = GridDetector(path, part)
    # Without threads that spin, as all of ours.
    calm, side = Session(path), INPUT_PX
    blob = np.random.default_rng(0).normal(0, 0.5, (1, 3, side, side)).astype(np.float32)
    least_px = FaceWorkerSettings().min_face(*frames[0].image_bgr.shape[:2])
    whole, network = [], []
    for frame in frames:
        network.append(timed(lambda: calm.run(None, blob)))
        whole.append(timed(partial(detector.detect, [frame.image_bgr], least_px)))
    # Not in turn with ours: its threads go on spinning, at the expense of what comes next.
    bare = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    spinning = [timed(lambda: bare.run(None, {calm.input_name: blob})) for _ in frames]
    several = {n: GridDetector(path, part, batches=(n,)) for n in _BATCHES}
    images = [frame.image_bgr for frame in frames[: _BATCHES[-1]]]
    per_batch: dict[int, list[float]] = {n: [] for n in _BATCHES}
    for _ in range(3):
        for n, by_n in several.items():
            per_batch[n].append(timed(partial(by_n.detect, images, least_px)))
    alone = statistics.median(per_batch[1])
    return {
        "file": path.name,
        "frames": len(frames),
        "ms_bare": round(1000 * statistics.median(network), 1),
        "ms_bare_by_default": round(1000 * statistics.median(spinning), 1),
        "ms_detect": round(1000 * statistics.median(whole), 1),
        "detect_to_bare": round(statistics.median(w / n for w, n in zip(whole, network, strict=True)), 3),
        "detect_to_bare_by_default": round(statistics.median(whole) / statistics.median(spinning), 3),
        "frames_per_s_to_one_by_one": {
            n: round(alone / statistics.median(each), 2)
            for n, each in per_batch.items()
            if several[n].batches == (n,)
        },
    }


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(ratios), 2),
        "least": round(min(ratios), 2),
        "most": round(max(ratios), 2),
    }


def main() -> None:
    """Measure on one video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("--detector", type=Path, help="an SCRFD file for 640x640")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--cpu", action="store_true", help="time of the processor instead of the wall's")
    add_json_option(parser)
    args = parser.parse_args()
    everything = list(video_frames(args.video))
    # Whole chunks from all over the video.
    chunks = max(min(args.frames, len(everything)) // _CHUNK, 1)
    starts = np.linspace(0, max(len(everything) - _CHUNK, 0), chunks).astype(int)
    frames = [frame for start in starts for frame in everything[start : start + _CHUNK]]
    clock = Clock(args.cpu)
    told = {"open": measure_pack(frames, clock)}
    _tell("open", told["open"])
    if args.detector is not None:
        told["scrfd"] = measure_detector(args.detector, frames[::4], clock)
        _tell("scrfd", told["scrfd"])
    Result(figures_of(told), details=told).write(args.json)


def figures_of(told: dict[str, Any]) -> list[Figure]:
    """What is told."""
    pack, alone = told["open"], "a call each"
    each_ms = pack["ms_per_frame_one_by_one"]
    figures = [
        Figure("a frame, as run does it", pack["ms_per_frame_as_run_does"], "ms", "less", each_ms, alone),
        Figure("a frame, eight in a call", pack["ms_per_frame_in_batches"], "ms", "less", each_ms, alone),
    ]
    if "scrfd" in told:
        grid, bare = told["scrfd"], "bare session.run"
        figures.append(Figure("SCRFD, a frame", grid["ms_detect"], "ms", "less", grid["ms_bare"], bare))
        by_default = f"{bare} whose threads spin"
        figures.append(
            Figure("SCRFD, a frame", grid["ms_detect"], "ms", "less", grid["ms_bare_by_default"], by_default)
        )
        for number, times in grid["frames_per_s_to_one_by_one"].items():
            figures.append(Figure(f"SCRFD, {number} frames in a call", times, "times as many", "more"))
    return figures


def _tell(what: str, figures: dict[str, Any]) -> None:
    print(what)
    for key, value in figures.items():
        print(f"  {key:28} {value}", flush=True)


if __name__ == "__main__":
    run_script(main)
