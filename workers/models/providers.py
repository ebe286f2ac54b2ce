"""What ONNX Runtime can run models on."""

from __future__ import annotations

import re

import onnxruntime


def available_providers() -> tuple[str, ...]:
    """Execution providers that this build of ONNX Runtime has, the preferred one first.

    Whether one really runs shows only when a model is loaded: `Pack.providers`.
    """
    return tuple(onnxruntime.get_available_providers())


def runtime_wheels() -> tuple[str, ...]:
    """Installed distributions that bring ONNX Runtime, normalised names."""
    # Needed where something is wrong alone.
    import importlib.metadata

    found = importlib.metadata.packages_distributions().get("onnxruntime", [])
    return tuple(sorted({re.sub(r"[-_.]+", "-", name).lower() for name in found}))
