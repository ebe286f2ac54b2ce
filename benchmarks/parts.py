"""Detectors and embedders one by one: speed, faces found, and how well pairs of photos are told apart.

    python benchmarks/parts.py LFW HALVES [--half report] [--every 3] PACK...

LFW is a folder with one folder of photos per person, HALVES a CSV file with columns name and half. PACK is
what --models takes, such as `haar+dlib`. Of each photo the face nearest to its middle counts; photos in
which none was found are left out, and their share is told. Times are those of the processors, over all
cores. Accuracy is the mean of ten folds of people: as many pairs of strangers as of one person, the
threshold from the other nine. With --frontal, turned faces are made frontal first, of the nearer half and
its mirror image, to compare.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from lfw_photos import lfw_options, lfw_photos

from facestream.wiring import make_pack
from stream.photo import PhotoFile
from workers.clustering.pairs import Labelled
from workers.clustering.verification import verify
from workers.faces.alignment import align
from workers.faces.quality import yaw_of
from workers.models.detection import Detection
from workers.models.pack import Pack

_FOLDS = 10
_MIN_FACE_PX = 20.0
# Heads that are turned less look the same from both sides.
_TURNED_YAW = 0.15

Image = npt.NDArray[np.uint8]


def central(faces: Sequence[Detection], image: Image, sure_score: float) -> Detection | None:
    """The face nearest to the middle of a photo, or None."""
    middle = np.array(image.shape[1::-1], np.float32) / 2
    sure = [face for face in faces if face.score >= sure_score]
    return min(
        sure,
        key=lambda face: float(np.hypot(*((face.box_xyxy[:2] + face.box_xyxy[2:]) / 2 - middle))),
        default=None,
    )


def frontal(chip: Image, landmarks: npt.NDArray[np.float32], pack: Pack) -> Image:
    """A chip with the farther half of a turned face replaced by the mirror image of the nearer one."""
    yaw = yaw_of(landmarks)
    if abs(yaw) < _TURNED_YAW:
        return chip
    # The nose, brought to the chip as the landmarks are, is the middle of the face.
    middle = round(float(pack.embedder.template[2, 0]))
    width = min(middle, chip.shape[1] - middle)
    made = chip.copy()
    left, right = slice(middle - width, middle), slice(middle, middle + width)
    # A nose that points to the right hides the right half.
    if yaw > 0:
        made[:, right] = chip[:, left][:, ::-1]
    else:
        made[:, left] = chip[:, right][:, ::-1]
    return made


def fold_accuracies(vectors: npt.NDArray[np.float32], labels: npt.NDArray[np.intp]) -> Iterator[float]:
    """Share of pairs that are judged rightly in each fold of people."""
    rng = np.random.default_rng(0)
    fold_of = rng.permutation(labels.max() + 1) % _FOLDS
    likeness, genuine, fold = [], [], []
    for k in range(_FOLDS):
        rows = np.flatnonzero(fold_of[labels] == k)
        first, second = np.triu_indices(len(rows), 1)
        same = labels[rows[first]] == labels[rows[second]]
        count = min(same.sum(), (~same).sum())
        kinds = [rng.choice(np.flatnonzero(kind), count, replace=False) for kind in (same, ~same)]
        chosen = np.concatenate(kinds)
        pairs = rows[first[chosen]], rows[second[chosen]]
        likeness.append((vectors[pairs[0]] * vectors[pairs[1]]).sum(axis=1))
        genuine.append(same[chosen])
        fold.append(np.full(len(chosen), k))
    values, truth, which = (np.concatenate(parts) for parts in (likeness, genuine, fold))
    for k in range(_FOLDS):
        others, here = which != k, which == k
        steps = np.quantile(values[others], np.linspace(0, 1, 2001))
        right = [((values[others] >= step) == truth[others]).mean() for step in steps]
        yield float(((values[here] >= steps[int(np.argmax(right))]) == truth[here]).mean())


def measure(name: str, photos: dict[Path, str], *, make_frontal: bool) -> str:
    """One line of the table."""
    pack = make_pack(name)
    numbers = {person: k for k, person in enumerate(sorted(set(photos.values())))}
    chips: list[Image] = []
    labels: list[int] = []
    detected_s = 0.0
    for path, person in photos.items():
        (frame,) = PhotoFile(path, "photo").frames(threading.Event())
        began_s = time.process_time()
        faces = pack.detector.detect([frame.image_bgr], _MIN_FACE_PX)[0]
        detected_s += time.process_time() - began_s
        face = central(faces, frame.image_bgr, pack.manifest.detector.sure_score)
        if face is None:
            continue
        chip = align(frame.image_bgr, face.landmarks, pack.embedder.template, pack.embedder.input_px)
        chips.append(frontal(chip, face.landmarks, pack) if make_frontal else chip)
        labels.append(numbers[person])
    began_s = time.process_time()
    vectors = pack.embedder.embed(chips)
    embedded_s = time.process_time() - began_s
    of = np.array(labels, np.intp)
    points = verify(Labelled(vectors, of, np.zeros_like(of))).points
    tars = [f"{point.tar:.3f}" for point in points if point.tar is not None]
    accuracies = list(fold_accuracies(vectors, of))
    return (
        f"{name:<20} found {len(chips) / len(photos):6.1%}  "
        f"CPU {1e3 * detected_s / len(photos):.0f} ms/photo, {1e3 * embedded_s / len(chips):.0f} ms/face  "
        f"accuracy {np.mean(accuracies):.4f} +- {np.std(accuracies) / np.sqrt(_FOLDS):.4f}  "
        f"TAR at FAR 1e-2, 1e-3, 1e-4: {', '.join(tars)}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    lfw_options(parser)
    parser.add_argument("--frontal", action="store_true")
    asked = parser.parse_args()
    photos = lfw_photos(asked)
    for name in asked.packs:
        print(measure(name, photos, make_frontal=asked.frontal), flush=True)


if __name__ == "__main__":
    run_script(main)
