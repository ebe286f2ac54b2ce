"""Search by photo: how often the right person comes first, how true the stated sureness is, how quick it is.

    python benchmarks/search.py LFW HALVES [--half report] [--tracks 100000] [--json FILE]

LFW is a folder with one folder of photos per person, HALVES a CSV file with columns name and half.
Each photo is searched for among all others. In half of the searches all photos of its person are taken out
first, so that the right answer is "nobody". The speed is that of a search among synthetic tracks in a real
server, from the connection to the ranked people.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_script import run_script
from figure import Figure
from markdown_table import markdown_table
from result import Curve, Result, add_json_option

from facestream import connect
from facestream.configuration.settings import model_cache
from facestream.quality.labels import chosen_people
from facestream.search.search import TemplateSearch
from storage.template_record import encode_template
from stream.photo import PhotoFile
from workers.clustering.search import SearchGallery, search
from workers.models.pack import Pack, load_pack
from workers.photo_faces import PhotoFace, photo_faces

_BINS = (0.0, 0.05, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0)


def central_face(path: Path, pack: Pack) -> PhotoFace | None:
    """The face nearest to the middle of a photo."""
    (frame,) = PhotoFile(path, "photo").frames(threading.Event())
    middle = np.array(frame.image_bgr.shape[1::-1], np.float32) / 2
    faces = photo_faces(frame, pack, 20)
    return min(
        faces,
        key=lambda face: float(np.abs((face.box_xyxy[:2] + face.box_xyxy[2:]) / 2 - middle).sum()),
        default=None,
    )


def truth_of_sureness(folder: Path, names: list[str], pack: Pack) -> dict[str, Any]:
    """Search for each photo among the others."""
    faces: list[PhotoFace] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        for path in sorted((folder / name).glob("*.jpg")):
            face = central_face(path, pack)
            if face is not None:
                faces.append(face)
                labels.append(label)
    owners = np.array(labels)
    vectors = np.stack([face.vector for face in faces])
    templates = pack.calibration.compensate(vectors, [face.size_px for face in faces])
    sizes_px = np.array([face.effective_px for face in faces], np.float32)
    random = np.random.default_rng(0)
    first, searches = 0, 0
    sure: list[float] = []
    right: list[bool] = []
    for k, face in enumerate(faces):
        absent = bool(random.random() < 0.5)
        if not absent and (owners == owners[k]).sum() < 2:
            continue
        kept = np.flatnonzero((owners != owners[k]) if absent else np.arange(len(faces)) != k)
        gallery = SearchGallery(
            templates[kept],
            sizes_px[kept],
            np.ones(len(kept), np.float32),
            np.zeros(len(kept), np.bool_),
            owners[kept],
        )
        best = search(face.vector, face.size_px, face.effective_px, gallery, pack.calibration, most=1)[0]
        correct = not absent and best.owner == owners[k]
        searches += not absent
        first += correct
        sure.append(best.sureness)
        right.append(correct)
    said, was = np.array(sure), np.array(right)
    rows = []
    for low, high in itertools.pairwise(_BINS):
        here = (said >= low) & (said < high)
        if here.any():
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "searches": int(here.sum()),
                    "said": round(float(said[here].mean()), 3),
                    "right": round(float(was[here].mean()), 3),
                }
            )
    return {"searches": searches, "right_first": round(first / searches, 4), "sureness": rows}


def speed(tracks: int, people: int, pack: Pack) -> dict[str, float]:
    """Time of searches among synthetic tracks, best and worst of five, s."""
    random = np.random.default_rng(1)
    dimension = pack.manifest.embedder.dimension
    with tempfile.TemporaryDirectory(prefix="fs") as folder, connect(folder) as store:
        client, keys = store._handle.client, store._identities.keys
        for start in range(0, tracks, 10_000):
            vectors = random.normal(size=(min(10_000, tracks - start), dimension)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            ids = [f"v-0123456789abcdef.{start + k}.0" for k in range(len(vectors))]
            rows: dict[Any, Any] = {
                i: encode_template(v, 40.0, 2.0, photo=False) for i, v in zip(ids, vectors, strict=True)
            }
            client.hset(keys.templates, mapping=rows)
            client.hset(keys.assignments, mapping={i: f"p{int(random.integers(people)) + 1}" for i in ids})
        vector = random.normal(size=dimension).astype(np.float32)
        face = PhotoFace(np.zeros(4, np.float32), 1.0, 80.0, 80.0, vector / np.linalg.norm(vector))
        times_s = []
        for _ in range(5):
            started_s = time.perf_counter()
            with connect(folder) as another:
                found = TemplateSearch(another._identities.templates(dimension), pack).ranked(face, 5)
            times_s.append(time.perf_counter() - started_s)
            assert len(found) == 5
    return {"tracks": tracks, "best_s": round(min(times_s), 3), "worst_s": round(max(times_s), 3)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lfw", type=Path)
    parser.add_argument("halves", type=Path)
    parser.add_argument("--half", default="report")
    parser.add_argument("--people-of-half", type=int, metavar="N", help="only the first N of them")
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=10_000)
    add_json_option(parser)
    args = parser.parse_args()
    pack = load_pack("open", model_cache())
    names = sorted(chosen_people(args.halves, args.half))[: args.people_of_half]
    told = truth_of_sureness(args.lfw, names, pack)
    times = speed(args.tracks, args.people, pack)
    print(markdown_table(told["sureness"]))
    print(f"\nright first in {told['right_first']:.2%} of {told['searches']} searches; a search: {times}")
    figures = [
        Figure(f"right person first, of {told['searches']} searches", told["right_first"], better="more"),
        Figure(f"search among {times['tracks']:,} tracks, best", times["best_s"], "s"),
        Figure(f"search among {times['tracks']:,} tracks, worst", times["worst_s"], "s"),
    ]
    for row in told["sureness"]:
        said = f"{row['said']:.1%} was said on the mean ({row['from']:.0%} to {row['to']:.0%})"
        figures.append(
            Figure(f"right, where {said}, {row['searches']} searches", row["right"], better="more")
        )
    x, y = ([row[key] for row in told["sureness"]] for key in ("said", "right"))
    plot, below = "How sure a search says it is", "mean of what was said"
    curves = [
        Curve(plot, "facestream", below, "share that was right", x, y),
        Curve(plot, "as it should be", below, "share that was right", [0.0, 1.0], [0.0, 1.0]),
    ]
    Result(figures, curves, {**told, "speed": times}).write(args.json)


if __name__ == "__main__":
    run_script(main)
