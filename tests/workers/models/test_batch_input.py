from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grid_models import SIDE_PX, write_embedder, write_mixing_scrfd, write_scrfd, write_yunet

from workers.errors import ModelError
from workers.models.batch_input import with_batch_input
from workers.models.session import Session

PICTURES = np.random.default_rng(3).normal(0, 1, (3, 3, SIDE_PX, SIDE_PX)).astype(np.float32)


@pytest.mark.parametrize("kind", ["flat", "fixed", "open"])
def test_each_picture_gets_the_answers_that_it_gets_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "detector.onnx"
    write_yunet(path) if kind == "fixed" else write_scrfd(path, flat=kind == "flat")
    content = with_batch_input(path, PICTURES)
    assert content is not None
    original, several = Session(path, 1), Session(path, 1, content=content)
    assert several.input_shape == (None, 3, SIDE_PX, SIDE_PX)
    # None of those that it was tried out on.
    others = PICTURES[:, ::-1, ::-1] * 2
    together = several.run(None, np.ascontiguousarray(others))
    for k in range(3):
        alone = original.run(None, np.ascontiguousarray(others[k : k + 1]))
        for one, all_ in zip(alone, together, strict=True):
            assert all_[k] == pytest.approx(one.reshape(all_[k].shape), abs=1e-5)


@pytest.mark.parametrize("write", [write_mixing_scrfd, write_embedder])
def test_what_cannot_be_rewritten_gives_nothing_and_is_tried_once(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path, cache = write(tmp_path / "model.onnx"), tmp_path / "cache"
    pictures = np.zeros((2, 3, 112, 112), np.float32) if write is write_embedder else PICTURES
    assert with_batch_input(path, pictures, cache) is None
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    assert with_batch_input(path, pictures, cache) is None
    assert kept.stat().st_mtime_ns == written


def test_a_model_that_mixes_pictures_is_not_used(tmp_path: Path) -> None:
    assert with_batch_input(write_mixing_scrfd(tmp_path / "mixing.onnx"), PICTURES) is None


def test_a_damaged_file_in_the_cache_is_made_anew(tmp_path: Path) -> None:
    path, cache = write_scrfd(tmp_path / "scrfd.onnx", flat=True), tmp_path / "cache"
    content = with_batch_input(path, PICTURES, cache)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-100])
    assert with_batch_input(path, PICTURES, cache) == content
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    path, cache = write_scrfd(tmp_path / "scrfd.onnx", flat=True), tmp_path / "file"
    cache.write_text("no folder")
    assert with_batch_input(path, PICTURES, cache) == with_batch_input(path, PICTURES)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.onnx").write_text("<html>")
    with pytest.raises(ModelError, match=r"page\.onnx: can't be read as an ONNX model"):
        with_batch_input(tmp_path / "page.onnx", PICTURES)
