"""Make an album of people who are known, FOLDER/NAME/NAME_0001.jpg, without any photo of your own.

    python examples/make_album.py FOLDER [--views 8]

Its seven people are those of a group photo and a portrait that ship inside dependencies. Each view of a
person is cut, turned, scaled, lit, blurred and compressed in another way; the album is the same every time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from facestream.demo_video import ASTRONAUT, GROUP
from workers.models.detection import BgrImage


def make_album(folder: Path, views: int = 8) -> Path:
    """Write the album into a new folder and return it."""
    random = np.random.default_rng(0)
    for photo in (GROUP, ASTRONAUT):
        image = np.asarray(cv2.imread(str(photo.path())), np.uint8)
        for who, (left, top, right, bottom) in photo.faces.items():
            name = who.replace(", ", "_").replace(" ", "_")
            (folder / name).mkdir(parents=True)
            for number in range(1, views + 1):
                middle, face_px = ((left + right) / 2, (top + bottom) / 2), bottom - top
                picture, quality = view(image, middle, face_px, random)
                path = folder / name / f"{name}_{number:04}.jpg"
                cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return folder


def view(
    image_bgr: BgrImage, middle: tuple[float, float], face_px: float, random: np.random.Generator
) -> tuple[BgrImage, int]:
    """One view of a face, and the JPEG quality to write it with."""
    side_px = int(random.integers(110, 220))
    # The face takes 45 to 60 % of the height and lies a little off the middle.
    scale = side_px * random.uniform(0.45, 0.6) / face_px
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, random.uniform(-18, 18), scale), np.float64)
    matrix[:, 2] += side_px * (0.5 + random.uniform(-0.06, 0.06, 2)) - middle
    cut = cv2.warpAffine(image_bgr, matrix, (side_px, side_px), borderMode=cv2.BORDER_REFLECT)
    cut = cv2.GaussianBlur(cut, (0, 0), random.uniform(0.3, 2.2))
    # Contrast, brightness, a tint, and the noise of a sensor.
    lit = cut.astype(np.float64) * random.uniform(0.55, 1.2) * random.uniform(0.9, 1.1, 3)
    noisy = lit + random.uniform(-15, 15) + random.normal(0, random.uniform(0, 9), cut.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), int(random.integers(25, 90))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=int, default=8, help="photos of each person")
    args = parser.parse_args()
    if args.folder.exists():
        parser.error(f"{args.folder} is there already; choose a new folder")
    try:
        make_album(args.folder, args.views)
    except OSError as error:
        raise SystemExit(f"Error: {args.folder} can't be written ({error.strerror}).") from error
    people = len(list(args.folder.iterdir()))
    print(f"{args.folder}: {people} people, {args.views} photos of each")
