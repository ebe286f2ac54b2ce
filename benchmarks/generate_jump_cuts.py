"""Make labelled clips in which each shot shows somebody else, framed as the one before.

    python benchmarks/generate_jump_cuts.py TEST_DATA OUTPUT_FOLDER [--json FILE]

TEST_DATA holds `lfw/` with `lfw_halves.csv`, and `clips/heads/`, a person in each file. Writes

- single0 to single2: 25 people of the half "calibrate" of LFW (fewer where no face is found in a photo), each
  in one shot and in no other; with small faces in the last;
- turns0 to turns4: the heads, who take turns in front of one wall, in the middle of the lower edge.

Each is an MP4 file and a CSV file beside it (frame, x1, y1, x2, y2, label, track; every second frame), the
same ones every time; `benchmarks/quality.py OUTPUT_FOLDER` scores them.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmark_script import run_script
from figure import Figure
from generate_clips import HEIGHT_PX, WIDTH_PX, Actor, labelled_clip, make_clip, photos_of, shot
from result import Result, add_json_option

from facestream.wiring import make_pack
from stream.video import VideoFile
from workers.central_face import central_face
from workers.models.detection import BgrImage
from workers.models.pack import Pack

_PEOPLE = 25
# Least and most size of a face where somebody is alone, px.
_SINGLE = ((60, 120), (60, 120), (24, 50))
# Which heads, how often each, for how many frames, and how large their pictures are beside the frame.
_TURNS = (
    (range(8), 3, 36, (0.5, 1.0)),
    (range(8), 1, 48, (0.3, 1.0)),
    (range(8), 3, 36, (0.2, 0.35)),
    ((0, 3), 8, 24, (0.4, 1.0)),
    ((1, 4, 5, 7), 5, 24, (0.2, 0.6)),
)
_WALL = 90
_RATE_FACTOR = 26


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of a head.

    Attributes:
        name: Whose.
        frames: Its frames.
        size: How large they are beside the picture.
    """

    name: str
    frames: tuple[BgrImage, ...]
    size: float

    def pictures(self) -> Iterator[BgrImage]:
        """The frames in front of the wall, down to the lower edge: no wall where clothes should be."""
        for frame in self.frames:
            zoom = self.size * HEIGHT_PX / frame.shape[0]
            head = cv2.resize(frame, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
            height, width = min(HEIGHT_PX, head.shape[0]), min(WIDTH_PX, head.shape[1])
            left, x = (head.shape[1] - width) // 2, (WIDTH_PX - width) // 2
            picture = np.full((HEIGHT_PX, WIDTH_PX, 3), _WALL, np.uint8)
            picture[HEIGHT_PX - height :, x : x + width] = head[-height:, left : left + width]
            yield picture


def single_shots(
    pack: Pack, photos: dict[str, list[Path]], size_px: tuple[int, int], random: np.random.Generator
) -> Iterator[list[Actor]]:
    """Shots of one to three people, of whom nobody is seen again."""
    left = [str(name) for name in random.choice(sorted(photos), _PEOPLE, replace=False)]
    track = 0
    while left:
        count = int(random.integers(1, 4))
        here, left = left[:count], left[count:]
        actors = shot(pack, photos, here, random.uniform(*size_px) / np.sqrt(len(here)), random, track)
        track += len(actors)
        yield actors


def in_turns(
    heads: list[tuple[str, tuple[BgrImage, ...]]],
    times: int,
    frames: int,
    size: tuple[float, float],
    random: np.random.Generator,
) -> list[Turn]:
    """Stretches of heads in any order."""
    turns = []
    for name, film in heads:
        for k in range(times):
            start = k * len(film) // times
            turns.append(Turn(name, film[start : start + frames], random.uniform(*size)))
    return [turns[int(k)] for k in random.permutation(len(turns))]


def make_turns(pack: Pack, target: Path, turns: list[Turn]) -> None:
    """Write one clip of heads and its truth."""
    number = 0
    with labelled_clip(target, _RATE_FACTOR) as (video, label):
        for track, turn in enumerate(turns):
            for picture in turn.pictures():
                if number % 2 == 0 and (face := central_face(pack, picture)) is not None:
                    label([number, *face.box_xyxy.round(1).tolist(), turn.name, track])
                video.write(picture)
                number += 1


def main() -> None:
    """Write the clips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    add_json_option(parser)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    pack = make_pack("open")
    photos = photos_of(args.data / "lfw", args.data / "lfw_halves.csv", 1)
    for number, size_px in enumerate(_SINGLE):
        random = np.random.default_rng(100 + number)
        make_clip(
            args.output / f"single{number}",
            single_shots(pack, photos, size_px, random),
            random,
            _RATE_FACTOR,
            0.3,
        )
    films = [
        (
            path.stem,
            tuple(
                frame.image_bgr for frame in VideoFile(path, path.stem, fps=None).frames(threading.Event())
            ),
        )
        for path in sorted((args.data / "clips" / "heads").glob("*.mp4"))
    ]
    for number, (who, times, frames, size) in enumerate(_TURNS):
        random = np.random.default_rng(200 + number)
        turns = in_turns([films[k] for k in who], times, frames, size, random)
        make_turns(pack, args.output / f"turns{number}", turns)
    Result([Figure("clips made", len(_SINGLE) + len(_TURNS), better="more")]).write(args.json)


if __name__ == "__main__":
    run_script(main)
