"""Models that keep weights in other files, told without the package onnx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from grid_models import write_embedder, write_scrfd
from onnx import TensorProto, helper, numpy_helper

from workers.errors import WeightsError
from workers.models.model_file import check_onnx_file
from workers.models.outside_weights import outside_weights


def set_outside(tensor: TensorProto) -> TensorProto:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="location", value="w.data")
    tensor.ClearField("raw_data")
    return tensor


def small_tensor() -> TensorProto:
    return numpy_helper.from_array(np.ones(3, np.float32), "w")


def saved(path: Path, *nodes: onnx.NodeProto, weights: tuple[TensorProto, ...] = ()) -> Path:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])
    graph = helper.make_graph(nodes, "g", [given], [given], weights)
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


def test_a_model_with_all_of_its_weights_names_no_file(tmp_path: Path) -> None:
    assert outside_weights(write_scrfd(tmp_path / "det.onnx")) is None
    assert outside_weights(write_embedder(tmp_path / "rec.onnx", dimension=512)) is None


@pytest.mark.parametrize("dimension", [128, 512])
def test_weights_that_were_saved_beside_are_found(tmp_path: Path, dimension: int) -> None:
    path = write_embedder(tmp_path / "rec.onnx", dimension=dimension)
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="w.data", size_threshold=0)
    assert outside_weights(path) == "w.data"
    with pytest.raises(
        WeightsError, match=r"rec\.onnx: has weights in another file, 'w\.data'.*as one file"
    ) as got:
        check_onnx_file(path)
    assert got.value.path == path
    # What the error says to do mends it.
    onnx.save(onnx.load(path), path, save_as_external_data=False)
    check_onnx_file(path)


def test_what_parsers_pass_over_hides_no_weights(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.onnx", weights=(set_outside(small_tensor()),))
    whole = path.read_bytes()
    # A group that ends at once, and one with a field and another one in it.
    for group in (b"\xa3\x06\xa4\x06", b"\xa3\x06\x08\x01\xab\x06\xac\x06\xa4\x06"):
        for data in (whole + group, group + whole):
            path.write_bytes(data)
            assert onnx.load(path, load_external_data=False).graph.initializer[0].name == "w"
            assert outside_weights(path) == "w.data"


def test_a_place_that_is_written_at_length_hides_no_weights(tmp_path: Path) -> None:
    tensor = set_outside(small_tensor())
    tensor.ClearField("data_location")
    # The number 1 in two bytes.
    at_length = tensor.SerializeToString() + b"\x70\x81\x00"
    assert TensorProto.FromString(at_length).data_location == TensorProto.EXTERNAL
    plain = saved(tmp_path / "a.onnx", weights=(tensor,)).read_bytes()
    inner = tensor.SerializeToString()
    graph = onnx.load_from_string(plain).graph.SerializeToString()
    longer = graph.replace(bytes([len(inner)]) + inner, bytes([len(at_length)]) + at_length)
    path = tmp_path / "b.onnx"
    path.write_bytes(b"\x08\x09" + b"\x3a" + bytes([len(longer)]) + longer)
    assert onnx.load(path, load_external_data=False).graph.initializer[0].data_location == 1
    assert outside_weights(path) == "w.data"


def test_weights_of_nodes_and_of_graphs_in_nodes_count_too(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["c"], value=set_outside(small_tensor()))
    assert outside_weights(saved(tmp_path / "node.onnx", constant)) == "w.data"
    inner = helper.make_graph([], "then", [], [], [set_outside(small_tensor())])
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    assert outside_weights(saved(tmp_path / "graph.onnx", branch)) == "w.data"
    sparse = helper.make_sparse_tensor(
        set_outside(small_tensor()), numpy_helper.from_array(np.arange(3), "i"), [3]
    )
    of_sparse = helper.make_node("Constant", [], ["c"], sparse_value=sparse)
    assert outside_weights(saved(tmp_path / "sparse.onnx", of_sparse)) == "w.data"


def test_where_weights_once_were_does_not_count(tmp_path: Path) -> None:
    tensor = set_outside(small_tensor())
    tensor.data_location = TensorProto.DEFAULT
    assert outside_weights(saved(tmp_path / "model.onnx", weights=(tensor,))) is None
    named = helper.make_node("Identity", ["x"], ["location"])
    assert outside_weights(saved(tmp_path / "name.onnx", named)) is None


@pytest.mark.parametrize("size_bytes", [1, 2, 100, 5000])
def test_of_a_file_that_is_cut_off_nothing_is_said(tmp_path: Path, size_bytes: int) -> None:
    path = write_embedder(tmp_path / "rec.onnx")
    path.write_bytes(path.read_bytes()[:size_bytes])
    assert outside_weights(path) is None
    path.write_bytes(np.random.default_rng(size_bytes).bytes(size_bytes))
    assert outside_weights(path) is None


def test_the_package_onnx_is_not_loaded_for_it(tmp_path: Path) -> None:
    path = write_scrfd(tmp_path / "det.onnx")
    code = (
        "import sys; from pathlib import Path; from workers.models.model_file import check_onnx_file; "
        "check_onnx_file(Path(sys.argv[1])); assert 'onnx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
