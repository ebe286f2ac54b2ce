"""What there is to run models with: looked up, and tried."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from workers.errors import ModelError
from workers.models.device import CPU, Device, DeviceKind
from workers.models.device_choice import CANDIDATES, DeviceChoice, choose_device
from workers.models.device_diagnosis import RuntimeFacts
from workers.models.providers import available_providers, runtime_wheels
from workers.models.session import Session

_log = logging.getLogger(__name__)

_PATIENCE_S = 300.0
_FATAL, _WARNING = 4, 2


@functools.cache
def resolve_device(asked: Device) -> DeviceChoice:
    """The device that models run on; tried once for each process.

    Raises:
        DeviceError: If a device that was asked for by name doesn't run models: why, and what mends it.
    """
    if asked.kind is DeviceKind.CPU:
        return DeviceChoice(CPU)
    if asked.kind is DeviceKind.AUTO and not {d.provider for d in CANDIDATES} & {*available_providers()}:
        choice = DeviceChoice(CPU, auto=True)
    else:
        _preload_libraries()
        choice = choose_device(asked, runtime_facts(), attempt)
    _log.info("models run on %s", choice)
    if choice.passed_over:
        _log.warning("%s", choice.passed_over)
    return choice


def runtime_facts() -> RuntimeFacts:
    """Look the facts up; nothing is tried."""
    driver, gpus = _nvidia()
    return RuntimeFacts(
        wheels=runtime_wheels(),
        providers=available_providers(),
        platform=sys.platform,
        cuda_build=_cuda_build(),
        cuda_driver=driver,
        gpus=gpus,
    )


def attempt(device: Device) -> str:
    """Run a small model on a device; returns nothing if that went well, else what was said."""
    # ONNX Runtime writes its reasons where only another process can read them.
    onnxruntime.set_default_logger_severity(_FATAL)
    try:
        run_small_model(device)
    except ModelError as error:
        return _said_by_another_process(device) or str(error)
    finally:
        onnxruntime.set_default_logger_severity(_WARNING)
    return ""


def run_small_model(device: Device) -> None:
    """Load and run one convolution on a device.

    Raises:
        ModelError: If it doesn't run there.
    """
    from workers.models.graph import GraphBuilder

    with tempfile.TemporaryDirectory(prefix="facestream-device-") as folder:
        path = Path(folder) / "small.onnx"
        graph = GraphBuilder("small", {"picture": ["N", 3, 16, 16]})
        weights = graph.constant(np.ones((8, 3, 3, 3), np.float32))
        graph.node("Relu", graph.node("Conv", "picture", weights), output="maps")
        graph.save(path, {"maps": ["N", 8, 14, 14]})
        Session(path, 1, device).run(None, np.ones((1, 3, 16, 16), np.float32))


def _said_by_another_process(device: Device) -> str:
    code = (
        "from workers.models import device_probe as probe; from workers.models.device import Device; "
        f"probe._preload_libraries(); probe.run_small_model(Device.parse({str(device)!r}))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stderr).strip() if done.returncode else ""


@functools.cache
def _preload_libraries() -> None:
    """Load CUDA and cuDNN from the wheels that bring them, where ONNX Runtime itself doesn't look."""
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None or not _cuda_build():
        return
    said = io.StringIO()
    # It prints what it doesn't find, also what nobody needs.
    with contextlib.redirect_stdout(said):
        preload()
    _log.debug("preload: %s", said.getvalue().strip())


def _cuda_build() -> str:
    return str(getattr(onnxruntime, "cuda_version", "") or "")


def _nvidia() -> tuple[str, tuple[str, ...]]:
    """Newest CUDA that the driver serves, and names of the GPUs; empty without a driver."""
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "", ()
    version, count = ctypes.c_int(), ctypes.c_int()
    if cuda.cuDriverGetVersion(ctypes.byref(version)):
        return "", ()
    written = f"{version.value // 1000}.{version.value % 1000 // 10}"
    # Fails where the driver's library is there, as in an image, and no GPU.
    if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
        return written, ()
    return written, tuple(_gpu_name(cuda, number) for number in range(count.value))


def _gpu_name(cuda: ctypes.CDLL, number: int) -> str:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    if cuda.cuDeviceGet(ctypes.byref(device), number) or cuda.cuDeviceGetName(name, len(name), device):
        return "a GPU without a name"
    return name.value.decode(errors="replace")
