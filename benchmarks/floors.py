"""Each stage beside its floor, and `facestream run` beside the bound that decoding and bare inference give.

    python benchmarks/floors.py [VIDEO ...] [--moving SECONDS] [--rounds 3] [--json FILE]

Of each video, in a process of its own, in turns:

* decoding: the sampled frames of the product's reader, beside `cv2.VideoCapture` that reads the same ones;
* detection and embedding of some frames, beside bare `session.run` of the calls that they made;
* `facestream run` as a whole, from its start to its end, with Redis, whose calls of ONNX Runtime are
  recorded: beside the slower one of decoding alone and the same calls with nothing between them. Loading the
  models and the server's start are told apart: "at work" is from the first call to the end of the last.

--moving adds a made-up video in which everything moves and nobody is seen: `run` beside the detector alone on
each of its sampled frames, which are in memory.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
from benchmark_script import run_script
from figure import Figure, Goal
from made_video import write_moving
from markdown_table import markdown_table
from result import Result, add_json_option
from session_trace import SessionTrace

from facestream.cli import cli
from facestream.wiring import make_pack
from stream.frame import Frame
from stream.video import VideoFile
from workers.face_worker_settings import FaceWorkerSettings
from workers.faces.alignment import align

_FPS = 5.0
# Frames of which detection and embedding are measured alone.
_STAGE_FRAMES = 40
_MOVING_FPS, _MOVING_PX = 25, (1280, 720)
_BOUND = Goal(0.85, of="ratio")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that some work takes, and what it gives."""
    began_s = time.perf_counter()
    found = work()
    return time.perf_counter() - began_s, found


def sampled(video: Path) -> list[int]:
    """Decode as `facestream run` does; numbers of the frames."""
    return [frame.index for frame in VideoFile(video, "floor", fps=_FPS).frames(threading.Event())]


def cv2_sampled(video: Path, wanted: set[int]) -> None:
    """Read the same frames with OpenCV, whose other frames are not converted."""
    capture = cv2.VideoCapture(str(video))
    number = 0
    while capture.grab():
        if number in wanted:
            capture.retrieve()
        number += 1
    capture.release()


def stages(video: Path, rounds: int) -> dict[str, float]:
    """Detection and embedding of some frames and their floors, ms for each frame and face."""
    pack = make_pack("open", device="cpu")
    settings = FaceWorkerSettings()
    frames = list(islice(VideoFile(video, "floor", fps=_FPS).frames(threading.Event()), _STAGE_FRAMES))
    least_px = settings.min_face(*frames[0].image_bgr.shape[:2])

    def detect() -> list[Any]:
        return [pack.detector.detect([frame.image_bgr], least_px)[0] for frame in frames]

    found = detect()
    chips = [
        align(frame.image_bgr, one.landmarks, pack.embedder.template, pack.embedder.input_px)
        for frame, detections in zip(frames, found, strict=True)
        for one in detections
    ]

    def embed() -> None:
        for start in range(0, len(chips), 8):
            pack.embedder.embed(chips[start : start + 8])

    told = beside_bare("detect", detect, len(frames), rounds)
    if chips:
        embed()
        told |= beside_bare("embed", embed, len(chips), rounds)
    return told


def beside_bare(name: str, work: Callable[[], Any], things: int, rounds: int) -> dict[str, float]:
    """Some work and its calls alone, in turns: medians, ms for each of so many things."""
    whole_s, bare_s = [], []
    for _ in range(rounds):
        with SessionTrace() as trace:
            whole_s.append(timed(work)[0])
        bare_s.append(trace.replayed_s())
    return {
        f"{name}_ms": 1000 * statistics.median(whole_s) / things,
        f"{name}_bare_ms": 1000 * statistics.median(bare_s) / things,
    }


def detector_alone_s(video: Path) -> float:
    """Seconds of the detector on every sampled frame, without decoding."""
    pack = make_pack("open", device="cpu")
    settings = FaceWorkerSettings()
    spent_s = 0.0

    def look(frame: Frame) -> None:
        pack.detector.detect([frame.image_bgr], settings.min_face(*frame.image_bgr.shape[:2]))

    for number, frame in enumerate(VideoFile(video, "floor", fps=_FPS).frames(threading.Event())):
        if number == 0:
            look(frame)
        spent_s += timed(partial(look, frame))[0]
    return spent_s


