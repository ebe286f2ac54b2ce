"""Make labelled multi-shot clips from labelled photos: people who move, in several sizes, several at a time.

    python benchmarks/generate_clips.py LFW_FOLDER HALVES.csv OUTPUT_FOLDER [--clips 6] [--json FILE]

LFW_FOLDER holds NAME/*.jpg with the labelled face in the middle; only people of the half "calibrate" with
four or more photos are used, so that settings may be chosen on these clips: `facestream calibrate
OUTPUT_FOLDER` measures them. Each shot takes another photo of each person, so that clothes and light differ
from shot to shot: harder than life. Writes clip0.mp4 and clip0.csv (frame, x1, y1, x2, y2, label, track;
every second frame) and so on, the same ones every time.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from figure import Figure
from result import Result, add_json_option

from facestream.quality.labels import chosen_people, labelled_photos
from facestream.search.search import read_photo
from facestream.wiring import make_pack
from stream.video_writer import VideoWriter
from workers.central_face import central_face
from workers.models.detection import BgrImage
from workers.models.pack import Pack

WIDTH_PX, HEIGHT_PX, FPS = 640, 360, 24
_SHOTS = 18
_LEAST_PHOTOS = 4
# People, rate factor of the encoder, blur in px: from easy to hard.
_CLIPS = ((4, 26, 0.0), (6, 28, 0.5), (6, 24, 0.0), (8, 27, 0.6), (10, 26, 0.4), (3, 30, 0.7))


@dataclass(frozen=True, slots=True)
class Actor:
    """A photo that moves through a shot."""

    name: str
    track: int
    image: BgrImage
    box: npt.NDArray[np.float32]
    scale: float
    place: npt.NDArray[np.float64]
    speed: npt.NDArray[np.float64]
    zoom: float
    tilt_deg: float

    def view(self, t: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Transform into the frame, centre of the face and scale, at frame `t` of the shot."""
        scale = self.scale * (1 + self.zoom * t)
        middle = (self.box[:2] + self.box[2:]) / 2
        angle = self.tilt_deg + 3 * np.sin(t / 9 + self.track)
        centre = float(middle[0]), float(middle[1])
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, scale), np.float64)
        sway = np.array([3 * np.sin(t / 7 + self.track), 2 * np.cos(t / 5 + self.track)])
        place = self.place + self.speed * t + sway * scale
        matrix[:, 2] += place - middle
        return matrix, place, scale


def cast(
    pack: Pack, photos: dict[str, list[Path]], names: list[str], random: np.random.Generator
) -> Iterator[list[Actor]]:
    """The actors of each shot."""
    track = 0
    for _ in range(_SHOTS):
        kind = random.choice(["close", "two", "wide"], p=[0.3, 0.25, 0.45])
        count = {"close": 1, "two": 2, "wide": min(5, len(names))}[kind]
        low, high = {"close": (70, 130), "two": (40, 75), "wide": (18, 34)}[kind]
        size_px = random.uniform(low, high)
        chosen = [str(name) for name in random.choice(names, count, replace=False)]
        actors = shot(pack, photos, chosen, size_px, random, track)
        track += len(actors)
        yield actors


def shot(
    pack: Pack,
    photos: dict[str, list[Path]],
    names: list[str],
    size_px: float,
    random: np.random.Generator,
    track: int,
) -> list[Actor]:
    """People beside each other, each by any of their photos; those in which no face is found are left out.

    Args:
        pack: Finds their faces.
        photos: Of each person.
        names: Who.
        size_px: About how large their faces are.
        random: Chooses.
        track: Number of the first track.
    """
    actors: list[Actor] = []
    for k, name in enumerate(names):
        path = photos[name][random.integers(len(photos[name]))]
        image = read_photo(path).image_bgr
        face = central_face(pack, image)
        if face is None:
            continue
        box = face.box_xyxy
        side = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
        scale = size_px * random.uniform(0.85, 1.15) / side
        blur = 0.45 / scale
        if blur > 0.54:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
        place = np.array([WIDTH_PX * (k + 0.5) / len(names), HEIGHT_PX * random.uniform(0.42, 0.58)])
        speed, zoom = random.uniform(-0.4, 0.4, 2), random.uniform(-0.0015, 0.0015)
        tilt = random.uniform(-12, 12)
        actors.append(Actor(name, track + len(actors), image, box, scale, place, speed, zoom, tilt))
    return actors


