"""ONNX Runtime sessions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from workers.errors import InferenceError, ModelError

FloatArray = npt.NDArray[np.float32]


class Session:
    """One ONNX model, loaded and ready to run on the CPU.

    Args:
        path: The model file.
        threads: Threads for one call; default: as many as this process may use.

    Raises:
        ModelError: If the file is not a model that ONNX Runtime can load.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.inter_op_num_threads = 1
        # Idle threads that spin steal the cores of decoding and tracking.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._path = path
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ModelError(f"{path}: ONNX Runtime can't load this model: {error}") from error
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

    def run(self, outputs: list[str] | None, image: FloatArray) -> list[FloatArray]:
        """Run the model on one batch.

        Args:
            outputs: Names of the outputs wanted, or None for all in the model's order.
            image: float32 (N, C, H, W).

        Raises:
            InferenceError: If the model refuses the input.
        """
        try:
            result: list[Any] = self._session.run(outputs, {self.input_name: image})
        except Exception as error:
            raise InferenceError(
                f"{self._path.name}: failed on an input of shape {image.shape}: {error}",
                model=self._path.name,
            ) from error
        return result


def available_cores() -> int:
    """Cores that this process may run on, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)
