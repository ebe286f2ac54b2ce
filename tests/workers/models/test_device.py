from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.models.device import AUTO, CPU, Device, DeviceKind

kinds = st.sampled_from([*DeviceKind])
numbered = st.sampled_from([DeviceKind.CUDA, DeviceKind.TENSORRT])
devices = st.builds(Device, kinds) | st.builds(Device, numbered, st.integers(0, 999))


@given(devices)
def test_what_is_written_is_read_again(device: Device) -> None:
    assert Device.parse(str(device)) == device
    assert Device.parse(f" {str(device).upper()}\n") == device


def test_without_a_number_it_is_the_first() -> None:
    assert Device.parse("cuda") == Device.parse("cuda:0") == Device(DeviceKind.CUDA)
    assert Device.parse("auto") == AUTO
    assert Device.parse("cpu") == CPU


@pytest.mark.parametrize(
    "written", ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1000", "cuda 1", "cuda:1:2", "cudà"]
)
def test_anything_else_is_refused_with_what_there_is(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no device; write auto, cpu, cuda\[:n\]"):
        Device.parse(written)


@pytest.mark.parametrize("written", ["cpu:0", "auto:1", "openvino:0", "coreml:2"])
def test_only_gpus_of_nvidia_have_numbers(written: str) -> None:
    with pytest.raises(ValueError, match="only cuda and tensorrt have numbers"):
        Device.parse(written)


@given(st.text(max_size=20))
def test_any_text_is_a_device_or_refused(written: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(Device.parse(written)).startswith(written.strip().lower())


@given(devices.filter(lambda device: device.kind is not DeviceKind.AUTO))
def test_a_session_asks_for_the_device_first_and_the_cpu_last(device: Device) -> None:
    names = [name for name, _ in device.session_providers()]
    assert names[0] == device.provider
    assert names[-1] == CPU.provider
    assert len(set(names)) == len(names)


def test_a_gpu_is_asked_for_by_its_number_also_where_tensorrt_leaves_work_to_cuda() -> None:
    for written in ("cuda:3", "tensorrt:3"):
        *gpus, _ = Device.parse(written).session_providers()
        assert [options["device_id"] for _, options in gpus] == ["3"] * len(gpus)
