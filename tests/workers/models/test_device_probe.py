from __future__ import annotations

import pytest

from workers.errors import DeviceError
from workers.models.device import AUTO, CPU, Device
from workers.models.device_probe import attempt, resolve_device, run_small_model, runtime_facts
from workers.models.providers import available_providers

CUDA = Device.parse("cuda")
plain_wheel = pytest.mark.skipif(
    CUDA.provider in available_providers(), reason="this ONNX Runtime is built for GPUs"
)


def test_facts_are_those_of_this_installation() -> None:
    facts = runtime_facts()
    assert any(name.startswith("onnxruntime") for name in facts.wheels)
    assert facts.providers == available_providers()


def test_a_small_model_runs_on_the_cpu() -> None:
    run_small_model(CPU)
    assert attempt(CPU) == ""


@plain_wheel
def test_a_wheel_without_the_provider_is_an_error_with_the_command_that_mends_it() -> None:
    with pytest.raises(DeviceError) as caught:
        resolve_device(CUDA)
    assert "runs on the CPU only" in caught.value.cause
    assert caught.value.mend == ("pip uninstall -y onnxruntime && pip install 'onnxruntime-gpu[cuda,cudnn]'")


@plain_wheel
def test_what_fails_is_told_by_another_process_too() -> None:
    assert "cuda:0" in attempt(CUDA)


@plain_wheel
def test_auto_is_the_cpu_with_a_plain_wheel() -> None:
    choice = resolve_device(AUTO)
    assert choice.device == CPU
    assert choice.auto
    assert choice.passed_over is None
