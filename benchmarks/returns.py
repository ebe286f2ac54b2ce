"""Who is left out of those who come back, and of strangers: `people forget --and-ignore-return`, on photos.

    python benchmarks/returns.py LFW HALVES [--half report] [--every 3] PACK...

LFW and HALVES are those of parts.py. Each photo of somebody of whom there are more is one who comes back:
of the others, as many templates are kept as a collection keeps. Strangers are the photos of all others,
compared with what is kept of each person. In videos, strangers are more alike: the second figures are of
the same photos, with what the calibration allows for that.
"""

from __future__ import annotations

import argparse
import threading
from functools import partial

import numpy as np
from benchmark_script import run_script
from lfw_photos import lfw_options, lfw_photos

from facestream.wiring import make_pack
from stream.photo import PhotoFile
from workers.clustering.profiles import Profiles, compare_pairs
from workers.clustering.returning import SURE_RETURN, profile_of, return_sureness, templates_to_keep
from workers.models.calibration import Calibration
from workers.photo_faces import PhotoFace, photo_faces


class Photos:
    """Faces of photos as templates."""

    def __init__(self, faces: list[PhotoFace], people: list[str], calibration: Calibration) -> None:
        self.people = np.array(people)
        self.sizes_px = np.array([face.effective_px for face in faces], np.float32)
        sizes = np.array([face.size_px for face in faces], np.float32)
        self.templates = calibration.compensate(np.stack([face.vector for face in faces]), sizes)
        self._calibration = calibration

    def profile(self, rows: np.ndarray, *, in_video: bool) -> Profiles:
        """What some of them are together."""
        kept = rows[templates_to_keep(self.templates[rows], self.sizes_px[rows])]
        ones = np.ones(len(kept), np.float32)
        video = np.full(len(kept), in_video)
        return profile_of("", self.templates[kept], self.sizes_px[kept], ones, video, self._calibration)

    def left_out(self, *, in_video: bool) -> tuple[int, int, int, int]:
        """Those who come back, of them left out; pairs of strangers, of them left out."""
        backs = caught = pairs = wrong = 0
        singles = [self.profile(np.array([row]), in_video=in_video) for row in range(len(self.people))]
        everybody = Profiles(
            self.people.tolist(),
            *(
                np.concatenate([getattr(one, name) for one in singles])
                for name in ("means", "size_weights", "views", "video_share")
            ),
        )
        for person in sorted(set(self.people)):
            own = np.flatnonzero(self.people == person)
            for row in own if len(own) > 1 else ():
                kept = self.profile(own[own != row], in_video=in_video)
                backs += 1
                caught += self._is_sure(singles[row], kept)
            kept = self.profile(own, in_video=in_video)
            others = np.flatnonzero(self.people != person)
            pairs += len(others)
            alike = compare_pairs(kept, np.zeros(len(others), np.intp), everybody, others, self._calibration)
            # What speaks against is never more than a half.
            likely = others[alike.log_ratio > 0]
            wrong += sum(self._is_sure(singles[row], kept) for row in likely)
        return backs, caught, pairs, wrong

    def _is_sure(self, track: Profiles, kept: Profiles) -> bool:
        return return_sureness(track, kept, None, self._calibration) >= SURE_RETURN


def off(face: PhotoFace, middle: np.ndarray) -> float:
    """How far a face is from the middle of its photo, where the one is who is meant."""
    return float(np.linalg.norm(face.box_xyxy.reshape(2, 2).mean(axis=0) - middle))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    lfw_options(parser)
    asked = parser.parse_args()
    chosen = lfw_photos(asked)
    for name in asked.packs:
        pack = make_pack(name)
        faces, people = [], []
        for path, person in chosen.items():
            (frame,) = PhotoFile(path, "photo").frames(threading.Event())
            found = photo_faces(frame, pack)
            if found:
                middle = np.array(frame.image_bgr.shape[1::-1]) / 2
                faces.append(min(found, key=partial(off, middle=middle)))
                people.append(person)
        photos = Photos(faces, people, pack.calibration)
        for in_video in (False, True):
            backs, caught, pairs, wrong = photos.left_out(in_video=in_video)
            kind = "videos" if in_video else "photos"
            print(f"{name}, {kind}: of {backs} who come back, {caught} are left out ({caught / backs:.1%}),")
            print(f"  and of {pairs} pairs of strangers {wrong} ({wrong / pairs:.3%})", flush=True)


if __name__ == "__main__":
    run_script(main)
