from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from small_models import INPUT_PX, write_mean_model

from workers.errors import DeviceError, InferenceError, ModelError
from workers.models.device import Device, DeviceKind
from workers.models.graph import GraphBuilder
from workers.models.providers import available_providers
from workers.models.session import Session, available_cores

Images = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def two_outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "two.onnx"
    graph = GraphBuilder("two", {"picture": ["N", 3, "H", "W"]})
    graph.node("Neg", "picture", output="negative")
    graph.node("Abs", "picture", output="positive")
    graph.save(path, {"negative": ["N", 3, "H", "W"], "positive": ["N", 3, "H", "W"]})
    return path


def images(*shape: int) -> Images:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_outputs_come_in_the_order_that_is_asked_for(two_outputs: Path) -> None:
    session, image = Session(two_outputs), images(2, 3, 4, 5)
    positive, negative = session.run(["positive", "negative"], image)
    assert (positive == np.abs(image)).all()
    assert (negative == -image).all()
    (alone,) = session.run(["positive"], image)
    assert (alone == positive).all()


def test_without_names_all_outputs_come_in_the_order_of_the_model(two_outputs: Path) -> None:
    image = images(1, 3, 2, 2)
    negative, positive = Session(two_outputs).run(None, image)
    assert (negative == -image).all()
    assert (positive == np.abs(image)).all()


def test_a_session_tells_its_input_and_where_it_runs(two_outputs: Path) -> None:
    session = Session(two_outputs)
    assert session.input_name == "picture"
    assert session.providers == ("CPUExecutionProvider",)


class AzureDevice(Device):
    """A provider that plain wheels have, and that leaves every operator to the CPU."""

    @property
    def provider(self) -> str:
        return "AzureExecutionProvider"


@pytest.mark.skipif("AzureExecutionProvider" not in available_providers(), reason="another wheel")
def test_a_provider_that_is_loaded_and_leaves_all_work_to_the_cpu_is_an_error(two_outputs: Path) -> None:
    with pytest.raises(DeviceError, match=r"two\.onnx: does not run on coreml: the provider is"):
        Session(two_outputs, device=AzureDevice(DeviceKind.COREML))


def test_a_provider_that_is_not_there_is_an_error_and_not_the_cpu(two_outputs: Path) -> None:
    missing = next(
        device
        for device in map(Device.parse, ("cuda:1", "openvino", "coreml"))
        if device.provider not in available_providers()
    )
    with pytest.raises(DeviceError, match="no such provider") as caught:
        Session(two_outputs, device=missing)
    assert f"facestream doctor --device {missing}" in caught.value.mend


@pytest.mark.parametrize("threads", [None, 1, 2, 4])
def test_the_number_of_threads_changes_nothing(tmp_path: Path, threads: int | None) -> None:
    path = write_mean_model(tmp_path / "means.onnx")
    image = images(3, 3, INPUT_PX, INPUT_PX)
    (found,) = Session(path, threads).run(None, image)
    assert found == pytest.approx(image.mean(axis=(2, 3)), abs=1e-6)


def test_one_session_serves_several_threads(two_outputs: Path) -> None:
    session = Session(two_outputs, 1)
    right: list[bool] = []

    def work(number: int) -> None:
        image = np.full((1, 3, 8, 8), number, np.float32)
        right.extend(bool((session.run(["negative"], image)[0] == -number).all()) for _ in range(20))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 80


@pytest.mark.parametrize(
    "content", [b"", b"not a model", b"\x08\x08\x12\x0a" + bytes(200)], ids=["empty", "text", "cut-off"]
)
def test_a_file_that_is_no_model_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Session(path)
    assert str(caught.value).startswith(f"{path}: ONNX Runtime can't load this model")


def test_a_model_that_was_cut_off_is_refused(two_outputs: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(two_outputs.read_bytes()[:-20])
    with pytest.raises(ModelError, match=r"cut\.onnx"):
        Session(path)


def written_for(path: Path, operator: str, opset: int = 17, ir_version: int = 10) -> Path:
    shape = [1, 3, 4, 4]
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node(operator, ["x"], ["y"])], "g", ends[:1], ends[1:])
    imports = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=ir_version)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param(("NoSuch",), "No Op registered for NoSuch with domain_version of 17.", id="operator"),
        pytest.param(("Relu", 99), "model: ONNX Runtime only *guarantees* support for models", id="opset"),
        pytest.param(("Relu", 17, 99), "model: Unsupported model IR version: 99, max", id="format"),
    ],
)
def test_what_onnx_runtime_does_not_know_is_said_without_its_source_and_with_what_helps(
    tmp_path: Path, facts: tuple[Any, ...], said: str
) -> None:
    path = written_for(tmp_path / "new.onnx", *facts)
    with pytest.raises(ModelError) as caught:
        Session(path)
    assert said in caught.value.cause
    for inner in ("onnxruntime_src", "onnxruntime::", "std::", "ONNXRuntimeError", "\n"):
        assert inner not in str(caught.value)
    assert "another export" in caught.value.mend
    assert "pip install -U onnxruntime" in caught.value.mend


def test_a_cut_file_of_a_known_pack_comes_with_the_command_that_gets_it(
    two_outputs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sface" / "cut.onnx"
    path.parent.mkdir()
    path.write_bytes(two_outputs.read_bytes()[:-20])
    with pytest.raises(ModelError) as caught:
        Session(path)
    assert caught.value.mend == "Get it again: facestream models pull sface"


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: ONNX Runtime can't load"):
        Session(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(images(1, 4, 8, 8), id="channels"),
        pytest.param(images(1, 8, 8), id="dimensions"),
        pytest.param(images(1, 3, 8, 8).astype(np.float64), id="type"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_with_its_shape(two_outputs: Path, image: Images) -> None:
    with pytest.raises(InferenceError, match=r"two\.onnx: failed on an input of shape") as caught:
        Session(two_outputs).run(None, image)
    assert str(image.shape) in str(caught.value)
    assert caught.value.model == "two.onnx"


def test_an_output_that_is_not_there_is_refused(two_outputs: Path) -> None:
    with pytest.raises(InferenceError, match="sideways"):
        Session(two_outputs).run(["sideways"], images(1, 3, 2, 2))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_cores_are_those_that_may_be_used() -> None:
    allowed = sorted(os.sched_getaffinity(0))
    counts: list[int] = []

    def confined(cores: list[int]) -> None:
        # On Linux the affinity of a thread is its own.
        os.sched_setaffinity(0, cores)
        counts.append(available_cores())

    for cores in (allowed[:1], allowed[:2], allowed):
        thread = threading.Thread(target=confined, args=(cores,))
        thread.start()
        thread.join()
    assert counts == [1, min(2, len(allowed)), len(allowed)]
    assert available_cores() == len(allowed)
