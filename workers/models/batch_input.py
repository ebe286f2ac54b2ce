"""Models that were exported for one picture, rewritten to take any number of them.

The batch of such a file is fixed in its input, in the shapes of its Reshapes, and where it is moved behind
height and width so that nothing of it is left in the outputs. Whether a rewritten model answers for each
picture as the original does is tried out, once: a file that fails is used as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from workers.errors import InferenceError, ModelError
from workers.models.kept_model import kept_model
from workers.models.session import Session

FloatArray = npt.NDArray[np.float32]

# Raise it when the rewriting changes, so that older files are not used any more.
_VERSION = 2
_PREFIX = "facestream_batch"
# From the last Reshape to an output.
_ELEMENTWISE = frozenset({"Sigmoid", "Identity", "Mul", "Add", "Exp", "Clip", "Cast"})
# Of what an output's numbers reach; sums may be taken in another order.
_TOLERANCE = 1e-4


def with_batch_input(
    path: Path, pictures: FloatArray, cache: Path | None = None, content: bytes | None = None
) -> bytes | None:
    """A model for any number of pictures that answers for each as the original does.

    Args:
        path: An ONNX file whose first input is float32 (1, 3, H, W), or (N, 3, H, W) with outputs that have
            no dimension for the batch. Outputs are (1, R, C), (R, C), or (1, D) of an embedder.
        pictures: float32 (N, 3, H, W), N >= 2, all different: both models must agree on them.
        cache: Folder where the result is kept; whoever can't write there tries it out at each start.
        content: The model, where it is not what the file holds.

    Returns:
        The model, whose outputs are (N, R, C) or (N, D), or None where the file can't be rewritten safely.

    Raises:
        ModelError: If the file is no model.
    """
    try:
        source = content or path.read_bytes()
        model = onnx.load_model_from_string(source)
    except Exception as error:  # of protobuf, of the file system or of onnx
        raise ModelError(f"{path}: can't be read as an ONNX model: {error}") from error

    def make() -> bytes | None:
        rewritten = _rewritten(model)
        agrees = rewritten is not None and _agrees(path, source, rewritten, pictures)
        return rewritten if agrees else None

    return kept_model(cache, "batch", (_VERSION, pictures.shape[1:]), source, make)


def _rewritten(model: Any) -> bytes | None:
    """The model with an open batch, as far as can be told from its nodes; None where that can't be."""
    graph = model.graph
    weights = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            weights[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    given = next((value for value in graph.input if value.name not in weights), None)
    if given is None or len(given.type.tensor_type.shape.dim) != 4:
        return None
    if given.type.tensor_type.shape.dim[0].dim_value > 1:
        return None
    given.type.tensor_type.shape.dim[0].dim_param = "batch"
    made_by = {name: node for node in graph.node for name in node.output}
    _open_reshapes(graph, weights, made_by)
    for output in graph.output:
        reshape = _last_reshape(output.name, made_by)
        dims = output.type.tensor_type.shape.dim
        if len(dims) == 2 and dims[0].dim_value != 1 and reshape is not None:
            columns = dims[1].dim_value or None
            output.CopyFrom(
                helper.make_tensor_value_info(output.name, TensorProto.FLOAT, ["batch", None, columns])
            )
        elif len(dims) == 3 or (len(dims) == 2 and dims[0].dim_value == 1):
            dims[0].dim_param = "batch"
        else:
            return None
    # Shapes in between were those of one picture.
    del graph.value_info[:]
    return bytes(model.SerializeToString())


def _open_reshapes(
    graph: Any, weights: dict[str, npt.NDArray[Any]], made_by: dict[str, onnx.NodeProto]
) -> None:
    last = {id(_last_reshape(output.name, made_by)) for output in graph.output}
    count = 0
    for node in graph.node:
        if node.op_type != "Reshape" or node.input[0] in weights or node.input[1] not in weights:
            continue
        shape = [int(length) for length in weights[node.input[1]].ravel()]
        source = made_by.get(node.input[0])
        if len(shape) > 1 and shape[0] == 1:
            # 0 stands for the length that is there.
            shape[0] = 0
        elif len(shape) == 2 and id(node) in last and source is not None and source.op_type == "Transpose":
            # Of one picture the batch can be anywhere; of several it must come first.
            del source.attribute[:]
            source.attribute.append(helper.make_attribute("perm", [0, 2, 3, 1]))
            shape = [0, -1, shape[1]]
        else:
            continue
        name = f"{_PREFIX}_{count}"
        count += 1
        graph.initializer.append(numpy_helper.from_array(np.asarray(shape, np.int64), name))
        node.input[1] = name


def _last_reshape(output: str, made_by: dict[str, onnx.NodeProto]) -> onnx.NodeProto | None:
    """The Reshape that an output comes from, with no more than functions of each number after it."""
    node = made_by.get(output)
    while node is not None and node.op_type in _ELEMENTWISE:
        node = made_by.get(node.input[0])
    return node if node is not None and node.op_type == "Reshape" else None


def _agrees(path: Path, source: bytes, rewritten: bytes, pictures: FloatArray) -> bool:
    """Whether a model answers for each of several pictures as the original does for it alone."""
    original = Session(path, content=source)
    # In a batch of another size as well: a length may be right for one only.
    for batch in (pictures, pictures[1:]):
        try:
            found = Session(path, content=rewritten).run(None, batch)
        except (ModelError, InferenceError):
            return False
        for k in range(len(batch)):
            for expected, several in zip(original.run(None, batch[k : k + 1]), found, strict=True):
                # Of a detector, the batch may be in the rows.
                one = expected if several.ndim > expected.ndim else expected[0]
                if several.shape != (len(batch), *one.shape):
                    return False
                reach = max(float(np.abs(one).max(initial=0)), 1.0)
                if not np.allclose(several[k], one, rtol=0, atol=_TOLERANCE * reach):
                    return False
    return True
