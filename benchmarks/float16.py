"""What half precision costs: faces found, vectors and accuracy on pairs, beside float32. Needs no GPU.

    python benchmarks/float16.py LFW HALVES [--half report] [--every 3] PACK...

ONNX Runtime computes in float32 on a CPU, also where a file says float16. Here all weights and what every
node gives are rounded to the 11 bits of float16, which is what a GPU keeps between layers (its sums inside
a layer have more). LFW and HALVES are those of parts.py. Accuracy is the mean of the shares of pairs of one
person and of two that are judged rightly, all pairs, at the best threshold of each. The faces of either
detector go into the embedder of its precision.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from benchmark_script import run_script
from lfw_photos import lfw_options, lfw_photos
from onnx import TensorProto, helper, numpy_helper
from parts import central

from facestream.configuration.settings import model_cache
from facestream.wiring import find_parts
from stream.photo import PhotoFile
from workers.faces.alignment import align
from workers.models.combination import Combination
from workers.models.detection import Detection, FaceDetector
from workers.models.detectors import make_detector
from workers.models.embedder import OnnxEmbedder
from workers.models.pack import model_paths
from workers.tracking.boxes import iou_matrix

_MIN_FACE_PX = 20.0

Image = npt.NDArray[np.uint8]


def rounded(model: Any) -> Any:
    """A model whose weights and values have the 11 bits of float16, computed in float32."""
    graph = model.graph
    kept = {value.name for value in (*graph.input, *graph.output)}
    shapes = onnx.shape_inference.infer_shapes(model).graph
    floats = {
        value.name
        for value in (*shapes.value_info, *shapes.output)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }
    for weight in graph.initializer:
        if weight.data_type == TensorProto.FLOAT and weight.name not in kept:
            exact = numpy_helper.to_array(weight)
            weight.CopyFrom(numpy_helper.from_array(exact.astype(np.float16).astype(np.float32), weight.name))
    nodes = []
    for node in graph.node:
        nodes.append(node)
        for k, name in enumerate(node.output):
            # Factors of a Resize stay as they are on a GPU, too.
            if name in floats and node.op_type not in ("Constant", "Shape", "Cast"):
                node.output[k] = f"{name}/exact"
                nodes += [
                    helper.make_node("Cast", [f"{name}/exact"], [f"{name}/half"], to=TensorProto.FLOAT16),
                    helper.make_node("Cast", [f"{name}/half"], [name], to=TensorProto.FLOAT),
                ]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return model


def load(parts: Combination, folder: Path | None) -> tuple[FaceDetector, OnnxEmbedder]:
    """The networks of a pack; rounded ones, written into a folder, where one is given."""
    manifest = parts.manifest
    paths = model_paths(parts.embeds.folder, parts.embeds.manifest, model_cache())
    paths |= model_paths(parts.detects.folder, parts.detects.manifest, model_cache())
    if folder is not None:
        for name in manifest.model_files:
            onnx.save(rounded(onnx.load(paths[name])), folder / name)
            paths[name] = folder / name
    embedder = OnnxEmbedder(paths[manifest.embedder.file], manifest.embedder)
    return make_detector(manifest.detector, paths), embedder


def balanced_accuracy(vectors: npt.NDArray[np.float32], labels: npt.NDArray[np.intp]) -> float:
    """Of all pairs, at the best threshold."""
    first, second = np.triu_indices(len(vectors), 1)
    likeness, same = (vectors @ vectors.T)[first, second], labels[first] == labels[second]
    order = np.argsort(-likeness)
    accepted = np.cumsum(same[order]) / same.sum()
    refused = 1 - np.cumsum(~same[order]) / (~same).sum()
    return float((accepted + refused).max() / 2)


def measure(name: str, photos: dict[Path, str]) -> str:
    """The lines of one pack."""
    parts = find_parts(name)
    sure_score = parts.manifest.detector.sure_score
    numbers = {person: k for k, person in enumerate(sorted(set(photos.values())))}
    chips: tuple[list[Image], list[Image]] = ([], [])
    labels: list[int] = []
    counts, overlaps = [0, 0], []
    with tempfile.TemporaryDirectory(prefix="facestream-float16-") as folder:
        networks = [load(parts, None), load(parts, Path(folder))]
        for path, person in photos.items():
            (frame,) = PhotoFile(path, "photo").frames(threading.Event())
            faces: list[Detection | None] = []
            for k, (detector, _) in enumerate(networks):
                found = detector.detect([frame.image_bgr], _MIN_FACE_PX)[0]
                faces.append(central(found, frame.image_bgr, sure_score))
                counts[k] += faces[-1] is not None
            if None in faces:
                continue
            one, other = (np.asarray([face.box_xyxy], np.float32) for face in faces if face)
            overlaps.append(float(iou_matrix(one, other)[0, 0]))
            for here, face, (_, embedder) in zip(chips, faces, networks, strict=True):
                assert face is not None
                here.append(align(frame.image_bgr, face.landmarks, embedder.template, embedder.input_px))
            labels.append(numbers[person])
        whole, half = (net.embed(here) for here, (_, net) in zip(chips, networks, strict=True))
        same_chips = networks[1][1].embed(chips[0])
    of = np.array(labels, np.intp)
    accuracies = [100 * balanced_accuracy(vectors, of) for vectors in (whole, half)]
    return (
        f"{name}: faces found {counts[0]} and {counts[1]} of {len(photos)}, IoU {min(overlaps):.4f} or more\n"
        f"  cosine of a vector with itself {(whole * half).sum(axis=1).min():.6f} or more, of the same chip "
        f"{(whole * same_chips).sum(axis=1).min():.7f}\n"
        f"  accuracy {accuracies[0]:.3f} % and {accuracies[1]:.3f} %; of the same chips "
        f"{100 * balanced_accuracy(same_chips, of):.3f} %"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    lfw_options(parser)
    asked = parser.parse_args()
    photos = lfw_photos(asked)
    for name in asked.packs:
        print(measure(name, photos), flush=True)


if __name__ == "__main__":
    run_script(main)
