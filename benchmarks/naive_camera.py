"""Beside the loop that everyone writes for a camera: frames lost, delay and processor time.

    python benchmarks/naive_camera.py [FOLDER] [--seconds 60] [--clip FILE] [--look-fps 5] [--json FILE]

The loop reads a picture with `cv2.VideoCapture`, finds and embeds its faces with the same models, and reads
the next one; where the connection ends, it opens another one. It and then `facestream watch` get the same
RTSP camera, which sends 25 pictures a second from a process of its own: `clips/crowd_1080p.mp4` of FOLDER
(default: FACESTREAM_TEST_DATA), without it the demo's video. Each picture carries its number in black and
white blocks, and the camera notes when it sent it.

The delay is the time from when the camera sent a picture to when its faces were embedded. Of the watch it is
the time that pictures which were sent, but not decoded yet, take, and the delay that Redis holds. Lost are,
of the loop, all pictures of that time that it has not looked at; of the watch, those of its sampled ones that
newer ones took the place of.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from benchmark_script import run_script
from camera_scenes import Image, clips_in, pictures
from camera_servers import ScriptedCameras, cpu_of, scripted_cameras
from figure import Figure
from markdown_table import markdown_table
from naive import naive_embedder
from result import Result, add_json_option
from watched import watch

from facestream.wiring import find_parts, load_parts
from workers.face_worker_settings import FaceWorkerSettings
from workers.faces.alignment import align

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import H264Film, painted_film

_FPS = 25
# 16 blocks of black and white, and as many of the opposite, so that what is no number shows.
_BITS = 16
_BLOCK_PX = 16
# The camera plays on while the watch starts and connects.
_SPARE_S = 30.0
# How long a camera may take to show something, and a pause before it is asked again.
_FIRST_PICTURE_S, _AGAIN_S = 20.0, 0.2


def numbered(images: Iterator[Image]) -> Iterator[Image]:
    """Write its number into the upper left corner of each picture."""
    for number, image in enumerate(images):
        bits = (number >> np.arange(_BITS)) & 1
        blocks = np.stack([bits, 1 - bits]).astype(np.uint8) * 255
        code = np.kron(blocks, np.ones((_BLOCK_PX, _BLOCK_PX), np.uint8))
        marked = image.copy()
        marked[: code.shape[0], : code.shape[1]] = code[..., None]
        yield marked


def number_of(image: Image) -> int | None:
    """The number that was written into a picture, or None if it can't be read."""
    half = _BLOCK_PX // 2
    corner = image[half : 2 * _BLOCK_PX : _BLOCK_PX, half : _BITS * _BLOCK_PX : _BLOCK_PX].mean(axis=2)
    bits = corner > 127
    if not (bits[0] != bits[1]).all():
        return None
    return int((bits[0] << np.arange(_BITS)).sum())


def film_of(clip: Path, seconds: float) -> H264Film:
    """A film as long as the measurement, each picture with its number."""
    loop = list(pictures(clip, None, _FPS, 0.0))
    height, width = loop[0].shape[:2]
    images = numbered(islice(cycle(loop), round(seconds * _FPS)))
    return painted_film(size=(width, height), fps=_FPS, keyframe_every=2 * _FPS, images=images)


def naive_loop(url: str, seconds: float) -> None:
    """The loop; prints a line "NUMBER UNIX_TIME" for each picture that is done, then ends."""
    parts = find_parts("open")
    pack, embedder = load_parts(parts, "cpu"), naive_embedder(parts)
    settings = FaceWorkerSettings()
    capture = cv2.VideoCapture(url)
    ends_s = None
    until_s = time.monotonic() + _FIRST_PICTURE_S
    while ends_s is None or time.monotonic() < ends_s:
        read, image = capture.read()
        if not read:
            if ends_s is None and time.monotonic() > until_s:
                sys.exit(f"no picture came within {_FIRST_PICTURE_S:g} s")
            # A camera ends the connection of whoever is too slow.
            time.sleep(_AGAIN_S)
            capture.open(url)
            continue
        ends_s = ends_s or time.monotonic() + seconds
        shown = np.asarray(image, np.uint8)
        for detection in pack.detector.detect([shown], settings.min_face(*shown.shape[:2]))[0]:
            embedder.embed([align(shown, detection.landmarks, embedder.template, embedder.input_px)])
        print(number_of(shown), time.time(), flush=True)
    capture.release()


