"""Small real ONNX models, whose output is known without running them, and manifests around them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from workers.models.graph import GraphBuilder
from workers.models.manifest_parts import EmbedderPart

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


def write_columns_model(path: Path, batch: str | int = "N", height_px: int = INPUT_PX) -> Path:
    """Image (N, 3, 16, 16) to the mean of each column, (N, 16): what is left and what is right."""
    graph = GraphBuilder("columns", {"image": [batch, 3, height_px, INPUT_PX]})
    graph.node("ReduceMean", "image", axes=[1, 2], keepdims=0, output="columns")
    graph.save(path, {"columns": [batch, INPUT_PX]})
    return path


def write_scaled_model(path: Path, factors: list[float]) -> Path:
    """Image (N, 3, 16, 16) to the mean of each channel times a factor, (N, 3)."""
    graph = GraphBuilder("scaled", {"image": ["N", 3, INPUT_PX, INPUT_PX]})
    means = graph.node("Flatten", graph.node("GlobalAveragePool", "image"))
    graph.node("Mul", means, graph.constant(np.array(factors, np.float32)), output="scaled")
    graph.save(path, {"scaled": ["N", 3]})
    return path


def write_pack(folder: Path, networks: Path, **changes: str) -> Path:
    """A pack with the three real networks of MTCNN and a small embedder, all of them in its folder.

    Args:
        folder: Where to write; must exist.
        networks: A folder with the networks.
        changes: Lines of the manifest in place of those with the same key.
    """
    files = [folder / f"{name}.onnx" for name in ("pnet", "rnet", "onet")]
    for file in files:
        file.write_bytes((networks / file.name).read_bytes())
    files.append(write_mean_model(folder / "means.onnx"))
    lines = {
        "calibration": "genuine = 0.8\nimpostor = 0.1\nspread = 0.05",
        "thresholds": "thresholds = [0.6, 0.7, 0.6]",
        "dimension": "dimension = 3",
    } | changes
    text = f"""
schema = 1
name = "small"
title = "Small models"
model_id = "small-v1"
[licence]
spdx = "MIT"
commercial_use = true
origin = "made for tests"
[detector]
decoding = "mtcnn"
{lines["thresholds"]}
sure_score = 0.95
files = {{ pnet = "pnet.onnx", rnet = "rnet.onnx", onet = "onet.onnx" }}
[embedder]
file = "means.onnx"
input_px = {INPUT_PX}
{lines["dimension"]}
colours = "bgr"
mean = [0.0, 0.0, 0.0]
scale = 1.0
mirror = false
template = {[list(point) for point in TEMPLATE]}
[calibration]
{lines["calibration"]}
[quality]
founder_px = 20.0
[sha256]
"""
    sums = [f'"{file.name}" = "{hashlib.sha256(file.read_bytes()).hexdigest()}"' for file in files]
    (folder / "manifest.toml").write_text(text + "\n".join(sums), encoding="utf-8")
    return folder
