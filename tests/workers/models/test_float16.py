from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from grid_models import SIDE_PX, write_embedder, write_scrfd

from workers.errors import ModelError
from workers.models.device import Device
from workers.models.float16 import MOST_LOSS, half_parts, suits_float16, with_float16
from workers.models.pack import Pack
from workers.models.session import Session

PICTURES = np.random.default_rng(0).normal(0, 1, (2, 3, 112, 112)).astype(np.float32)


@pytest.mark.parametrize(
    ("loss", "device", "suits"),
    [
        (0.0, "cuda:1", True),
        (0.0, "tensorrt", True),
        (MOST_LOSS, "cuda", False),
        (None, "cuda", False),
        (0.0, "cpu", False),
        (0.0, "openvino", False),
    ],
)
def test_half_precision_is_for_gpus_and_for_models_that_lose_little_by_measurement(
    loss: float | None, device: str, suits: bool
) -> None:
    assert suits_float16(loss, Device.parse(device)) == suits


def test_parts_of_the_built_in_pack_that_were_measured_run_so(open_pack: Pack) -> None:
    assert half_parts(open_pack.manifest, Device.parse("cuda")) == ("embedder",)
    assert half_parts(open_pack.manifest, Device.parse("cpu")) == ()


def test_a_converted_model_takes_and_gives_float32_and_answers_nearly_the_same(tmp_path: Path) -> None:
    path = write_embedder(tmp_path / "rec.onnx")
    content = with_float16(path)
    (before,), (after,) = (Session(path, 1, content=each).run(None, PICTURES) for each in (None, content))
    assert after.dtype == np.float32
    assert (after != before).any()
    assert after == pytest.approx(before, abs=2e-3 * float(np.abs(before).max()))


def test_its_weights_are_half_as_large(tmp_path: Path) -> None:
    path = write_embedder(tmp_path / "rec.onnx", dimension=512)
    model = onnx.load_model_from_string(with_float16(path))
    assert {w.data_type for w in model.graph.initializer} == {onnx.TensorProto.FLOAT16}
    assert len(model.SerializeToString()) < 0.6 * path.stat().st_size


def test_it_is_converted_once(tmp_path: Path) -> None:
    path, cache = write_scrfd(tmp_path / "det.onnx"), tmp_path / "cache"
    content = with_float16(path, cache)
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    assert with_float16(path, cache) == content
    assert kept.stat().st_mtime_ns == written
    picture = np.zeros((1, 3, SIDE_PX, SIDE_PX), np.float32)
    assert len(Session(path, 1, content=content).run(None, picture)) == 9


def test_what_cannot_be_converted_is_refused_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "page.onnx").write_text("<html>")
    with pytest.raises(ModelError, match=r"page\.onnx: can't be converted to float16 .* float16_loss"):
        with_float16(tmp_path / "page.onnx")
