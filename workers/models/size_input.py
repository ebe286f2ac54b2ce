"""Detectors that were exported for one size of pictures, rewritten to take any.

The size of such a file is fixed in its input, in the shapes of its Reshapes and in the sizes that maps are
enlarged to. Whether a rewritten model answers at the old size as the original does, and gives twice as many
answers for a picture twice as high or wide, is tried out, once: a file that fails is used at its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from workers.errors import InferenceError, ModelError
from workers.models.kept_model import kept_model
from workers.models.onnx_graph import Shape
from workers.models.session import Session

FloatArray = npt.NDArray[np.float32]

# Raise it when the rewriting changes, so that older files are not used any more.
_VERSION = 1
_PREFIX = "facestream_size"
# Bring maps to a size that their inputs say, or cut it out of them.
_REFUSED = frozenset({"Expand", "Tile", "Slice", "Pad"})
# Of what an output's numbers reach; sums may be taken in another order.
_TOLERANCE = 1e-4


class _NotOpenError(Exception):
    """A node hangs on the size in a way that can't be rewritten."""


def with_size_input(path: Path, picture: FloatArray, cache: Path | None = None) -> bytes | None:
    """A model for pictures of any size that answers at the old size as the original does.

    Args:
        path: An ONNX file whose first input is float32 (N, 3, H, W) with fixed H and W.
        picture: float32 (1, 3, H, W) on which both must agree.
        cache: Folder where the result is kept; whoever can't write there tries it out at each start.

    Returns:
        The model, or None where the file can't be rewritten safely.

    Raises:
        ModelError: If the file is no model.
    """
    try:
        source = path.read_bytes()
        model = onnx.load_model_from_string(source)
    except Exception as error:  # of protobuf, of the file system or of onnx
        raise ModelError(f"{path}: can't be read as an ONNX model: {error}") from error

    def make() -> bytes | None:
        try:
            rewritten = _Opening(model).rewritten()
        except _NotOpenError:
            return None
        return rewritten if _agrees(path, rewritten, picture) else None

    return kept_model(cache, "size", (_VERSION,), source, make)


class _Opening:
    """One model that is rewritten.

    Args:
        model: The model; it is changed.
    """

    def __init__(self, model: Any) -> None:
        self._graph = model.graph
        self._weights = {weight.name: numpy_helper.to_array(weight) for weight in self._graph.initializer}
        for node in self._graph.node:
            if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
                self._weights[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        # As they were at the old size.
        self._old = _shapes(model)
        self._model = model
        given = next((value for value in self._graph.input if value.name not in self._weights), None)
        if given is None or len(given.type.tensor_type.shape.dim) != 4:
            raise _NotOpenError
        for dim, name in zip(given.type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
            dim.dim_param = name
        for output in self._graph.output:
            dims = output.type.tensor_type.shape.dim
            if len(dims) < 2:
                raise _NotOpenError
            dims[-2].Clear()
        # Shapes in between were those of one size.
        del self._graph.value_info[:]

    def rewritten(self) -> bytes:
        """The model with an open size.

        Raises:
            _NotOpenError: If a node can't be rewritten.
        """
        now = _shapes(self._model)
        for node in self._graph.node:
            shape = now.get(node.input[0]) if node.input else None
            if shape is None or None not in shape or not self._old.get(node.input[0]):
                continue
            if node.op_type == "Reshape" and self._is_fixed(node, 1):
                self._open_reshape(node, shape)
            elif node.op_type == "Resize" and self._is_fixed(node, 3):
                self._scale(node)
            elif node.op_type in _REFUSED and self._is_fixed(node, 1):
                self._check_kept(node, shape)
            else:
                continue
            # What comes behind hangs on it.
            now = _shapes(self._model)
        return bytes(self._model.SerializeToString())

    def _is_fixed(self, node: Any, place: int) -> bool:
        return len(node.input) > place and node.input[place] in self._weights

    def _open_reshape(self, node: Any, given: Shape) -> None:
        """Leave one length to be found out; only those before and behind height and width may be fixed."""
        old = self._old[node.input[0]]
        wanted = [int(length) for length in self._weights[node.input[1]].ravel()]
        shape = [old[k] if length == 0 else length for k, length in enumerate(wanted)]
        free = [k for k, length in enumerate(given) if length is None]
        before, behind = _product(given[: free[0]]), _product(given[free[-1] + 1 :])
        for k, length in enumerate(shape):
            lead, trail = shape[:k], shape[k + 1 :]
            fits = -1 not in (*lead, *trail) and _product(lead) == before and not behind % _product(trail)
            if fits and length in (-1, _product(old) // (before * _product(trail))):
                break
        else:
            raise _NotOpenError
        # What was as long as the input and is not known stays so: an open batch.
        kept = [0 if length is None else length for length in shape]
        node.input[1] = self._add(np.asarray([*kept[:k], -1, *kept[k + 1 :]], np.int64))

    def _scale(self, node: Any) -> None:
        """Enlarge by a factor and not to a size."""
        old, new = self._old[node.input[0]], self._weights[node.input[3]].ravel()
        if len(old) != len(new) or any(int(n) % int(o or 1) for o, n in zip(old, new, strict=True)):
            raise _NotOpenError
        node.input[2] = self._add(
            np.asarray([int(n) // int(o or 1) for o, n in zip(old, new, strict=True)], np.float32)
        )
        del node.input[3]

    def _check_kept(self, node: Any, given: Shape) -> None:
        """Refuse what changes a length that hangs on the size."""
        before, after = self._old[node.input[0]], self._old.get(node.output[0])
        if after is None or len(after) != len(before):
            raise _NotOpenError
        if any(n is None and b != a for n, b, a in zip(given, before, after, strict=True)):
            raise _NotOpenError
        # To the end that was: a larger map would be cut there.
        if node.op_type == "Slice" and not self._cuts_fixed_lengths(node, given):
            raise _NotOpenError

    def _cuts_fixed_lengths(self, node: Any, given: Shape) -> bool:
        axes = self._weights.get(node.input[3]) if len(node.input) > 3 else np.arange(len(given))
        return axes is not None and all(given[int(axis)] is not None for axis in axes.ravel())

    def _add(self, value: npt.NDArray[Any]) -> str:
        name = f"{_PREFIX}_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(value, name))
        return name


def _shapes(model: Any) -> dict[str, Shape]:
    """Shapes of all that nodes give, as far as they are known; None for a length that is not."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: tuple(
            dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim
        )
        for value in (*graph.input, *graph.value_info, *graph.output)
        if value.type.tensor_type.HasField("shape")
    }


def _product(lengths: Sequence[int | None]) -> int:
    # A batch of any number is none of the lengths that matter here.
    return math.prod(length or 1 for length in lengths)


def _agrees(path: Path, rewritten: bytes, picture: FloatArray) -> bool:
    """Whether a model answers as the original does, and for twice the picture twice as often."""
    try:
        session = Session(path, content=rewritten)
        expected, found = Session(path).run(None, picture), session.run(None, picture)
        for one, other in zip(expected, found, strict=True):
            reach = max(float(np.abs(one).max(initial=0)), 1.0)
            if one.shape != other.shape or not np.allclose(one, other, rtol=0, atol=_TOLERANCE * reach):
                return False
        for axis in (2, 3):
            larger = session.run(None, np.concatenate([picture, picture], axis=axis))
            for one, other in zip(expected, larger, strict=True):
                if other.shape != (*one.shape[:-2], 2 * one.shape[-2], one.shape[-1]):
                    return False
    except (ModelError, InferenceError):
        return False
    return True
