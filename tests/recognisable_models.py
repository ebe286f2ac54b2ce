"""Small ONNX models that have the inputs and outputs of known ones: for wiring, and without any accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workers.models.graph import GraphBuilder


def write_scrfd(path: Path, *, seed: int = 0) -> Path:
    """What is taken for SCRFD: a picture of 64 px to scores, boxes and landmarks of three grids; no faces."""
    graph = GraphBuilder("scrfd", {"image": [1, 3, 64, 64]})
    mean = graph.node("Flatten", graph.node("GlobalAveragePool", "image"))
    outputs: dict[str, list[str | int]] = {}
    for columns in (1, 4, 10):
        for stride in (8, 16, 32):
            name = f"out{columns}_{stride}"
            weights = np.full((3, columns), seed + columns / stride, np.float32)
            # Two answers for every cell; of one number are scores, which are far below those of faces.
            cells = graph.constant(np.full((2 * (64 // stride) ** 2, columns), -20.0))
            answer = graph.node("Add", graph.node("MatMul", mean, graph.constant(weights)), cells)
            graph.node("Sigmoid" if columns == 1 else "Identity", answer, output=name)
            outputs[name] = ["cells", columns]
    graph.save(path, outputs)
    return path


def write_arcface(path: Path, *, seed: int = 0, dimension: int = 128, size_px: int = 112) -> Path:
    """What is taken for ArcFace: faces of 112 px, or another size, to vectors."""
    weights = np.random.default_rng(seed).normal(size=(3, dimension)).astype(np.float32)
    graph = GraphBuilder("arcface", {"image": ["N", 3, size_px, size_px]})
    mean = graph.node("Flatten", graph.node("GlobalAveragePool", "image"))
    graph.node("MatMul", mean, graph.constant(weights), output="vector")
    graph.save(path, {"vector": ["N", dimension]})
    return path