def naive(servers: ScriptedCameras, seconds: float) -> dict[str, Any]:
    """What the loop did."""
    command = [sys.executable, __file__, "--loop", servers.urls[0], "--seconds", f"{seconds:g}"]
    lines: list[tuple[int | None, float]] = []
    cpu_s: list[float] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        main = psutil.Process(process.pid)
        for line in process.stdout:
            number, _, at_s = line.strip().partition(" ")
            lines.append((int(number) if number != "None" else None, float(at_s)))
            cpu_s.append(cpu_of(main))
    if not lines:
        sys.exit("the loop got no pictures")
    sent = [(place, at_s) for place, at_s in servers.sent(0) if at_s <= lines[-1][1]]
    # After another connection the film begins anew, and so do its numbers.
    delays_s = [
        at_s - max(sent_s for place, sent_s in sent if place == number and sent_s <= at_s)
        for number, at_s in lines
        if number is not None
    ]
    if len(delays_s) < 2:
        sys.exit("the loop got no pictures")
    long_s = lines[-1][1] - lines[0][1]
    shown = round(long_s * _FPS) + 1
    return {
        "what": "cv2.VideoCapture loop",
        "seconds": round(long_s, 1),
        "pictures": shown,
        "processed": len(lines),
        "lost": max(shown - len(lines), 0),
        "lost_share": round(max(1 - len(lines) / shown, 0.0), 4),
        "damaged": len(lines) - len(delays_s),
        "connections": sum(place == 0 for place, _ in sent),
        "delay_s": round(float(np.median(delays_s)), 2),
        "delay_end_s": round(delays_s[-1], 2),
        "cpu_cores": round((cpu_s[-1] - cpu_s[0]) / long_s, 3),
    }


def ours(servers: ScriptedCameras, seconds: float, look_fps: float) -> dict[str, Any]:
    """What the watch did."""
    watched = watch({"door": servers.urls[0]}, seconds, look_fps=look_fps, every_s=1.0)
    sent_s = np.array([at_s for _, at_s in servers.sent(0)])
    delays_s = []
    for sample in watched.samples:
        status = sample.statuses["door"]
        under_way = int((sent_s <= status.at_s).sum()) - status.received
        delays_s.append(max(under_way, 0) / _FPS + (status.delay_s or 0.0))
    first, last = watched.samples[0], watched.samples[-1]
    status = last.statuses["door"]
    long_s = last.at_s - first.at_s
    return {
        "what": "facestream watch",
        "seconds": round(long_s, 1),
        "pictures": round(long_s * _FPS) + 1,
        "processed": status.done,
        "lost": status.dropped,
        "lost_share": round(status.dropped / max(status.taken, 1), 4),
        "damaged": status.corrupt,
        "connections": status.connects,
        "delay_s": round(float(np.median(delays_s)), 2),
        "delay_end_s": round(delays_s[-1], 2),
        "cpu_cores": round((last.cpu_s - first.cpu_s) / long_s, 3),
    }


def main() -> None:
    """Serve a camera to one and then to the other, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clip", type=Path, help="what the camera shows, instead")
    parser.add_argument("--look-fps", type=float, default=5.0, help="looks a second of the watch, at most")
    add_json_option(parser)
    parser.add_argument("--loop", metavar="URL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.loop:
        naive_loop(args.loop, args.seconds)
        return
    given = args.folder or os.environ.get("FACESTREAM_TEST_DATA")
    clip = args.clip or (Path(given) / "clips" / "crowd_1080p.mp4" if given else clips_in(None, 1)[0].path)
    film = film_of(clip, args.seconds + _SPARE_S)
    rows = []
    with scripted_cameras([film]) as servers:
        rows.append(naive(servers, args.seconds))
    with scripted_cameras([film]) as servers:
        rows.append(ours(servers, args.seconds, args.look_fps))
    print(markdown_table(rows))
    theirs, mine = rows
    told = (
        ("delay, median", "delay_s", "s"),
        ("delay at the end", "delay_end_s", "s"),
        ("processor", "cpu_cores", "cores"),
    )
    figures = [Figure(what, mine[key], unit, "less", theirs[key], theirs["what"]) for what, key, unit in told]
    # The watch looks at some pictures a second, and the loop wants all: no ratio of the two says anything.
    figures += [
        Figure("pictures lost by the watch, of those that it samples", mine["lost_share"]),
        Figure("pictures lost by the loop, of all", theirs["lost_share"]),
    ]
    Result(figures, details=rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
