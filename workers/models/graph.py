"""A small builder for ONNX graphs, for weights that ship in other formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

# Opset 17 and IR 8 are read by every ONNX Runtime since 1.14.
_OPSET = 17
_IR_VERSION = 8


class GraphBuilder:
    """Collects nodes and weights, then writes one checked ONNX model.

    Args:
        name: Name of the graph.
        inputs: Name of each input and its shape; a string in a shape is a dynamic axis.
    """

    def __init__(self, name: str, inputs: dict[str, Sequence[int | str]]) -> None:
        self._name = name
        self._inputs = [
            helper.make_tensor_value_info(key, TensorProto.FLOAT, list(shape))
            for key, shape in inputs.items()
        ]
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a weight and return its name."""
        name = f"w{len(self._weights)}"
        array = np.ascontiguousarray(value, dtype=dtype)
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        name = output or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def nodes(self, op: str, *inputs: str, outputs: Sequence[str], **attributes: Any) -> None:
        """Add a node with several outputs, of these names."""
        self._nodes.append(helper.make_node(op, list(inputs), list(outputs), **attributes))

    def save(self, path: Path, outputs: dict[str, Sequence[int | str]]) -> None:
        """Check the model and write it to `path`.

        Args:
            path: Where to write; overwritten.
            outputs: Name and shape of each output.

        Raises:
            onnx.checker.ValidationError: If the graph is not valid.
        """
        graph = helper.make_graph(
            self._nodes,
            self._name,
            self._inputs,
            [helper.make_tensor_value_info(k, TensorProto.FLOAT, list(s)) for k, s in outputs.items()],
            self._weights,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="facestream",
        )
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())
