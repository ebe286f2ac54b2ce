from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grid_models import SIDE_PX, write_retinaface, write_scrfd, write_yunet

from workers.errors import ModelError
from workers.models.graph import GraphBuilder
from workers.models.session import Session
from workers.models.size_input import with_size_input

PICTURE = np.random.default_rng(3).normal(0, 1, (1, 3, SIDE_PX, SIDE_PX)).astype(np.float32)
STRIDE_PX = 16
CELLS = SIDE_PX // STRIDE_PX


def write_pyramid(path: Path, *, fixed: bool = True, way: str = "rows") -> Path:
    """Two maps, of which the coarser one is enlarged and added, to two rows of four numbers for each cell.

    Args:
        path: Where to write.
        fixed: Whether all lengths are written down, as they are when a model is exported for one size.
        way: What else the size is in: "softmax" brings the width into a shape that can't be opened, "crop"
            cuts the map to its size, "anchors" adds a number to each row.
    """
    side = SIDE_PX if fixed else "S"
    random = np.random.default_rng(2)
    graph = GraphBuilder("pyramid", {"input": [1, 3, side, side]})
    fine = graph.node("AveragePool", "input", kernel_shape=[STRIDE_PX] * 2, strides=[STRIDE_PX] * 2)
    fine = graph.node("Conv", fine, graph.constant(random.normal(0, 1, (8, 3, 1, 1))))
    coarse = graph.node("MaxPool", fine, kernel_shape=[2, 2], strides=[2, 2])
    if fixed:
        sizes = graph.constant([1, 8, CELLS, CELLS], np.int64)
        enlarged = graph.node("Resize", coarse, "", "", sizes, mode="nearest")
    else:
        scales = graph.constant([1, 1, 2, 2])
        enlarged = graph.node("Resize", coarse, "", scales, mode="nearest")
    x = graph.node("Add", fine, enlarged)
    if way == "crop":
        lengths = [graph.constant(value, np.int64) for value in ([0, 0], [CELLS, CELLS], [2, 3])]
        x = graph.node("Slice", x, *lengths)
    if way == "softmax":
        shapes = [graph.constant(shape, np.int64) for shape in ([1, 2, -1, CELLS], [1, 8, -1, CELLS])]
        x = graph.node(
            "Reshape", graph.node("Softmax", graph.node("Reshape", x, shapes[0]), axis=1), shapes[1]
        )
    x = graph.node("Transpose", x, perm=[0, 2, 3, 1])
    rows = 2 * CELLS**2
    x = graph.node("Reshape", x, graph.constant([1, rows if fixed else -1, 4], np.int64))
    if way == "anchors":
        x = graph.node("Add", x, graph.constant(random.normal(0, 1, (1, rows, 4))))
    graph.node("Sigmoid", x, output="rows")
    graph.save(path, {"rows": [1, rows if fixed else "R", 4]})
    return path


@pytest.mark.parametrize("shape", [(SIDE_PX, SIDE_PX), (64, 192), (256, 32)])
def test_a_model_of_one_size_answers_as_one_that_was_made_for_any(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    fixed = write_pyramid(tmp_path / "fixed.onnx")
    content = with_size_input(fixed, PICTURE)
    assert content is not None
    opened, free = (
        Session(fixed, 1, content=content),
        Session(write_pyramid(tmp_path / "free.onnx", fixed=False), 1),
    )
    assert opened.input_shape == (1, 3, None, None)
    picture = np.random.default_rng(4).normal(0, 1, (1, 3, *shape)).astype(np.float32)
    assert opened.run(None, picture)[0] == pytest.approx(free.run(None, picture)[0], abs=1e-6)


@pytest.mark.parametrize("batch", ["N", 1])
def test_a_shape_that_begins_with_the_batch_stays_so(tmp_path: Path, batch: str | int) -> None:
    random = np.random.default_rng(2)
    graph = GraphBuilder("cells", {"input": [batch, 3, SIDE_PX, SIDE_PX]})
    weights = graph.constant(random.normal(0, 1, (4, 3, STRIDE_PX, STRIDE_PX)))
    x = graph.node("Conv", "input", weights, kernel_shape=[STRIDE_PX] * 2, strides=[STRIDE_PX] * 2)
    x = graph.node("Transpose", x, perm=[0, 2, 3, 1])
    graph.node("Reshape", x, graph.constant([0, -1, 4], np.int64), output="rows")
    graph.save(path := tmp_path / "cells.onnx", {"rows": [batch, CELLS**2, 4]})
    rewritten = with_size_input(path, PICTURE)
    assert rewritten is not None
    large = np.tile(PICTURE, (1, 1, 2, 1))
    (rows,) = Session(path, content=rewritten).run(None, large)
    assert rows.shape == (1, 2 * CELLS**2, 4)


@pytest.mark.parametrize("way", ["softmax", "crop", "anchors"])
def test_a_model_in_which_the_size_is_elsewhere_is_not_rewritten_and_tried_once(
    tmp_path: Path, way: str
) -> None:
    path, cache = write_pyramid(tmp_path / "model.onnx", way=way), tmp_path / "cache"
    assert with_size_input(path, PICTURE, cache) is None
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    assert with_size_input(path, PICTURE, cache) is None
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize("kind", ["scrfd", "flat", "yunet"])
def test_signatures_of_known_detectors_are_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "detector.onnx"
    write_yunet(path) if kind == "yunet" else write_scrfd(path, flat=kind == "flat")
    content = with_size_input(path, PICTURE)
    assert content is not None
    before = Session(path, 1).run(None, PICTURE)
    after = Session(path, 1, content=content).run(None, np.concatenate([PICTURE] * 2, axis=2))
    for one, other in zip(before, after, strict=True):
        # A picture below another: the first has the answers that it has alone.
        rows = one.shape[-2]
        assert other.shape[-2] == 2 * rows
        assert other[..., :rows, :] == pytest.approx(one, abs=1e-5)


def test_prior_boxes_that_are_part_of_the_graph_fix_its_size(tmp_path: Path) -> None:
    assert with_size_input(write_retinaface(tmp_path / "retinaface.onnx"), PICTURE) is None


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.onnx").write_text("<html>")
    with pytest.raises(ModelError, match=r"page\.onnx: can't be read as an ONNX model"):
        with_size_input(tmp_path / "page.onnx", PICTURE)
