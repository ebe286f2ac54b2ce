"""What ONNX Runtime can run models on."""

from __future__ import annotations

import onnxruntime


def available_providers() -> tuple[str, ...]:
    """Execution providers that this build of ONNX Runtime has, the preferred one first.

    Whether one really runs shows only when a model is loaded: `Pack.providers`.
    """
    return tuple(onnxruntime.get_available_providers())
