"""Why models don't run on a device, and what mends it: from facts alone, nothing is looked up here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.models.device import Device, DeviceKind

_GPU_WHEEL = "onnxruntime-gpu"
_GPU_INSTALL = "pip install 'onnxruntime-gpu[cuda,cudnn]'"
# What ONNX Runtime 1.31 links: libnvinfer.so.10, which newer TensorRT doesn't bring, for CUDA 13.
_TENSORRT_MAJOR, _CUDA_MAJOR = 10, 13
_WHEELS = {
    DeviceKind.CUDA: (_GPU_WHEEL, _GPU_INSTALL),
    DeviceKind.OPENVINO: ("onnxruntime-openvino", "pip install onnxruntime-openvino"),
    DeviceKind.COREML: ("onnxruntime", "pip install onnxruntime"),
}
_MISSING = re.compile(r"(lib[\w+-]+\.so[.\w]*): cannot open shared object file")
_SEEN = "nvidia-smi must list the GPU. Install NVIDIA's driver, in a container: docker run --gpus all"
_SAID_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class RuntimeFacts:
    """What there is to run models with.

    Attributes:
        wheels: Installed distributions that bring the module `onnxruntime`, normalised names.
        providers: Execution providers that this build of ONNX Runtime has.
        platform: The `sys.platform`.
        cuda_build: Version of CUDA that this build is for, such as "13.0"; empty where it is for none.
        cuda_driver: Newest version of CUDA that NVIDIA's driver serves; empty without a driver.
        gpus: Names of NVIDIA's GPUs that this process may use, by number.
        said: What ONNX Runtime said when a device was tried, or empty.
    """

    wheels: tuple[str, ...]
    providers: tuple[str, ...]
    platform: str
    cuda_build: str = ""
    cuda_driver: str = ""
    gpus: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps models from a device.

    Attributes:
        cause: What is so.
        mend: What to do about it, with the command where there is one.
    """

    cause: str
    mend: str

    def __str__(self) -> str:
        return f"{self.cause}. Mend: {self.mend}"


def obstacle(device: Device, facts: RuntimeFacts) -> Obstacle | None:
    """What stands in the way of a device before it is tried; None where nothing is known to."""
    if device.kind is DeviceKind.CPU:
        return None
    if other := _other_system(device, facts.platform):
        return Obstacle(other, "Choose --device auto or --device cpu")
    if device.provider not in facts.providers:
        return _lacking(device, facts)
    return _without_gpu(device, facts) if device.is_nvidia else None


def diagnose(device: Device, facts: RuntimeFacts) -> Obstacle:
    """Why a device that was tried doesn't run models."""
    known = obstacle(device, facts)
    if known is not None:
        return known
    if len(facts.wheels) > 1:
        return _shadowed(device, facts)
    missing = sorted(set(_MISSING.findall(facts.said)))
    if device.kind is DeviceKind.TENSORRT and (
        any("nvinfer" in name for name in missing) or ("install TensorRT" in facts.said and not missing)
    ):
        return Obstacle(f"TensorRT's libraries are missing{_named(missing)}", _install_tensorrt(facts))
    if device.is_nvidia and (missing or re.search("cudnn", facts.said, re.IGNORECASE)):
        what = "cuDNN" if not missing or all("cudnn" in name for name in missing) else "CUDA's libraries"
        verb = "is" if what == "cuDNN" else "are"
        return Obstacle(f"{what} {verb} missing or can't be loaded{_named(missing)}", _GPU_INSTALL)
    said = f": {_shortened(facts.said)}" if facts.said else " and didn't say why"
    return Obstacle(
        f"ONNX Runtime has {device.provider}, and fell back to the CPU{said}",
        f"Install its wheel again: {_reinstall(device, facts)}; or choose --device cpu",
    )


def _other_system(device: Device, platform: str) -> str:
    """Why there is no such device on this system, or nothing."""
    if device.kind is DeviceKind.COREML and platform != "darwin":
        return "CoreML is there on macOS only"
    if device.is_nvidia and platform == "darwin":
        return "there is no CUDA on macOS"
    return ""


def _lacking(device: Device, facts: RuntimeFacts) -> Obstacle:
    """The build that is imported doesn't have the provider."""
    wanted = _GPU_WHEEL if device.is_nvidia else _WHEELS[device.kind][0]
    if len(facts.wheels) > 1:
        return _shadowed(device, facts)
    kind = f"the installed wheel {facts.wheels[0]}" if facts.wheels else "this build of ONNX Runtime"
    only = "runs on the CPU only" if "onnxruntime" in facts.wheels else f"has no {device.provider}"
    if wanted in facts.wheels:
        return Obstacle(
            f"{kind} has no {device.provider} on this system", "Choose --device auto or --device cpu"
        )
    return Obstacle(f"{kind} {only}; {device.kind} needs {wanted}", _reinstall(device, facts))


def _shadowed(device: Device, facts: RuntimeFacts) -> Obstacle:
    names = ", ".join(sorted(facts.wheels))
    return Obstacle(
        f"{names} are installed together and overwrite each other's files, and what is left does not run "
        f"{device.kind}",
        _reinstall(device, facts),
    )


def _reinstall(device: Device, facts: RuntimeFacts) -> str:
    tensorrt = device.kind is DeviceKind.TENSORRT
    install = _install_tensorrt(facts) if tensorrt else _WHEELS[device.kind][1]
    return f"pip uninstall -y {' '.join(sorted(facts.wheels))} && {install}" if facts.wheels else install


def _install_tensorrt(facts: RuntimeFacts) -> str:
    """How to get TensorRT's libraries and all that they need."""
    needed = re.search(r"libnvinfer\.so\.(\d+)", facts.said)
    major = int(needed[1]) if needed else _TENSORRT_MAJOR
    wheel = f"'tensorrt-cu{_major(facts.cuda_build) or _CUDA_MAJOR}<{major + 1}'"
    return (
        f"{_GPU_INSTALL} {wheel}, and put the folder tensorrt_libs of site-packages on LD_LIBRARY_PATH; "
        "--device cuda does without TensorRT"
    )


def _without_gpu(device: Device, facts: RuntimeFacts) -> Obstacle | None:
    if not facts.cuda_driver:
        return Obstacle("there is no NVIDIA driver here", _SEEN)
    if not facts.gpus:
        return Obstacle(
            "NVIDIA's driver is here, and shows no GPU to this process",
            "Look at CUDA_VISIBLE_DEVICES and at nvidia-smi; in a container: docker run --gpus all",
        )
    if device.number >= len(facts.gpus):
        there = ", ".join(f"{number}: {name}" for number, name in enumerate(facts.gpus))
        return Obstacle(
            f"there is no GPU number {device.number}, but {there}", f"Choose --device {device.kind}:0"
        )
    if _major(facts.cuda_driver) < _major(facts.cuda_build):
        return Obstacle(
            f"NVIDIA's driver serves CUDA {facts.cuda_driver} at most, and this ONNX Runtime is built for "
            f"CUDA {facts.cuda_build}",
            "Install a newer driver of NVIDIA's, or an onnxruntime-gpu for the CUDA that it serves",
        )
    return None


def _major(version: str) -> int:
    """The first number of a version; 0 where it says none."""
    match = re.match(r"\d+", version)
    return int(match[0]) if match else 0


def _named(libraries: list[str]) -> str:
    return f" ({', '.join(libraries)})" if libraries else ""


def _shortened(said: str) -> str:
    text = " ".join(said.split())
    return text if len(text) <= _SAID_CHARACTERS else f"{text[:_SAID_CHARACTERS]} ..."
