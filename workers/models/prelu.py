"""Convolutions with a PReLU behind them, in operators that ONNX Runtime has fast ones of.

He et al. 2015, "Delving Deep into Rectifiers": f(z) = z for z > 0, else slope * z, with a slope of its own
for each channel. ONNX Runtime's PRelu on the CPU is not vectorised, runs on one thread and takes the tensor
out of the blocked layout of the convolutions around it: in small networks it costs as much as all of them.
So it is written as the sum of two convolutions of 1x1, with a ReLU fused into one of them:

    f(z) = slope * z + relu((1 - slope) * z)               for slope <= 1
    -f(z) = -slope * z + relu((slope - 1) * z)             for slope > 1; whoever reads it turns the sign back

A maximum over a window may be taken first, of a quarter as many numbers: f never falls where the slope is
not negative, and else f(z) is the larger one of z and slope * z, so that the maximum of f is that of the
maxima of both, of which the second comes from filters of its own. The results are the same but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.models.graph import GraphBuilder

_Array = npt.NDArray[np.float32]

# Convolutions of single channels stay in the blocked layout where the channels fill whole blocks: of 8
# numbers with AVX2, of 16 with AVX-512.
_BLOCK = 16


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A tensor inside a network.

    Attributes:
        name: Its name in the graph.
        signs: float32 (C,), what each channel is to be multiplied by: 1, -1, or 0 for one that only fills up
            a block. Channels that fill up come last.
    """

    name: str
    signs: _Array

    def kernel(self, kernel: _Array) -> _Array:
        """A kernel (O, I, H, W) for this tensor, signs and filling included: (O, C, H, W)."""
        wide = np.zeros((len(kernel), len(self.signs), *kernel.shape[2:]), np.float32)
        wide[:, : kernel.shape[1]] = kernel
        return wide * self.signs[:, None, None]


@dataclass(frozen=True, slots=True)
class MaxPool:
    """The largest numbers of square windows, every two pixels.

    Attributes:
        size_px: Side of a window.
        same: Whether windows may reach over the edge, so that every pixel is in one.
        first: Whether it is taken before the PReLU. The convolution gets a filter more for each negative
            slope then: that pays where those only fill up a block.
    """

    size_px: int
    same: bool
    first: bool = False


def image(name: str) -> Feature:
    """The input of a network with three channels."""
    return Feature(name, np.ones(3, np.float32))


def conv_prelu(
    graph: GraphBuilder,
    x: Feature,
    kernel: _Array,
    bias: _Array,
    slope: _Array,
    pool: MaxPool | None = None,
) -> Feature:
    """A convolution without padding, a PReLU, and the maximum of windows.

    Args:
        graph: Gets the nodes.
        x: What it is applied to.
        kernel: float32 (O, I, H, W).
        bias: float32 (O,).
        slope: float32 (O,), for numbers below zero.
        pool: What the result is pooled by.
    """
    if pool is not None and pool.first:
        return _pooled_first(graph, x, kernel, bias, slope, pool)
    channels = _filled(len(kernel))
    z = _conv(graph, x, _padded(kernel, channels), _padded(bias, channels))
    signs = _signs(slope, channels)
    a = _padded(slope, channels) * signs
    linear, rest, turned = a, signs - a, None
    if pool is not None and (signs < 0).any():
        # A maximum needs the right sign, at the price of one more convolution.
        linear, turned, signs = a * signs, _each(signs), np.abs(signs)
    y = _activated(graph, z, _each(linear), _each(rest), group=channels, turned=turned)
    return Feature(y if pool is None else _pool(graph, y, pool), signs)


def _pooled_first(
    graph: GraphBuilder, x: Feature, kernel: _Array, bias: _Array, slope: _Array, pool: MaxPool
) -> Feature:
    count, channels = len(kernel), _filled(len(kernel))
    falling = np.flatnonzero(slope < 0)
    steep = slope[falling]
    # The largest z of every channel, then the largest slope * z of those with a negative one.
    both = _filled(count + len(falling))
    wide = _padded(np.concatenate([kernel, kernel[falling] * steep[:, None, None, None]]), both)
    offsets = _padded(np.concatenate([bias, bias[falling] * steep]), both)
    largest = _pool(graph, _conv(graph, x, wide, offsets), pool)
    signs = _signs(slope, channels)
    linear, rest = (np.zeros((channels, both, 1, 1), np.float32) for _ in range(2))
    each = np.arange(count)
    linear[each, each, 0, 0] = slope * signs[:count]
    rest[each, each, 0, 0] = (1 - slope) * signs[:count]
    # max(p, q) = q + relu(p - q)
    scaled = np.arange(count, count + len(falling))
    linear[falling, falling] = 0
    linear[falling, scaled, 0, 0] = 1
    rest[falling, falling] = 1
    rest[falling, scaled, 0, 0] = -1
    return Feature(_activated(graph, largest, linear, rest, group=1), signs)


def _signs(slope: _Array, channels: int) -> _Array:
    return _padded(np.where(slope > 1, -1, 1).astype(np.float32), channels)


def _activated(
    graph: GraphBuilder, z: str, linear: _Array, rest: _Array, group: int, turned: _Array | None = None
) -> str:
    """The sum of linear * z and relu(rest * z), the latter times `turned`; a node of ONNX Runtime each."""
    bent = graph.node("Relu", graph.node("Conv", z, graph.constant(rest), kernel_shape=[1, 1], group=group))
    if turned is not None:
        bent = graph.node("Conv", bent, graph.constant(turned), kernel_shape=[1, 1], group=group)
    straight = graph.node("Conv", z, graph.constant(linear), kernel_shape=[1, 1], group=group)
    return graph.node("Add", straight, bent)


def _each(factors: _Array) -> _Array:
    """Kernels of 1x1 for every channel alone."""
    return factors.reshape(-1, 1, 1, 1)


def _conv(graph: GraphBuilder, x: Feature, kernel: _Array, bias: _Array) -> str:
    return graph.node("Conv", x.name, graph.constant(x.kernel(kernel)), graph.constant(bias))


def _pool(graph: GraphBuilder, x: str, pool: MaxPool) -> str:
    size = [pool.size_px, pool.size_px]
    pad = "SAME_UPPER" if pool.same else "VALID"
    return graph.node("MaxPool", x, kernel_shape=size, strides=[2, 2], auto_pad=pad)


def _filled(channels: int) -> int:
    return -(-channels // _BLOCK) * _BLOCK


def _padded(values: _Array, channels: int) -> _Array:
    result = np.zeros((channels, *values.shape[1:]), np.float32)
    result[: len(values)] = values
    return result
