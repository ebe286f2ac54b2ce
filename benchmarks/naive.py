"""The loop that everyone writes: detect and embed every face, then DBSCAN over all faces.

Same models and same sampling as `facestream run --device cpu`; frames are decoded, searched and embedded one
after the other, by networks as they are published.

    python benchmarks/naive.py VIDEO -o FACES.csv [--eps 0.075] [--fps 5] [--constant-weights]

--constant-weights lends the loop what facestream does to the published CenterFace: with weights that are
constants instead of inputs, ONNX Runtime takes less than half the time for it.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script
from published_centerface import PublishedCenterFace
from published_mtcnn import published_mtcnn
from sklearn.cluster import DBSCAN

from facestream.configuration.settings import model_cache
from facestream.wiring import find_parts, make_pack
from stream.frame import Frame
from stream.video import VideoFile
from workers.face_worker import FaceWorkerSettings
from workers.faces.alignment import align
from workers.models.combination import Combination
from workers.models.detection import BgrImage, Detection
from workers.models.detector_parts import CenterFacePart, MtcnnPart
from workers.models.embedder import OnnxEmbedder
from workers.models.pack import model_paths
from workers.models.pack_part import PackPart

# The usual choice; a person is seen in more frames than that.
_MIN_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class NaiveFaces:
    """Every face of every sampled frame.

    Attributes:
        frames: int (N,), frame of each face.
        boxes_xyxy: float32 (N, 4), px.
        vectors: float32 (N, D), L2-normalised.
        sampled: Frames looked at.
        seconds: Time for decoding, detection and embedding, s.
    """

    frames: npt.NDArray[np.int64]
    boxes_xyxy: npt.NDArray[np.float32]
    vectors: npt.NDArray[np.float32]
    sampled: int
    seconds: float


class _Searches(Protocol):
    """What the loop asks of a detector."""

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]: ...


def video_frames(video: Path, fps: float | None = 5.0) -> Iterator[Frame]:
    """The same frames that `facestream run` looks at."""
    return VideoFile(video, "naive", fps=fps).frames(threading.Event())


def find_faces(
    images: Iterable[Frame], models: str = "open", *, constant_weights: bool = False
) -> NaiveFaces:
    """Detect and embed, without tracking, batching or a second thread."""
    parts = find_parts(models)
    embedder = naive_embedder(parts)
    detector = _detector(parts, models, constant_weights)
    settings = FaceWorkerSettings()
    frames, boxes, vectors, sampled = [], [], [], 0
    started_s = time.perf_counter()
    for frame in images:
        sampled += 1
        image = frame.image_bgr
        for detection in detector.detect([image], settings.min_face(*image.shape[:2]))[0]:
            chip = align(image, detection.landmarks, embedder.template, embedder.input_px)
            frames.append(frame.index)
            boxes.append(detection.box_xyxy)
            vectors.append(embedder.embed([chip])[0])
    seconds = time.perf_counter() - started_s
    return NaiveFaces(
        np.array(frames, np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(vectors, np.float32).reshape(-1, embedder.dimension),
        sampled,
        seconds,
    )


def naive_embedder(parts: Combination) -> OnnxEmbedder:
    """The embedder of a pack: nobody averages mirrored faces in a naive loop, which takes twice as long."""
    part = parts.manifest.embedder.model_copy(update={"mirror": False})
    return OnnxEmbedder(_files(parts.embeds)[part.file], part)


def _files(part: PackPart) -> dict[str, Path]:
    """The files of a pack, which are built where they aren't yet."""
    return model_paths(part.folder, part.manifest, model_cache())


def _detector(parts: Combination, models: str, constant_weights: bool) -> _Searches:
    """The detector of a pack; MTCNN and CenterFace as they are published."""
    part = parts.manifest.detector
    if isinstance(part, CenterFacePart):
        return PublishedCenterFace(_files(parts.detects)[part.file] if constant_weights else None)
    if not isinstance(part, MtcnnPart):
        return make_pack(models, device="cpu").detector
    with tempfile.TemporaryDirectory() as scratch:
        return published_mtcnn(Path(scratch))


def cluster(faces: NaiveFaces, eps: float, min_samples: int = _MIN_SAMPLES) -> npt.NDArray[np.int64]:
    """DBSCAN over cosine distances; -1 is nobody."""
    if len(faces.frames) == 0:
        return np.empty(0, np.int64)
    distance = np.clip(1 - faces.vectors @ faces.vectors.T, 0, 2)
    return np.asarray(DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(distance))


def write_csv(faces: NaiveFaces, labels: npt.NDArray[np.int64], path: Path) -> None:
    """Write what `facestream export` writes, as far as it goes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "x1", "y1", "x2", "y2", "identity"])
        for frame, box, label in zip(faces.frames, faces.boxes_xyxy, labels, strict=True):
            writer.writerow([frame, *box.round(2), "" if label < 0 else int(label)])


def main() -> None:
    """Run the loop on one video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--eps", type=float, default=0.075)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--constant-weights", action="store_true")
    args = parser.parse_args()
    started_s = time.perf_counter()
    faces = find_faces(video_frames(args.video, args.fps), constant_weights=args.constant_weights)
    labels = cluster(faces, args.eps)
    if args.output:
        write_csv(faces, labels, args.output)
    print(
        json.dumps(
            {
                "frames": faces.sampled,
                "faces": len(labels),
                "people": int(labels.max(initial=-1)) + 1,
                "seconds": round(time.perf_counter() - started_s, 3),
                "frames_per_s": round(faces.sampled / faces.seconds, 2),
            }
        )
    )


if __name__ == "__main__":
    run_script(main)
