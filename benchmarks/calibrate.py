"""Measure what similarities of the default pack mean at every face size, and write its calibration file.

    python benchmarks/calibrate.py LFW_FOLDER HALVES.csv [-o calibration.npz]

LFW_FOLDER holds NAME/*.jpg with the labelled face in the middle; HALVES.csv has the columns name and half,
and only the half "calibrate" is read. Each photo is scaled down so that its face has one of some sizes,
blurred and compressed a little, and its landmarks are moved as a detector's are; then all pairs are
compared.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facestream.settings import model_cache
from workers.faces.alignment import align
from workers.models.calibration import Calibration, normalised
from workers.models.detection import BgrImage, Detection
from workers.models.pack import Pack, load_pack

SIZES_PX = (14, 18, 22, 28, 36, 50, 70, 100)
_LANDMARK_NOISE = 0.02  # of the face's side, at sizes below the photo's own


def central_face(pack: Pack, image: BgrImage) -> Detection | None:
    """The detection nearest to the middle of a photo."""
    height, width = image.shape[:2]
    middle = np.array([width, height]) / 2
    found = pack.detector.detect([image], 40)[0]
    return min(
        found,
        key=lambda d: float(np.linalg.norm((d.box_xyxy[:2] + d.box_xyxy[2:]) / 2 - middle)),
        default=None,
    )


def chip_at(
    pack: Pack, image: BgrImage, face: Detection, size_px: float, random: np.random.Generator
) -> BgrImage:
    """The aligned face as it would look if it were `size_px` large in a video."""
    box = face.box_xyxy
    factor = size_px / float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
    landmarks = face.landmarks
    if factor < 1:
        size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
        image = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 0.5)
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 80))])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        noise = random.normal(0, _LANDMARK_NOISE * size_px, (5, 2))
        landmarks = ((landmarks + 0.5) * factor - 0.5 + noise).astype(np.float32)
    return align(image, landmarks, pack.embedder.template, pack.embedder.input_px)


def measure(vectors: npt.NDArray[np.float32], names: list[str]) -> Calibration:
    """The calibration from embeddings (S, N, D) of N photos at S sizes."""
    label = np.array(names)
    same = label[:, None] == label[None]
    pairs = ~np.eye(len(names), dtype=bool)
    mean = vectors.mean(axis=1)
    shifted = [normalised(v - m + mean[-1]) for v, m in zip(vectors, mean, strict=True)]
    count = len(SIZES_PX)
    genuine, impostor, spread = (np.zeros((count, count), np.float32) for _ in range(3))
    for a in range(count):
        for b in range(count):
            similarity = shifted[a] @ shifted[b].T
            one, two = similarity[same & pairs], similarity[~same]
            genuine[a, b], impostor[a, b] = one.mean(), two.mean()
            spread[a, b] = np.sqrt((one.var() + two.var()) / 2)
    return Calibration(np.array(SIZES_PX, np.float32), mean.astype(np.float32), genuine, impostor, spread)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("halves", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("calibration.npz"))
    args = parser.parse_args()
    with args.halves.open(newline="", encoding="utf-8") as file:
        chosen = {row["name"] for row in csv.DictReader(file) if row["half"] == "calibrate"}
    files = sorted(path for path in args.photos.glob("*/*.jpg") if path.parent.name in chosen)
    photos_of = Counter(path.parent.name for path in files)
    pack, random = load_pack("open", model_cache()), np.random.default_rng(0)
    names: list[str] = []
    chips: list[list[BgrImage]] = [[] for _ in SIZES_PX]
    for path in files:
        image = np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        face = central_face(pack, image) if photos_of[path.parent.name] > 1 else None
        if face is None:
            continue
        names.append(path.parent.name)
        for row, size_px in zip(chips, SIZES_PX, strict=True):
            row.append(chip_at(pack, image, face, size_px, random))
    calibration = measure(np.stack([pack.embedder.embed(row) for row in chips]), names)
    calibration.save(args.output)
    print(f"{len(names)} photos of {len(set(names))} people -> {args.output}")
    print(f"{'size px':>8} {'genuine':>8} {'impostor':>9} {'spread':>7} {'d-prime':>8}")
    for k, size_px in enumerate(SIZES_PX):
        g, i, s = (
            float(table[k, k]) for table in (calibration.genuine, calibration.impostor, calibration.spread)
        )
        print(f"{size_px:8} {g:8.3f} {i:9.3f} {s:7.3f} {(g - i) / s:8.2f}")


if __name__ == "__main__":
    main()
