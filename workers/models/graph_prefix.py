"""Nodes that come before a model, in place of one of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper


class GraphPrefix:
    """A chain of nodes from a new input to what was an input before.

    Args:
        graph: Of the model; is changed by `put`.
        given: The input that is replaced.
        name: Of the new input; all that is added has names that begin with it.
    """

    def __init__(self, graph: onnx.GraphProto, given: onnx.ValueInfoProto, name: str) -> None:
        self._graph = graph
        self._given = given
        self._name = self._last = name
        self._nodes: list[onnx.NodeProto] = []

    def add(self, op: str, *others: str, **attributes: Any) -> None:
        """Add a node that takes what the last one gave, and others."""
        made = f"{self._name}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, [self._last, *others], [made], **attributes))
        self._last = made

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        """Add a constant, and return its name in the graph."""
        whole = f"{self._name}_{name}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value), whole))
        return whole

    def put(self, inputs: Sequence[onnx.ValueInfoProto]) -> None:
        """Put the nodes before the model, with these inputs in place of the one."""
        self._nodes[-1].output[0] = self._given.name
        nodes = [*self._nodes, *self._graph.node]
        others = [value for value in self._graph.input if value.name != self._given.name]
        del self._graph.node[:]
        self._graph.node.extend(nodes)
        del self._graph.input[:]
        self._graph.input.extend([*inputs, *others])