def whole(video: Path) -> tuple[dict[str, float], SessionTrace]:
    """`facestream run` in this process: its report, and the calls that it made."""
    with tempfile.TemporaryDirectory() as folder, SessionTrace() as trace:
        printed = io.StringIO()
        words = ["run", str(video), "--json", "-q", "--device", "cpu", "--data-dir", folder]
        with contextlib.redirect_stdout(printed):
            cli.main(words, prog_name="facestream", standalone_mode=False)
    report = json.loads(printed.getvalue())
    return {
        "frames": report["frames"],
        "run_s": report["seconds"],
        "at_work_s": trace.ended_s - trace.began_s,
        "calls": len(trace.calls),
    }, trace


def measure(video: Path, rounds: int, moving: bool, sender: Any) -> None:
    """All of one video; sends a row."""
    found: list[dict[str, float]] = []
    numbers = set(sampled(video))
    for _ in range(rounds):
        row, trace = whole(video)
        row["decode_s"] = timed(lambda: sampled(video))[0]
        row["cv2_s"] = timed(lambda: cv2_sampled(video, numbers))[0]
        row["inference_s"] = trace.replayed_s()
        row["bound_s"] = max(row["decode_s"], row["inference_s"])
        if moving:
            row["detector_s"] = detector_alone_s(video)
        found.append(row)
    middle = {name: statistics.median(row[name] for row in found) for name in found[0]}
    sender.send({"video": video.name, **middle, **stages(video, rounds)})
    sender.close()


def in_its_own_process(video: Path, rounds: int, moving: bool) -> dict[str, Any]:
    """What `measure` sends."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=measure, args=(video, rounds, moving, sender))
    process.start()
    sender.close()
    try:
        row: dict[str, Any] = receiver.recv()
    except EOFError:
        raise SystemExit(f"{video}: could not be measured") from None
    finally:
        process.join()
    return row


def figures_of(row: dict[str, Any]) -> list[Figure]:
    """What is told of a video."""
    video, bare = row["video"], "bare session.run"
    slower = "decoding alone" if row["decode_s"] >= row["inference_s"] else f"{bare} of the same calls"
    figures = [
        Figure(f"run as a whole, {video}", row["run_s"], "s", "less", row["bound_s"], slower, _BOUND),
        Figure(f"run at work, {video}", row["at_work_s"], "s", "less", row["bound_s"], slower),
        Figure(f"decoding of 5 frames/s, {video}", row["decode_s"], "s", "less", row["cv2_s"], "cv2 reader"),
        Figure(f"detection of a frame, {video}", row["detect_ms"], "ms", "less", row["detect_bare_ms"], bare),
    ]
    if "embed_ms" in row:
        what = f"embedding of a face, {video}"
        figures.append(Figure(what, row["embed_ms"], "ms", "less", row["embed_bare_ms"], bare))
    if "detector_s" in row:
        what = f"run as a whole, nobody seen, {video}"
        alone = "detector on every sampled frame"
        figures.append(Figure(what, row["run_s"], "s", "less", row["detector_s"], alone, _BOUND))
    return figures


def main() -> None:
    """Measure each video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO")
    parser.add_argument("--moving", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--rounds", type=int, default=3)
    add_json_option(parser)
    args = parser.parse_args()
    if not (args.videos or args.moving):
        parser.error("name a VIDEO, or --moving SECONDS")
    rows = [in_its_own_process(video, args.rounds, False) for video in args.videos]
    if args.moving:
        with tempfile.TemporaryDirectory() as folder:
            video = Path(folder) / "moving.mp4"
            write_moving(video, args.moving, _MOVING_FPS, _MOVING_PX)
            rows.append(in_its_own_process(video, args.rounds, True))
    for row in rows:
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        print(markdown_table([shown]), flush=True)
    Result([figure for row in rows for figure in figures_of(row)], details=rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