@contextlib.contextmanager
def labelled_clip(target: Path, quality: int) -> Iterator[tuple[VideoWriter, Callable[[list[Any]], Any]]]:
    """A video to write, and what writes a row of its truth beside it.

    Args:
        target: Its path without the ending.
        quality: Rate factor of the encoder.
    """
    with (
        VideoWriter(target.with_suffix(".mp4"), WIDTH_PX, HEIGHT_PX, FPS, quality) as video,
        target.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file,
    ):
        truth = csv.writer(file)
        truth.writerow(["frame", "x1", "y1", "x2", "y2", "label", "track"])
        yield video, truth.writerow


def make_clip(
    target: Path, shots: Iterable[list[Actor]], random: np.random.Generator, quality: int, blur: float
) -> None:
    """Write one clip and its truth.

    Args:
        target: Its path without the ending.
        shots: The actors of each shot.
        random: Chooses lengths and light.
        quality: Rate factor of the encoder.
        blur: Of each picture, px.
    """
    number = 0
    with labelled_clip(target, quality) as (video, label):
        for actors in shots:
            coarse = random.integers(30, 200, (6, 8, 3)).astype(np.uint8)
            background = cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
            gain = random.uniform(0.7, 1.2)
            for t in range(int(random.uniform(30, 80))):
                frame = background.copy()
                for actor in actors:
                    matrix, place, scale = actor.view(t)
                    size = (WIDTH_PX, HEIGHT_PX)
                    mask = cv2.warpAffine(np.full(actor.image.shape[:2], 255, np.uint8), matrix, size)
                    frame = np.where(mask[..., None] > 0, cv2.warpAffine(actor.image, matrix, size), frame)
                    half = (actor.box[2:] - actor.box[:2]) / 2 * scale
                    low, high = place - half, place + half
                    if number % 2 == 0 and (low >= 0).all() and (high <= size).all():
                        label([number, *low.round(1), *high.round(1), actor.name, actor.track])
                frame = np.clip(frame * gain, 0, 255).astype(np.uint8)
                video.write(cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame)
                number += 1


def photos_of(folder: Path, halves: Path, least: int) -> dict[str, list[Path]]:
    """Photos of the people of the half "calibrate" of whom there are so many."""
    chosen = chosen_people(halves, "calibrate")
    found: dict[str, list[Path]] = defaultdict(list)
    for path, name in sorted(labelled_photos(folder, "folders").items()):
        if name in chosen:
            found[name].append(path)
    return {name: paths for name, paths in found.items() if len(paths) >= least}


def main() -> None:
    """Write the clips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("halves", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--clips", type=int, default=len(_CLIPS), choices=range(1, len(_CLIPS) + 1))
    add_json_option(parser)
    args = parser.parse_args()
    photos = photos_of(args.photos, args.halves, _LEAST_PHOTOS)
    args.output.mkdir(parents=True, exist_ok=True)
    pack = make_pack("open")
    for seed, (people, quality, blur) in enumerate(_CLIPS[: args.clips]):
        target = args.output / f"clip{seed}"
        random = np.random.default_rng(seed)
        names = [str(name) for name in random.choice(sorted(photos), people, replace=False)]
        make_clip(target, cast(pack, photos, names, random), random, quality, blur)
        print(target.with_suffix(".mp4"))
    Result([Figure("clips made", args.clips, better="more")]).write(args.json)


if __name__ == "__main__":
    run_script(main)
