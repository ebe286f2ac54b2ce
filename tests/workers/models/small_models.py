"""Small real ONNX models, whose output is known without running them, and manifests around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from workers.models.graph import GraphBuilder
from workers.models.manifest import EmbedderPart

INPUT_PX = 16
TEMPLATE = ((5.0, 6.0), (11.0, 6.0), (8.0, 9.0), (6.0, 12.0), (10.0, 12.0))


def embedder_part(**changes: Any) -> EmbedderPart:
    """Preprocessing that leaves the pixels as they are, unless told otherwise."""
    facts: dict[str, Any] = {
        "file": "model.onnx",
        "input_px": INPUT_PX,
        "dimension": 3,
        "colours": "bgr",
        "mean": (0.0, 0.0, 0.0),
        "scale": 1.0,
        "mirror": False,
        "template": TEMPLATE,
    }
    return EmbedderPart(**{**facts, **changes})


def write_mean_model(path: Path) -> Path:
    """Image (N, 3, 16, 16) to the mean of each channel, (N, 3)."""
    graph = GraphBuilder("means", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    graph.node("Flatten", graph.node("GlobalAveragePool", "image"), output="means")
    graph.save(path, {"means": ["N", 3]})
    return path


def write_columns_model(path: Path) -> Path:
    """Image (N, 3, 16, 16) to the mean of each column, (N, 16): what is left and what is right."""
    graph = GraphBuilder("columns", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    graph.node("ReduceMean", "image", axes=[1, 2], keepdims=0, output="columns")
    graph.save(path, {"columns": ["N", INPUT_PX]})
    return path


def write_scaled_model(path: Path, factors: list[float]) -> Path:
    """Image (N, 3, 16, 16) to the mean of each channel times a factor, (N, 3)."""
    graph = GraphBuilder("scaled", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    means = graph.node("Flatten", graph.node("GlobalAveragePool", "image"))
    graph.node("Mul", means, graph.constant(np.array(factors, np.float32)), output="scaled")
    graph.save(path, {"scaled": ["N", 3]})
    return path
