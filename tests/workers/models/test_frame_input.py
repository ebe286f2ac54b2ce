from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.models.byte_input import with_byte_input
from workers.models.detector_parts import GridPart
from workers.models.families import DETECTORS
from workers.models.frame_input import with_frame_input
from workers.models.graph import GraphBuilder
from workers.models.grid_input import GridInput, Takes
from workers.models.session import Session

Images = npt.NDArray[np.uint8]

HEIGHT_PX, WIDTH_PX = 64, 96
PART = GridPart(file="model.onnx", **DETECTORS["scrfd"].facts)
HERE = GridInput(PART, HEIGHT_PX, WIDTH_PX, Takes.BYTES)
THERE = GridInput(PART, HEIGHT_PX, WIDTH_PX, Takes.FRAMES)


def pictures(height: int, width: int, count: int = 1, seed: int = 0) -> list[Images]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8))


def written(folder: Path, opset: int = 17) -> Path:
    """A network that says what it is given."""
    path = folder / f"same-{opset}.onnx"
    graph = GraphBuilder("same", {"image": ["N", 3, HEIGHT_PX, WIDTH_PX]})
    graph.node("Identity", "image", output="same")
    graph.save(path, {"same": ["N", 3, HEIGHT_PX, WIDTH_PX]})
    model = onnx.load(path)
    model.opset_import[0].version = opset
    onnx.save(model, path)
    return path


def taking_frames(path: Path) -> bytes | None:
    return with_frame_input(with_byte_input(path, (0, 0, 0), 1.0, swap=False))


def run(path: Path, given: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    (same,) = Session(path, 1, content=taking_frames(path)).run(None, *given)
    return same.transpose(0, 2, 3, 1)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = written(tmp_path_factory.mktemp("models"))
    return Session(path, 1, content=taking_frames(path))


def both(session: Session, images: list[Images], count: int, share: float) -> tuple[Images, Images]:
    """What the network is given where pictures are fitted here, and where they are fitted in the graph."""
    (here,), scales = HERE.prepared(images, count, share)
    given, same_scales = THERE.prepared(images, count, share)
    assert scales == same_scales
    (same,) = session.run(None, *given)
    return here, same.transpose(0, 2, 3, 1).astype(np.uint8)


@given(
    height=st.integers(1, 200),
    width=st.integers(1, 300),
    share=st.sampled_from([1.0, 0.5]),
    seed=st.integers(0, 1000),
)
def test_the_graph_fits_pictures_as_opencv_does_within_one_level(
    session: Session, height: int, width: int, share: float, seed: int
) -> None:
    here, there = both(session, pictures(height, width, seed=seed), 1, share)
    assert np.abs(here.astype(int) - there).max() <= 1
    # Most are the same: OpenCV counts in steps of 1/2048.
    assert (here != there).mean() < 0.25


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_what_is_scaled_by_a_whole_number_is_the_same(session: Session, factor: int) -> None:
    here, there = both(session, pictures(HEIGHT_PX // 2 * factor, WIDTH_PX * factor), 1, 1.0)
    assert (here == there).all()


def test_pictures_of_one_size_are_fitted_in_one_call(session: Session) -> None:
    images = pictures(100, 100, 3)
    here, there = both(session, images, 4, 1.0)
    assert here.shape == there.shape == (4, HEIGHT_PX, WIDTH_PX, 3)
    assert np.abs(here.astype(int) - there).max() <= 1
    assert there[:3].any(axis=(1, 2, 3)).all()
    assert not there[3].any()


@pytest.mark.parametrize("opset", range(11, 19))
def test_files_of_many_opsets_can_be_rewritten(tmp_path: Path, opset: int) -> None:
    images = pictures(HEIGHT_PX * 2, WIDTH_PX * 2)
    (here,), _ = HERE.prepared(images, 1)
    assert (run(written(tmp_path, opset), THERE.prepared(images, 1)[0]) == here).all()


@pytest.mark.parametrize("opset", [9, 19])
def test_a_file_whose_opset_has_other_operators_is_left_as_it_is(tmp_path: Path, opset: int) -> None:
    assert taking_frames(written(tmp_path, opset)) is None


def test_behind_the_fitting_all_shapes_are_known(tmp_path: Path) -> None:
    content = taking_frames(written(tmp_path))
    assert content is not None
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in onnx.shape_inference.infer_shapes(onnx.load_model_from_string(content)).graph.value_info
    }
    assert shapes["image"][1:] == [3, HEIGHT_PX, WIDTH_PX]


def test_large_pictures_and_those_of_several_sizes_are_fitted_before(session: Session) -> None:
    small, large = pictures(100, 100)[0], pictures(HEIGHT_PX * 3, WIDTH_PX * 3)[0]
    for images, whole in (([small], True), ([large], False), ([small, small[1:]], False)):
        given, _ = THERE.prepared(images, len(images))
        assert given[0].shape[1:] == (images[0].shape if whole else (HEIGHT_PX, WIDTH_PX, 3))
        here, there = both(session, images, len(images), 1.0)
        assert np.abs(here.astype(int) - there).max() <= (1 if whole else 0)
