"""What size, yaw, pitch and roll of a face say about how alike it is to the other faces of its person.

    python benchmarks/poses.py LFW HALVES [--half report] [--every 3] [--most 4] PACK...

LFW, HALVES and PACK are those of parts.py. Of each person `--most` photos count. Each face's likeness is its
mean cosine with the others of its person; what the person has in common is taken off everything. The table
says by how many standard deviations likeness changes with one of each of the four, the others held equal
(least squares; the error is that of the slope).
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from lfw_photos import lfw_options, lfw_photos
from markdown_table import markdown_table
from parts import central

from facestream.wiring import make_pack
from stream.photo import PhotoFile
from workers.faces.alignment import align
from workers.faces.quality import roll_deg, yaw_of

_MIN_FACE_PX = 20.0
_NAMES = ("size", "yaw", "pitch", "roll")

Points = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


def pitch_of(landmarks: Points) -> float:
    """How far the nose lies below its place between eyes and mouth, in distances from those to this."""
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    down = mouth - eyes
    # Of a face that is held straight the nose is a little nearer to the mouth.
    return float((landmarks[2] - eyes) @ down / max(float(down @ down), 1e-6)) - 0.52


def slopes(pack_name: str, photos: dict[str, list[Path]]) -> dict[str, str]:
    """One line of the table."""
    pack = make_pack(pack_name)
    chips, facts, people = [], [], []
    for person, paths in photos.items():
        for path in paths:
            (frame,) = PhotoFile(path, "photo").frames(threading.Event())
            found = pack.detector.detect([frame.image_bgr], _MIN_FACE_PX)[0]
            face = central(found, frame.image_bgr, pack.manifest.detector.sure_score)
            if face is None:
                continue
            points = face.landmarks
            side_px = float(np.sqrt(np.prod(face.box_xyxy[2:] - face.box_xyxy[:2])))
            facts.append((np.log(side_px), abs(yaw_of(points)), abs(pitch_of(points)), abs(roll_deg(points))))
            chips.append(align(frame.image_bgr, points, pack.embedder.template, pack.embedder.input_px))
            people.append(person)
    vectors, who = pack.embedder.embed(chips), np.unique(people, return_inverse=True)[1]
    likeness = np.array([_likeness(vectors, who, k) for k in range(len(who))])
    kept = np.isfinite(likeness)
    values = np.column_stack([likeness, np.array(facts)])[kept]
    apart = _standard(_within(values, who[kept]))
    given, asked = apart[:, 1:], apart[:, 0]
    slope, *_ = np.linalg.lstsq(given, asked, rcond=None)
    rest = asked - given @ slope
    freedom = len(asked) - len(set(who[kept].tolist())) - len(_NAMES)
    errors = np.sqrt(np.diag(np.linalg.inv(given.T @ given)) * (rest @ rest) / freedom)
    told = {name: f"{s:+.2f} +- {e:.2f}" for name, s, e in zip(_NAMES, slope, errors, strict=True)}
    return {"pack": pack_name, "photos": str(int(kept.sum())), **told}


def _likeness(vectors: Points, who: npt.NDArray[np.intp], at: int) -> float:
    others = np.flatnonzero(who == who[at])
    others = others[others != at]
    return float((vectors[others] @ vectors[at]).mean()) if len(others) else np.nan


def _within(values: Floats, who: npt.NDArray[np.intp]) -> Floats:
    """Values without the mean of their person."""
    result = values.copy()
    for person in set(who.tolist()):
        result[who == person] -= values[who == person].mean(axis=0)
    return result


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    lfw_options(parser)
    parser.add_argument("--most", type=int, default=4, help="photos of a person")
    asked = parser.parse_args()
    photos: dict[str, list[Path]] = {}
    for path, person in lfw_photos(asked).items():
        photos.setdefault(person, []).append(path)
    several = {person: paths[: asked.most] for person, paths in photos.items() if len(paths) > 1}
    print(markdown_table([slopes(name, several) for name in asked.packs]))


if __name__ == "__main__":
    run_script(main)
