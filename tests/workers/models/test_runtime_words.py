from __future__ import annotations

import pytest

from workers.models.runtime_words import plain_words

SIGNATURE = (
    "onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, "
    "const onnxruntime::logging::Logger&)"
)


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        pytest.param(
            f"[ONNXRuntimeError] : 1 : FAIL : /onnxruntime_src/core/graph/model.cc:256 {SIGNATURE} "
            "Unsupported model IR version: 99, max supported IR version: 14\n",
            "Unsupported model IR version: 99, max supported IR version: 14",
            id="function",
        ),
        pytest.param(
            "/onnxruntime_src/onnxruntime/core/graph/graph.cc:12 void onnxruntime::Graph::operator()("
            "int (*)(), T) const [with T = float] It failed (twice).",
            "It failed (twice)",
            id="brackets",
        ),
        pytest.param(
            r"C:\a\onnxruntime\core\graph\model.cc:7 std::f(int) It failed: D:\onnxruntime\g.h:8 a (b)",
            "It failed: a (b)",
            id="two-places",
        ),
        pytest.param(
            "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from /my onnxruntime/rec.onnx failed:"
            "Protobuf parsing failed.",
            "Protobuf parsing failed",
            id="path-of-a-model",
        ),
        pytest.param("/onnxruntime/packs/rec.onnx: odd", "/onnxruntime/packs/rec.onnx: odd", id="no-source"),
        pytest.param("/onnxruntime_src/a.cc:1 std::f(int", "std::f(int", id="cut-short"),
    ],
)
def test_places_and_functions_of_the_source_are_left_out(said: str, plain: str) -> None:
    assert plain_words(RuntimeError(said)) == plain
