"""Answers of a detector that are no numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from grid_models import SIDE_PX, put_before, write_retinaface, write_scrfd, write_yunet
from onnx import numpy_helper

from workers.errors import InferenceError, ModelError
from workers.models.detector_parts import GridPart
from workers.models.families import DETECTORS
from workers.models.grid_answer import GridAnswer
from workers.models.grid_detector import GridDetector


def part(kind: str) -> GridPart:
    return GridPart(file="model.onnx", **{"input_px": SIDE_PX, **DETECTORS[kind].facts})


def nan_where_bright(path: Path) -> Path:
    """One that works on dark pictures alone: it takes roots, and bright pixels are below zero."""
    return put_before(
        write_scrfd(path),
        onnx.helper.make_node("Neg", ["input"], ["dark"]),
        onnx.helper.make_node("Sqrt", ["dark"], ["rooted"]),
    )


def test_answers_that_are_no_numbers_are_an_error_and_not_a_picture_without_faces(tmp_path: Path) -> None:
    detector = GridDetector(nan_where_bright(tmp_path / "scrfd.onnx"), part("scrfd"), 1)
    detector.detect([np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)], 0)
    white = np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8)
    with pytest.raises(InferenceError, match=r"scrfd\.onnx: an output holds nothing but NaN") as caught:
        detector.detect([white], 0)
    assert caught.value.model == "scrfd.onnx"
    with pytest.raises(InferenceError, match="nothing but NaN"):
        detector.refine(white, np.array([[10, 10, 60, 60]], np.float32))


@pytest.mark.parametrize("decoding", ["scrfd", "yunet", "retinaface"])
def test_a_model_whose_answers_are_never_numbers_is_refused(tmp_path: Path, decoding: str) -> None:
    write = {"scrfd": write_scrfd, "yunet": write_yunet, "retinaface": write_retinaface}[decoding]
    path = write(tmp_path / "detector.onnx")
    model = onnx.load(path)
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32:
            weights.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), weights.name))
    onnx.save(model, path)
    with pytest.raises(ModelError, match=r"detector\.onnx: .*: an output holds nothing but NaN"):
        GridDetector(path, part(decoding), 1)


def test_single_cells_that_are_no_numbers_are_passed_over() -> None:
    # Two answers for each of 8x8, 4x4 and 2x2 cells; one face of 32 px.
    rows = (128, 32, 8)
    scores = [np.zeros((count, 1), np.float32) for count in rows]
    sides = [np.full((count, 4), 2, np.float32) for count in rows]
    scores[0][50] = 0.9
    for output in (*scores, *sides):
        output[0] = np.nan
    (face,) = GridAnswer([*scores, *sides], (1.0, 1.0), (64, 64), part("scrfd"), "scrfd.onnx").faces(0.5)
    assert face.score == pytest.approx(0.9)
    scores[2][:] = np.nan
    with pytest.raises(InferenceError, match="nothing but NaN"):
        GridAnswer([*scores, *sides], (1.0, 1.0), (64, 64), part("scrfd"), "scrfd.onnx").faces(0.5)
