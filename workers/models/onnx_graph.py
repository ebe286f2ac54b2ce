"""What an ONNX file says of its inputs and outputs; it is not loaded for that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from workers.errors import WeightsError
from workers.models.model_file import check_onnx_file
from workers.models.pack_mend import get_again

Shape = tuple[int | None, ...]

# Where a graph normalises its input itself, it does so at once.
_FIRST_NODES = 8


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """Inputs and outputs of a graph, and how it begins.

    Attributes:
        inputs: Shape of each input by name, None for lengths that aren't fixed; weights are none.
        outputs: Shape of each output by name.
        normalises: Whether it subtracts a mean and multiplies before anything else.
    """

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    normalises: bool

    def __str__(self) -> str:
        """Shapes in and out, as people write them."""
        return f"{_shown(self.inputs)} to {_shown(self.outputs)}"


def read_graph(path: Path) -> OnnxGraph:
    """Read what a file says of its graph.

    Raises:
        WeightsError: If it is no ONNX model, is cut off, or has its weights in another file.
    """
    check_onnx_file(path)
    try:
        model: Any = onnx.load_model(path, load_external_data=False)
    except Exception as error:  # protobuf's errors and onnx's share no base class
        raise WeightsError(
            f"{path}: not an ONNX model, or cut off: {error}.", path=path, mend=get_again(path)
        ) from error
    graph = model.graph
    if not graph.node or not graph.output:
        raise WeightsError(
            f"{path}: not an ONNX model, or cut off: there is no graph in it.",
            path=path,
            mend=get_again(path),
        )
    weights = {weight.name for weight in graph.initializer}
    inputs = {node.name: _shape(node) for node in graph.input if node.name not in weights}
    return OnnxGraph(inputs, {node.name: _shape(node) for node in graph.output}, _normalises(graph, inputs))


def _normalises(graph: Any, inputs: dict[str, Shape]) -> bool:
    # By names of nodes, as insightface tells models that came from MXNet, or by what they do to the input.
    first = graph.node[:_FIRST_NODES]
    starts = (("Sub", "_minus"), ("Mul", "_mul"))
    named = [any(node.name.startswith(start) for node in first) for start in starts]
    own = len(first) > 1 and first[0].op_type == "Sub" and first[1].op_type in ("Mul", "Div")
    return all(named) or (own and first[0].input[0] in inputs and first[1].input[0] == first[0].output[0])


def _shape(node: Any) -> Shape:
    lengths = [d.dim_value if d.HasField("dim_value") else 0 for d in node.type.tensor_type.shape.dim]
    return tuple(length if length > 0 else None for length in lengths)


def _shown(shapes: dict[str, Shape]) -> str:
    texts = ["x".join("N" if n is None else str(n) for n in shape) or "a number" for shape in shapes.values()]
    more = f" and {len(texts) - 4} more" if len(texts) > 4 else ""
    return ", ".join(texts[:4]) + more
