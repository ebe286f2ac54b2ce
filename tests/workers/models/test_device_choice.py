from __future__ import annotations

from dataclasses import replace

import pytest
from test_device_diagnosis import GPU, INSTALL, PLAIN

from workers.errors import DeviceError
from workers.models.device import AUTO, CPU, Device
from workers.models.device_choice import DeviceChoice, choose_device

CUDA = Device.parse("cuda")
OPENVINO = Device.parse("openvino")


class Trial:
    """Devices that fail with a text, and those that were tried."""

    def __init__(self, failing: dict[Device, str] | None = None) -> None:
        self.failing = failing or {}
        self.tried: list[Device] = []

    def __call__(self, device: Device) -> str:
        self.tried.append(device)
        return self.failing.get(device, "")


@pytest.mark.parametrize("written", ["cuda:1", "tensorrt"])
def test_a_device_that_is_asked_for_and_works_is_taken(written: str) -> None:
    trial = Trial()
    choice = choose_device(Device.parse(written), GPU, trial)
    assert choice == DeviceChoice(Device.parse(written))
    assert trial.tried == [choice.device]
    assert str(choice) == str(Device.parse(written))


def test_one_that_is_asked_for_and_falls_back_is_an_error_with_its_mend() -> None:
    with pytest.raises(DeviceError) as caught:
        choose_device(CUDA, GPU, Trial({CUDA: "libcudnn.so.9: cannot open shared object file"}))
    assert caught.value.device == "cuda:0"
    assert caught.value.mend == INSTALL
    assert str(caught.value) == (
        f"models can't run on cuda:0: cuDNN is missing or can't be loaded (libcudnn.so.9). Mend: {INSTALL}"
    )


def test_what_can_t_work_is_not_tried() -> None:
    trial = Trial()
    with pytest.raises(DeviceError, match="runs on the CPU only"):
        choose_device(CUDA, PLAIN, trial)
    assert trial.tried == []


def test_auto_takes_the_gpu_and_leaves_tensorrt_to_who_asks_for_it() -> None:
    choice = choose_device(AUTO, GPU, Trial())
    assert choice == DeviceChoice(CUDA, auto=True)
    assert str(choice) == "cuda:0, chosen by auto"


@pytest.mark.parametrize("facts", [PLAIN, replace(GPU, cuda_driver="", gpus=())], ids=["wheel", "machine"])
def test_auto_takes_the_cpu_quietly_where_no_gpu_is(facts: object) -> None:
    trial = Trial()
    choice = choose_device(AUTO, facts, trial)  # type: ignore[arg-type]
    assert choice == DeviceChoice(CPU, auto=True)
    assert trial.tried == []


def test_auto_says_why_a_gpu_that_is_there_is_not_used() -> None:
    choice = choose_device(AUTO, GPU, Trial({CUDA: "libcublas.so.13: cannot open shared object file"}))
    assert choice.device == CPU
    assert choice.passed_over is not None
    assert choice.passed_over.cause.startswith("models can't run on cuda:0: CUDA's libraries are missing")
    assert choice.passed_over.mend == INSTALL


def test_auto_takes_the_next_best_where_the_best_fails() -> None:
    both = replace(GPU, providers=(*GPU.providers, "OpenVINOExecutionProvider"))
    choice = choose_device(AUTO, both, Trial({CUDA: "no"}))
    assert choice.device == OPENVINO
    assert choice.passed_over is not None
