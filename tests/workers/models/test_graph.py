from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from workers.models.graph import GraphBuilder
from workers.models.session import Session

arrays = st_numpy.arrays(
    np.float32,
    st_numpy.array_shapes(min_dims=1, max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6, width=32),
)


def test_nodes_and_weights_become_a_model_that_runs(tmp_path: Path) -> None:
    graph = GraphBuilder("line", {"image": ["N", 1, 1, 2]})
    flat = graph.node("Flatten", "image")
    weight, bias = graph.constant([[1, 2], [3, 4]]), graph.constant([10, 20])
    graph.node("Gemm", flat, weight, bias, output="result", transB=1)
    graph.save(tmp_path / "line.onnx", {"result": ["N", 2]})
    image = np.array([[5, 6], [7, 8]], np.float32).reshape(2, 1, 1, 2)
    (result,) = Session(tmp_path / "line.onnx", 1).run(["result"], image)
    assert result.tolist() == [[5 + 12 + 10, 15 + 24 + 20], [7 + 16 + 10, 21 + 32 + 20]]


@settings(max_examples=15, deadline=None)
@given(arrays)
def test_weights_are_kept_exactly(tmp_path_factory: pytest.TempPathFactory, weight: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("weights") / "model.onnx"
    # A view with other strides than the file has.
    reversed_view = weight.T
    graph = GraphBuilder("sum", {"image": [1]})
    graph.node("Add", graph.constant(reversed_view), "image", output="result")
    graph.save(path, {"result": list(reversed_view.shape)})
    (result,) = Session(path, 1).run(None, np.zeros(1, np.float32))
    assert result.dtype == np.float32
    assert (result == reversed_view).all()


def test_a_weight_may_have_another_type(tmp_path: Path) -> None:
    graph = GraphBuilder("reshape", {"image": ["N", 4]})
    graph.node("Reshape", "image", graph.constant([-1, 2, 2], np.int64), output="result")
    graph.save(tmp_path / "reshape.onnx", {"result": ["N", 2, 2]})
    (result,) = Session(tmp_path / "reshape.onnx", 1).run(None, np.arange(8, dtype=np.float32).reshape(2, 4))
    assert result.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def test_names_given_by_the_builder_are_never_the_same() -> None:
    graph = GraphBuilder("names", {"image": [1]})
    names = [graph.constant([1]) for _ in range(5)] + [graph.node("Neg", "image") for _ in range(5)]
    assert len(set(names)) == 10
    assert graph.node("Neg", "image", output="mine") == "mine"


def test_the_model_states_its_axes_and_its_version(tmp_path: Path) -> None:
    graph = GraphBuilder("named", {"image": ["N", 3, "H", 7]})
    graph.node("Neg", "image", output="result")
    graph.save(tmp_path / "named.onnx", {"result": ["N", 3, "H", 7]})
    model = onnx.load(tmp_path / "named.onnx")
    # Read by every ONNX Runtime since 1.14.
    assert (model.ir_version, [opset.version for opset in model.opset_import]) == (8, [17])
    assert (model.graph.name, model.producer_name) == ("named", "facestream")
    session = onnxruntime.InferenceSession(tmp_path / "named.onnx", providers=["CPUExecutionProvider"])
    assert [(node.name, node.shape) for node in session.get_inputs()] == [("image", ["N", 3, "H", 7])]
    assert [(node.name, node.shape) for node in session.get_outputs()] == [("result", ["N", 3, "H", 7])]


def test_the_same_graph_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "other"):
        graph = GraphBuilder("twin", {"image": ["N", 2]})
        graph.node("Mul", "image", graph.constant([2, 3]), output="result")
        graph.save(tmp_path / name, {"result": ["N", 2]})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_an_older_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(10_000))
    graph = GraphBuilder("new", {"image": [2]})
    graph.node("Neg", "image", output="result")
    graph.save(path, {"result": [2]})
    (result,) = Session(path, 1).run(None, np.array([1, -2], np.float32))
    assert result.tolist() == [-1, 2]


def missing_input(graph: GraphBuilder) -> None:
    graph.node("Add", "image", "nowhere", output="result")


def unknown_operation(graph: GraphBuilder) -> None:
    graph.node("Convolute", "image", output="result")


def unknown_attribute(graph: GraphBuilder) -> None:
    graph.node("Neg", "image", output="result", strength=3)


def same_name_twice(graph: GraphBuilder) -> None:
    graph.node("Neg", "image", output="result")
    graph.node("Abs", "image", output="result")


@pytest.mark.parametrize("build", [missing_input, unknown_operation, unknown_attribute, same_name_twice])
def test_a_graph_that_is_not_valid_is_never_written(tmp_path: Path, build: object) -> None:
    graph = GraphBuilder("wrong", {"image": [2]})
    assert callable(build)
    build(graph)
    with pytest.raises(onnx.checker.ValidationError):
        graph.save(tmp_path / "wrong.onnx", {"result": [2]})
    assert not (tmp_path / "wrong.onnx").exists()


def test_a_shape_that_contradicts_the_graph_is_never_written(tmp_path: Path) -> None:
    graph = GraphBuilder("wrong", {"image": ["N", 2]})
    graph.node("Gemm", "image", graph.constant(np.ones((3, 4))), output="result")
    with pytest.raises(onnx.shape_inference.InferenceError):
        graph.save(tmp_path / "wrong.onnx", {"result": ["N", 4]})
    assert not (tmp_path / "wrong.onnx").exists()
