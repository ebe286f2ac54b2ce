"""The three networks of MTCNN as ONNX models.

Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks".
The weights ship in the `mtcnn` wheel (MIT) as lists of arrays in Keras order: kernels HWIO, PReLU slopes
per channel, dense layers after a flattening in width-height-channel order. Softmax stays inside the graph.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import lz4.frame
import numpy as np
import numpy.typing as npt

from workers.errors import WeightsError
from workers.models.detector_parts import ONET_PX, RNET_PX
from workers.models.graph import GraphBuilder
from workers.models.prelu import Feature, MaxPool, conv_prelu, image

_Array = npt.NDArray[np.float32]


def _load(path: Path, count: int) -> Iterator[_Array]:
    # joblib unpickles: callers have checked the file's sha256 against the manifest.
    try:
        # Unpacked here: what joblib opens by itself complains on Python 3.13 when it is let go of.
        arrays: Any = joblib.load(io.BytesIO(lz4.frame.decompress(path.read_bytes())))
    except Exception as error:  # a damaged pickle can raise anything
        raise WeightsError(f"{path}: unreadable. Reinstall the package mtcnn.", path=path) from error
    if len(arrays) != count:
        raise WeightsError(
            f"{path}: {len(arrays)} arrays instead of {count}. Install mtcnn 1.0.0.", path=path
        )
    return (np.asarray(array, np.float32) for array in arrays)


def _kernel(kernel: _Array) -> _Array:
    """HWIO to OIHW."""
    return kernel.transpose(3, 2, 0, 1)


def _conv_prelu(
    graph: GraphBuilder, arrays: Iterator[_Array], x: Feature, pool: MaxPool | None = None
) -> Feature:
    kernel, bias, slope = next(arrays), next(arrays), next(arrays)
    return conv_prelu(graph, x, _kernel(kernel), bias, slope.reshape(-1), pool)


def _dense(graph: GraphBuilder, arrays: Iterator[_Array], x: str) -> str:
    kernel, bias = next(arrays), next(arrays)
    return graph.node("Gemm", x, graph.constant(kernel), graph.constant(bias))


def _flat_dense_prelu(graph: GraphBuilder, arrays: Iterator[_Array], x: Feature, side: int) -> str:
    kernel, bias, slope = next(arrays), next(arrays), next(arrays)
    # Its rows are in the order width, height, channel; those of a flat tensor are in the reverse one.
    rows = kernel.reshape(side, side, -1, kernel.shape[1]).transpose(2, 1, 0, 3)
    rows = rows * x.signs[: len(rows), None, None, None]
    flat = graph.node("Flatten", x.name)
    dense = graph.node("Gemm", flat, graph.constant(rows.reshape(kernel.shape)), graph.constant(bias))
    return graph.node("PRelu", dense, graph.constant(slope))


def build_pnet(weights: Path, target: Path) -> None:
    """Write the proposal network: image (N, 3, H, W) to box (N, 4, h, w) and score (N, 1, h, w)."""
    arrays = _load(weights, 13)
    graph = GraphBuilder("mtcnn_pnet", {"image": ["N", 3, "H", "W"]})
    x = _conv_prelu(graph, arrays, image("image"), MaxPool(2, same=True, first=True))
    x = _conv_prelu(graph, arrays, _conv_prelu(graph, arrays, x))
    box, box_bias, logits, logits_bias = (next(arrays) for _ in range(4))
    # The softmax of two is the logistic function of their difference.
    kernel = np.concatenate([_kernel(box), np.diff(_kernel(logits), axis=0)])
    bias = np.concatenate([box_bias, np.diff(logits_bias)])
    answer = graph.node("Conv", x.name, graph.constant(x.kernel(kernel)), graph.constant(bias))
    graph.nodes("Split", answer, graph.constant([4, 1], np.int64), outputs=("box", "logit"), axis=1)
    graph.node("Sigmoid", "logit", output="score")
    graph.save(target, {"box": ["N", 4, "h", "w"], "score": ["N", 1, "h", "w"]})


def build_rnet(weights: Path, target: Path) -> None:
    """Write the refinement network: crops (N, 3, 24, 24) to box (N, 4) and score (N, 2)."""
    arrays = _load(weights, 16)
    graph = GraphBuilder("mtcnn_rnet", {"image": ["N", 3, RNET_PX, RNET_PX]})
    x = _conv_prelu(graph, arrays, image("image"), MaxPool(3, same=True))
    x = _conv_prelu(graph, arrays, x, MaxPool(3, same=False))
    y = _flat_dense_prelu(graph, arrays, _conv_prelu(graph, arrays, x), 3)
    graph.node("Identity", _dense(graph, arrays, y), output="box")
    graph.node("Softmax", _dense(graph, arrays, y), axis=1, output="score")
    graph.save(target, {"box": ["N", 4], "score": ["N", 2]})


def build_onet(weights: Path, target: Path) -> None:
    """Write the output network: crops (N, 3, 48, 48) to box (N, 4), landmarks (N, 10) and score (N, 2)."""
    arrays = _load(weights, 21)
    graph = GraphBuilder("mtcnn_onet", {"image": ["N", 3, ONET_PX, ONET_PX]})
    x = _conv_prelu(graph, arrays, image("image"), MaxPool(3, same=True))
    x = _conv_prelu(graph, arrays, x, MaxPool(3, same=False))
    x = _conv_prelu(graph, arrays, x, MaxPool(2, same=True))
    y = _flat_dense_prelu(graph, arrays, _conv_prelu(graph, arrays, x), 3)
    graph.node("Identity", _dense(graph, arrays, y), output="box")
    graph.node("Identity", _dense(graph, arrays, y), output="landmarks")
    graph.node("Softmax", _dense(graph, arrays, y), axis=1, output="score")
    graph.save(target, {"box": ["N", 4], "landmarks": ["N", 10], "score": ["N", 2]})
