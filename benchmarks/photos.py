"""Photos/s of `facestream run` on a folder, against the loop that everyone writes.

    python benchmarks/photos.py TEST_DATA/lfw [--photos 24] [--rounds 2] [--json FILE]

The photos have twelve megapixels, as those of phones, with three faces of LFW each. The loop opens, searches
and embeds one after the other, with networks as they are published (see naive.py), and groups nobody;
`facestream run` is counted as it says itself: with loading the models, the server and clustering.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from figure import Figure
from markdown_table import markdown_table
from naive import find_faces
from result import Result, add_json_option
from speed import timed

from stream.frame import Frame

_SIZE_PX = 4032, 3024
_FACES = 3
_SIDES_PX = 600, 900, 1200


def write_photos(faces: Path, folder: Path, count: int) -> None:
    """Paste faces on a coloured ground with the noise of a sensor."""
    random = np.random.default_rng(1)
    people = sorted(faces.glob("*/*.jpg"))
    width_px, height_px = _SIZE_PX
    for number in range(count):
        coarse = random.integers(60, 200, (30, 40, 3), np.uint8)
        photo = cv2.resize(coarse, _SIZE_PX, interpolation=cv2.INTER_CUBIC)
        for place in range(_FACES):
            side = int(random.choice(_SIDES_PX))
            face = cv2.imread(str(people[random.integers(len(people))]))
            assert face is not None
            left = place * width_px // _FACES + 50
            top = int(random.integers(0, height_px - side))
            photo[top : top + side, left : left + side] = cv2.resize(face, (side, side))
        noise = random.integers(-6, 7, photo.shape, np.int16)
        noisy: npt.NDArray[np.uint8] = np.clip(photo + noise, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:03}.jpg"), noisy, [cv2.IMWRITE_JPEG_QUALITY, 90])


def opened(folder: Path) -> Iterator[Frame]:
    """The photos, one after the other."""
    for number, path in enumerate(sorted(folder.glob("*.jpg"))):
        image = cv2.imread(str(path))
        assert image is not None
        yield Frame(path.name, number, 0.0, None, np.ascontiguousarray(image, np.uint8))


def main() -> None:
    """Write, run both by turns, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("faces", type=Path, help="folder of a folder for each person")
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    add_json_option(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        photos = Path(name) / "photos"
        photos.mkdir()
        write_photos(args.faces, photos, args.photos)
        for number in range(args.rounds):
            naive = find_faces(opened(photos))
            options = ("--json", "-q", "--device", "cpu", "--data-dir", f"{name}/data{number}")
            _, run = timed("-m", "facestream", "run", str(photos), *options)
            ours, theirs = run["frames"] / run["seconds"], naive.sampled / naive.seconds
            rows.append(
                {
                    "naive_photos_per_s": round(theirs, 2),
                    "run_photos_per_s": round(ours, 2),
                    "ratio": round(ours / theirs, 2),
                    "naive_faces": len(naive.frames),
                    "run_faces": run["faces"],
                }
            )
    print(markdown_table(rows))
    rates = [statistics.median(row[f"{who}_photos_per_s"] for row in rows) for who in ("run", "naive")]
    figure = Figure("photos of 12 megapixels", rates[0], "photos/s", "more", rates[1], "naive loop")
    Result([figure], details=rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
