"""Models that take pictures as bytes: what prepares the pictures becomes part of the graph.

A device then gets a quarter of the data, and prepares the pictures itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from workers.errors import ModelError

_PREFIX = "facestream_bytes"


def with_byte_input(
    path: Path, mean: Sequence[float], scale: float, *, swap: bool, content: bytes | None = None
) -> bytes:
    """A model with its preparation of pictures put before it.

    Args:
        path: An ONNX file whose first input is float32 (N, 3, H, W).
        mean: Is subtracted, three numbers in the order of the model's colours.
        scale: Times which it is then taken.
        swap: Whether red and blue are exchanged first.
        content: The model, where it is not what the file holds.

    Returns:
        The model with an input `facestream_bytes`, uint8 (N, H, W, 3), in place of the first one.

    Raises:
        ModelError: If the file is no model, or its first input is something else.
    """
    try:
        model = onnx.load_model_from_string(content or path.read_bytes())
    except Exception as error:  # of protobuf, of the file system or of onnx
        raise ModelError(f"{path}: can't be read as an ONNX model: {error}") from error
    graph = model.graph
    weights = {weight.name for weight in graph.initializer}
    given = next((value for value in graph.input if value.name not in weights), None)
    dims = given.type.tensor_type.shape.dim if given is not None else []
    if (
        given is None
        or len(dims) != 4
        or dims[1].dim_value not in (0, 3)
        or given.type.tensor_type.elem_type != TensorProto.FLOAT
    ):
        raise ModelError(f"{path}: its first input is no float32 picture of 3 colours (N, 3, H, W).")
    name = given.name
    shape = [dim.dim_value or dim.dim_param or None for dim in (dims[0], dims[2], dims[3])]
    nodes: list[onnx.NodeProto] = []
    last = _PREFIX

    def add(op: str, *others: str, **attributes: Any) -> None:
        nonlocal last
        made = f"{_PREFIX}_{len(nodes)}"
        nodes.append(helper.make_node(op, [last, *others], [made], **attributes))
        last = made

    constants: dict[str, npt.NDArray[Any]] = {
        f"{_PREFIX}_mean": np.asarray(mean, np.float32),
        f"{_PREFIX}_scale": np.asarray(scale, np.float32),
        f"{_PREFIX}_order": np.asarray([2, 1, 0], np.int64),
    }
    if swap:
        add("Gather", f"{_PREFIX}_order", axis=3)
    add("Cast", to=TensorProto.FLOAT)
    add("Sub", f"{_PREFIX}_mean")
    add("Mul", f"{_PREFIX}_scale")
    add("Transpose", perm=[0, 3, 1, 2])
    nodes[-1].output[0] = name
    graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in constants.items())
    rest, others = list(graph.node), [value for value in graph.input if value.name != name]
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    del graph.input[:]
    graph.input.extend([helper.make_tensor_value_info(_PREFIX, TensorProto.UINT8, [*shape, 3]), *others])
    return bytes(model.SerializeToString())
