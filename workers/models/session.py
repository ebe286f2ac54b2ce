"""ONNX Runtime sessions."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from workers.errors import DeviceError, InferenceError, ModelError
from workers.models.device import CPU, Device
from workers.models.providers import available_providers, runtime_wheels
from workers.models.runtime_words import mend_of, plain_words

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]


class Session:
    """One ONNX model, loaded and ready to run.

    Args:
        path: The model file.
        threads: Threads for one call; default: as many as this process may use.
        device: What it runs on.
        content: The model, where it is not what the file holds.

    Raises:
        DeviceError: If it doesn't run on the device; ONNX Runtime itself would silently take the CPU.
        ModelError: If the file is not a model that ONNX Runtime can load.
    """

    def __init__(
        self, path: Path, threads: int | None = None, device: Device = CPU, content: bytes | None = None
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.inter_op_num_threads = 1
        # Idle threads that spin steal the cores of decoding and tracking.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        if device != CPU:
            options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
            if device.provider not in available_providers():
                raise _not_running(path, device, "this ONNX Runtime has no such provider")
        self._path = path

        def load(model: bytes | str) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(
                model, options, providers=device.session_providers(), enable_fallback=False
            )

        try:
            self._session = load(content or str(path))
            if self._session.get_overridable_initializers():
                # Late: few models are such, and onnx takes long to load.
                from workers.models.constant_weights import with_constant_weights

                # What can't be changed runs as it is, only slower.
                with contextlib.suppress(Exception):
                    self._session = load(with_constant_weights(content or path.read_bytes()))
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ModelError(
                f"{path}: ONNX Runtime can't load this model: {plain_words(error)}.",
                mend=mend_of(error, path, next(iter(runtime_wheels()), "onnxruntime")),
            ) from error
        if device.provider not in self.providers:
            raise _not_running(path, device, f"ONNX Runtime loaded it for {', '.join(self.providers)}")
        if device != CPU and not self._has_work_for(device):
            raise _not_running(path, device, "the provider is there, and none of the model's operators on it")
        self._inputs = {node.name: node for node in self._session.get_inputs()}

    @property
    def providers(self) -> tuple[str, ...]:
        """Execution providers in use, the preferred one first."""
        return tuple(self._session.get_providers())

    @property
    def input_name(self) -> str:
        """Name of the first input."""
        return str(next(iter(self._inputs)))

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the first input, None where any length will do."""
        shape = next(iter(self._inputs.values())).shape
        return tuple(length if isinstance(length, int) else None for length in shape)

    @property
    def output_shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of the outputs in the model's order, None where the model doesn't say a length."""
        return tuple(
            tuple(length if isinstance(length, int) else None for length in node.shape)
            for node in self._session.get_outputs()
        )

    def run(
        self, outputs: list[str] | None, image: FloatArray | ByteArray, *others: npt.NDArray[Any]
    ) -> list[FloatArray]:
        """Run the model on one batch.

        Args:
            outputs: Names of the outputs wanted, or None for all in the model's order.
            image: float32 (N, C, H, W), or uint8 (N, H, W, C) where the model takes bytes.
            others: What its other inputs take, in the model's order.

        Raises:
            InferenceError: If the model refuses the input.
        """
        try:
            result: list[Any] = self._session.run(
                outputs, dict(zip(self._inputs, (image, *others), strict=False))
            )
        except Exception as error:
            raise InferenceError(
                f"{self._path.name}: failed on an input of shape {image.shape}: {plain_words(error)}",
                model=self._path.name,
            ) from error
        return result

    def _has_work_for(self, device: Device) -> bool:
        """Whether operators run there. A provider can be loaded and leave all of them to the CPU."""
        # Since 1.24; before, nothing tells.
        assigned = getattr(self._session, "get_provider_graph_assignment_info", None)
        return assigned is None or any(part.ep_name == device.provider for part in assigned())


def _not_running(path: Path, device: Device, what: str) -> DeviceError:
    return DeviceError(
        f"{path}: does not run on {device}: {what}",
        device=str(device),
        mend=f"`facestream doctor --device {device}` says what is wrong; --device cpu does without",
    )


def available_cores() -> int:
    """Cores that this process may run on, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)
