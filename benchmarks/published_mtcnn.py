"""MTCNN as it is published: a PReLU is one operator, and one call follows the other.

facestream writes the same networks otherwise (workers/models/prelu.py), with the same answers but for
rounding, runs calls side by side, scales large pictures down by halves, and asks more of proposals. Loops
that everyone writes don't.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt

from workers.models.detector_parts import ONET_PX, RNET_PX
from workers.models.graph import GraphBuilder
from workers.models.mtcnn import MtcnnDetector, MtcnnThresholds

_Arrays = Iterator[npt.NDArray[np.float32]]

_THRESHOLDS = MtcnnThresholds(proposal=0.6, refinement=0.7, output=0.6)


def published_mtcnn(folder: Path) -> MtcnnDetector:
    """The detector, whose networks are written into a folder."""
    pnet, rnet, onet = (folder / f"published-{name}.onnx" for name in ("pnet", "rnet", "onet"))
    _pnet(_arrays("pnet"), pnet)
    _rnet(_arrays("rnet"), rnet)
    _onet(_arrays("onet"), onet)
    return MtcnnDetector(pnet, rnet, onet, _THRESHOLDS, lanes=1, halves=False)


def _arrays(name: str) -> _Arrays:
    found = importlib.util.find_spec("mtcnn")
    assert found is not None
    assert found.submodule_search_locations
    arrays: Any = joblib.load(Path(found.submodule_search_locations[0]) / f"assets/weights/{name}.lz4")
    return iter([np.asarray(array, np.float32) for array in arrays])


def _conv(graph: GraphBuilder, arrays: _Arrays, x: str, output: str | None = None) -> str:
    kernel, bias = next(arrays).transpose(3, 2, 0, 1), next(arrays)
    return graph.node("Conv", x, graph.constant(kernel), graph.constant(bias), output=output)


def _conv_prelu(graph: GraphBuilder, arrays: _Arrays, x: str) -> str:
    x = _conv(graph, arrays, x)
    return graph.node("PRelu", x, graph.constant(next(arrays).reshape(-1, 1, 1)))


def _pool(graph: GraphBuilder, x: str, size: int, pad: str = "SAME_UPPER") -> str:
    return graph.node("MaxPool", x, kernel_shape=[size, size], strides=[2, 2], auto_pad=pad)


def _dense(graph: GraphBuilder, arrays: _Arrays, x: str) -> str:
    return graph.node("Gemm", x, graph.constant(next(arrays)), graph.constant(next(arrays)))


def _flat_dense_prelu(graph: GraphBuilder, arrays: _Arrays, x: str) -> str:
    x = _dense(graph, arrays, graph.node("Flatten", graph.node("Transpose", x, perm=[0, 3, 2, 1])))
    return graph.node("PRelu", x, graph.constant(next(arrays)))


def _pnet(arrays: _Arrays, path: Path) -> None:
    graph = GraphBuilder("pnet", {"image": ["N", 3, "H", "W"]})
    x = _pool(graph, _conv_prelu(graph, arrays, "image"), 2)
    x = _conv_prelu(graph, arrays, _conv_prelu(graph, arrays, x))
    _conv(graph, arrays, x, "box")
    both = graph.node("Softmax", _conv(graph, arrays, x), axis=1)
    graph.node("Gather", both, graph.constant([1], np.int64), axis=1, output="score")
    graph.save(path, {"box": ["N", 4, "h", "w"], "score": ["N", 1, "h", "w"]})


def _rnet(arrays: _Arrays, path: Path) -> None:
    graph = GraphBuilder("rnet", {"image": ["N", 3, RNET_PX, RNET_PX]})
    x = _pool(graph, _conv_prelu(graph, arrays, "image"), 3)
    x = _pool(graph, _conv_prelu(graph, arrays, x), 3, "VALID")
    x = _flat_dense_prelu(graph, arrays, _conv_prelu(graph, arrays, x))
    graph.node("Identity", _dense(graph, arrays, x), output="box")
    graph.node("Softmax", _dense(graph, arrays, x), axis=1, output="score")
    graph.save(path, {"box": ["N", 4], "score": ["N", 2]})


def _onet(arrays: _Arrays, path: Path) -> None:
    graph = GraphBuilder("onet", {"image": ["N", 3, ONET_PX, ONET_PX]})
    x = _pool(graph, _conv_prelu(graph, arrays, "image"), 3)
    x = _pool(graph, _conv_prelu(graph, arrays, x), 3, "VALID")
    x = _pool(graph, _conv_prelu(graph, arrays, x), 2)
    x = _flat_dense_prelu(graph, arrays, _conv_prelu(graph, arrays, x))
    graph.node("Identity", _dense(graph, arrays, x), output="box")
    graph.node("Identity", _dense(graph, arrays, x), output="landmarks")
    graph.node("Softmax", _dense(graph, arrays, x), axis=1, output="score")
    graph.save(path, {"box": ["N", 4], "landmarks": ["N", 10], "score": ["N", 2]})
