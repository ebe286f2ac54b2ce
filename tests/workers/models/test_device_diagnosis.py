from __future__ import annotations

from dataclasses import replace

import pytest

from workers.models.device import CPU, Device
from workers.models.device_diagnosis import RuntimeFacts, diagnose, obstacle

CUDA = Device.parse("cuda")
INSTALL = "pip install 'onnxruntime-gpu[cuda,cudnn]'"
PLAIN = RuntimeFacts(("onnxruntime",), ("AzureExecutionProvider", "CPUExecutionProvider"), "linux")
GPU = RuntimeFacts(
    wheels=("onnxruntime-gpu",),
    providers=("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
    platform="linux",
    cuda_build="13.0",
    cuda_driver="13.0",
    gpus=("NVIDIA H200", "NVIDIA L4"),
)
# As ONNX Runtime 1.31 writes it.
NO_LIBRARY = (
    "2026-11-27 03:00:58.587 [E:onnxruntime:Default, provider_bridge_ort.cc:2458 operator()] "
    "onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library "
    "/venv/onnxruntime/capi/libonnxruntime_providers_cuda.so with error: {}: cannot open shared object file: "
    "No such file or directory"
)


def said(*libraries: str, also: str = "") -> RuntimeFacts:
    return replace(GPU, said="\n".join([*map(NO_LIBRARY.format, libraries), also]))


@pytest.mark.parametrize(
    ("written", "facts", "cause", "mend"),
    [
        pytest.param(
            "cuda",
            PLAIN,
            "the installed wheel onnxruntime runs on the CPU only; cuda needs onnxruntime-gpu",
            f"pip uninstall -y onnxruntime && {INSTALL}",
            id="plain-wheel",
        ),
        pytest.param(
            "tensorrt",
            PLAIN,
            "the installed wheel onnxruntime runs on the CPU only; tensorrt needs onnxruntime-gpu",
            f"pip uninstall -y onnxruntime && {INSTALL} 'tensorrt-cu13<11', and put the folder tensorrt_libs",
            id="tensorrt-with-plain-wheel",
        ),
        pytest.param(
            "cuda",
            replace(PLAIN, wheels=("onnxruntime", "onnxruntime-gpu")),
            "onnxruntime, onnxruntime-gpu are installed together and overwrite each other's files",
            f"pip uninstall -y onnxruntime onnxruntime-gpu && {INSTALL}",
            id="both-wheels",
        ),
        pytest.param(
            "cuda",
            replace(PLAIN, wheels=()),
            "this build of ONNX Runtime has no CUDAExecutionProvider",
            INSTALL,
            id="built-by-hand",
        ),
        pytest.param(
            "openvino",
            PLAIN,
            "openvino needs onnxruntime-openvino",
            "pip uninstall -y onnxruntime && pip install onnxruntime-openvino",
            id="openvino",
        ),
        pytest.param("coreml", PLAIN, "on macOS only", "--device auto", id="coreml-on-linux"),
        pytest.param(
            "coreml",
            replace(PLAIN, platform="darwin"),
            "the installed wheel onnxruntime has no CoreMLExecutionProvider on this system",
            "--device auto",
            id="coreml-not-built",
        ),
        pytest.param("cuda:1", replace(GPU, platform="darwin"), "no CUDA", "--device auto", id="mac"),
        pytest.param(
            "cuda",
            replace(GPU, cuda_driver="", gpus=()),
            "there is no NVIDIA driver here",
            "docker run --gpus all",
            id="no-driver",
        ),
        pytest.param("tensorrt", replace(GPU, gpus=()), "shows no GPU", "CUDA_VISIBLE_DEVICES", id="no-gpu"),
        pytest.param(
            "cuda:2",
            GPU,
            "there is no GPU number 2, but 0: NVIDIA H200, 1: NVIDIA L4",
            "--device cuda:0",
            id="number",
        ),
        pytest.param(
            "cuda",
            replace(GPU, cuda_driver="12.4"),
            "NVIDIA's driver serves CUDA 12.4 at most, and this ONNX Runtime is built for CUDA 13.0",
            "newer driver",
            id="old-driver",
        ),
    ],
)
def test_what_stands_in_the_way_is_named_before_anything_is_tried(
    written: str, facts: RuntimeFacts, cause: str, mend: str
) -> None:
    found = obstacle(Device.parse(written), facts)
    assert found is not None
    assert cause in found.cause
    assert mend in found.mend
    assert diagnose(Device.parse(written), replace(facts, said="whatever")) == found


@pytest.mark.parametrize(("device", "facts"), [(CPU, PLAIN), (CUDA, GPU), (Device.parse("tensorrt:1"), GPU)])
def test_where_nothing_is_known_to_stand_in_the_way_it_is_tried(device: Device, facts: RuntimeFacts) -> None:
    assert obstacle(device, facts) is None


@pytest.mark.parametrize(
    ("written", "facts", "cause", "mend"),
    [
        pytest.param(
            "cuda",
            said("libcublasLt.so.13", "libcublasLt.so.13"),
            "CUDA's libraries are missing or can't be loaded (libcublasLt.so.13)",
            INSTALL,
            id="cuda",
        ),
        pytest.param(
            "cuda",
            said("libcudnn.so.9"),
            "cuDNN is missing or can't be loaded (libcudnn.so.9)",
            INSTALL,
            id="cudnn",
        ),
        pytest.param(
            "cuda", said(also="CUDNN_STATUS_NOT_INITIALIZED"), "cuDNN is missing", INSTALL, id="cudnn-fails"
        ),
        pytest.param(
            "tensorrt",
            said("libcublas.so.13", also="Please install TensorRT libraries"),
            "CUDA's libraries are missing",
            INSTALL,
            id="tensorrt-without-cuda",
        ),
        pytest.param(
            "tensorrt",
            said("libnvinfer.so.10"),
            "TensorRT's libraries are missing (libnvinfer.so.10)",
            f"{INSTALL} 'tensorrt-cu13<11', and put the folder tensorrt_libs",
            id="tensorrt",
        ),
        pytest.param(
            "tensorrt",
            replace(said("libnvinfer.so.8"), cuda_build="12.4"),
            "TensorRT's libraries are missing (libnvinfer.so.8)",
            "'tensorrt-cu12<9'",
            id="older-tensorrt",
        ),
        pytest.param(
            "cuda",
            replace(said(), wheels=("onnxruntime", "onnxruntime-gpu")),
            "overwrite each other's files",
            f"pip uninstall -y onnxruntime onnxruntime-gpu && {INSTALL}",
            id="mixed-files",
        ),
        pytest.param(
            "cuda",
            said(also="no kernel image is available"),
            "ONNX Runtime has CUDAExecutionProvider, and fell back to the CPU: no kernel image is available",
            f"pip uninstall -y onnxruntime-gpu && {INSTALL}",
            id="unknown",
        ),
        pytest.param("cuda", GPU, "didn't say why", "--device cpu", id="silence"),
    ],
)
def test_what_was_said_when_it_was_tried_tells_the_cause(
    written: str, facts: RuntimeFacts, cause: str, mend: str
) -> None:
    found = diagnose(Device.parse(written), facts)
    assert cause in found.cause
    assert mend in found.mend
    assert str(found) == f"{found.cause}. Mend: {found.mend}"


def test_a_long_text_is_cut() -> None:
    assert len(diagnose(CUDA, replace(GPU, said="all is lost " * 1000)).cause) < 600
