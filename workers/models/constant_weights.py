"""Models whose weights ONNX Runtime may take for what they are: constants."""

from __future__ import annotations

import onnx


def with_constant_weights(model: bytes) -> bytes:
    """A model whose weights are no inputs, which whoever calls it could replace.

    Older exporters name every weight as an input as well. ONNX Runtime can neither fold such weights nor
    bring them into the order that its fast convolutions need: CenterFace takes more than twice as long. To
    change the file is the mend that ONNX Runtime itself names.

    Args:
        model: A serialised ONNX model.

    Raises:
        google.protobuf.message.DecodeError: If it is no model.
    """
    parsed = onnx.load_model_from_string(model)
    drop_weight_inputs(parsed)
    return bytes(parsed.SerializeToString())


def drop_weight_inputs(model: onnx.ModelProto) -> None:
    """Leave only those inputs of a model that are no weights."""
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    # Up to version 3 weights have to be inputs.
    model.ir_version = max(model.ir_version, 4)
