from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from workers.models.constant_weights import with_constant_weights
from workers.models.session import Session

PICTURE = np.random.default_rng(4).normal(size=(2, 3, 8, 8)).astype(np.float32)


def as_older_exporters_write_it(ir_version: int = 4) -> bytes:
    """A convolution whose weights are inputs, too."""
    random = np.random.default_rng(3)
    weights = {
        "kernel": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "bias": random.normal(size=4).astype(np.float32),
    }
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", "kernel", "bias"], ["map"], kernel_shape=[3, 3])],
        "older",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["N", 3, "H", "W"])]
        + [helper.make_tensor_value_info(name, TensorProto.FLOAT, w.shape) for name, w in weights.items()],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", 4, "h", "w"])],
        [numpy_helper.from_array(w, name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=ir_version)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


# Up to version 3 all weights had to be inputs; since 4 they may be, and can be replaced then.
@pytest.mark.parametrize(("ir_version", "replaceable"), [(3, []), (4, ["kernel", "bias"])])
def test_weights_are_no_inputs_any_more_and_the_answers_are_the_same(
    ir_version: int, replaceable: list[str]
) -> None:
    older = as_older_exporters_write_it(ir_version)
    before = onnxruntime.InferenceSession(older)
    after = onnxruntime.InferenceSession(with_constant_weights(older))
    assert [value.name for value in before.get_overridable_initializers()] == replaceable
    assert after.get_overridable_initializers() == []
    assert [value.name for value in after.get_inputs()] == ["picture"]
    np.testing.assert_allclose(
        after.run(None, {"picture": PICTURE})[0], before.run(None, {"picture": PICTURE})[0], atol=1e-5
    )


def test_a_model_without_such_inputs_stays_what_it_is() -> None:
    once = with_constant_weights(as_older_exporters_write_it())
    assert onnx.load_model_from_string(with_constant_weights(once)) == onnx.load_model_from_string(once)


@pytest.mark.parametrize("from_content", [False, True])
def test_sessions_run_such_models_with_constant_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_content: bool
) -> None:
    path = tmp_path / "older.onnx"
    path.write_bytes(as_older_exporters_write_it())
    (expected,) = onnxruntime.InferenceSession(path).run(None, {"picture": PICTURE})
    loaded: list[onnxruntime.InferenceSession] = []
    original = onnxruntime.InferenceSession

    def recorded(*arguments: object, **options: object) -> onnxruntime.InferenceSession:
        loaded.append(original(*arguments, **options))
        return loaded[-1]

    monkeypatch.setattr(onnxruntime, "InferenceSession", recorded)
    session = Session(path, 1, content=path.read_bytes() if from_content else None)
    assert loaded[-1].get_overridable_initializers() == []
    np.testing.assert_allclose(session.run(None, PICTURE)[0], expected, atol=1e-5)
