from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import INPUT_PX, embedder_part, write_mean_model

from workers.errors import ModelError
from workers.models.build import built_path
from workers.models.byte_input import with_byte_input
from workers.models.graph import GraphBuilder
from workers.models.pack import Pack
from workers.models.session import Session

Pictures = npt.NDArray[np.uint8]


def pictures(count: int, side_px: int = INPUT_PX, seed: int = 0) -> Pictures:
    return np.random.default_rng(seed).integers(0, 256, (count, side_px, side_px, 3), np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Says what it is given: the mean of each channel."""
    return write_mean_model(tmp_path_factory.mktemp("models") / "means.onnx")


@given(
    mean=st.tuples(*[st.floats(0, 255, width=32)] * 3),
    scale=st.floats(2**-9, 1, width=32),
    swap=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_graph_prepares_pictures_as_opencv_does(
    model: Path, mean: tuple[float, float, float], scale: float, swap: bool, seed: int
) -> None:
    images = pictures(3, seed=seed)
    blob = cv2.dnn.blobFromImages(list(images), scale, mean=mean, swapRB=swap)
    (expected,) = Session(model, 1).run(None, np.asarray(blob, np.float32))
    session = Session(model, 1, content=with_byte_input(model, mean, scale, swap=swap))
    (found,) = session.run(None, images)
    assert found == pytest.approx(expected, abs=255 * scale * 1e-5 + 1e-6)


def test_the_input_is_a_picture_of_bytes_of_any_number(model: Path) -> None:
    part = embedder_part()
    session = Session(model, 1, content=with_byte_input(model, part.mean, part.scale, swap=False))
    assert session.input_shape == (None, INPUT_PX, INPUT_PX, 3)


def test_vectors_of_a_real_embedder_stay_as_they_are(open_pack: Pack, model_cache: Path) -> None:
    part = open_pack.manifest.embedder
    path = built_path(open_pack.manifest, model_cache) / part.file
    images = pictures(2, part.input_px)
    blob = cv2.dnn.blobFromImages(list(images), part.scale, mean=part.mean, swapRB=part.colours == "rgb")
    (expected,) = Session(path, 1).run(None, np.asarray(blob, np.float32))
    content = with_byte_input(path, part.mean, part.scale, swap=part.colours == "rgb")
    (found,) = Session(path, 1, content=content).run(None, images)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("shape", [["N", 16], ["N", 4, 16, 16]], ids=["flat", "four-colours"])
def test_what_takes_no_picture_is_refused(tmp_path: Path, shape: list[Any]) -> None:
    path = tmp_path / "odd.onnx"
    graph = GraphBuilder("odd", {"x": shape})
    graph.node("Neg", "x", output="y")
    graph.save(path, {"y": shape})
    with pytest.raises(ModelError, match=r"odd\.onnx: its first input is no float32 picture"):
        with_byte_input(path, (0, 0, 0), 1.0, swap=False)


@pytest.mark.parametrize("content", [None, b"not a model"], ids=["missing", "text"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.onnx: can't be read as an ONNX model"):
        with_byte_input(path, (0, 0, 0), 1.0, swap=False)
