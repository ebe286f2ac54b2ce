"""Models that take pictures as bytes: what prepares the pictures becomes part of the graph.

A device then gets a quarter of the data, and prepares the pictures itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from workers.errors import ModelError
from workers.models.graph_prefix import GraphPrefix

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
    shape = [dim.dim_value or dim.dim_param or None for dim in (dims[0], dims[2], dims[3])]
    prefix = GraphPrefix(graph, given, _PREFIX)
    if swap:
        prefix.add("Gather", prefix.constant("order", np.asarray([2, 1, 0], np.int64)), axis=3)
    prefix.add("Cast", to=TensorProto.FLOAT)
    prefix.add("Sub", prefix.constant("mean", np.asarray(mean, np.float32)))
    prefix.add("Mul", prefix.constant("scale", np.asarray(scale, np.float32)))
    prefix.add("Transpose", perm=[0, 3, 1, 2])
    prefix.put([helper.make_tensor_value_info(_PREFIX, TensorProto.UINT8, [*shape, 3])])
    return bytes(model.SerializeToString())
