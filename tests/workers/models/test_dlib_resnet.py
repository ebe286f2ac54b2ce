"""The rebuilt network against dlib itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from face_pictures import package_file

from workers.errors import WeightsError
from workers.models.build import built_folder
from workers.models.dlib_resnet import build_dlib_resnet
from workers.models.embedder import OnnxEmbedder
from workers.models.pack import Pack
from workers.models.session import Session

Image = npt.NDArray[np.uint8]
WEIGHTS = "models/dlib_face_recognition_resnet_model_v1.dat"


@pytest.fixture(scope="module")
def weights() -> Path:
    return package_file("face_recognition_models", WEIGHTS)


@pytest.fixture(scope="module")
def dlib_model(weights: Path) -> Any:
    dlib = pytest.importorskip("dlib", reason="dlib-bin, the reference, is not installed")
    return dlib.face_recognition_model_v1(str(weights))


@pytest.fixture(scope="module")
def onnx_path(open_pack: Pack, model_cache: Path) -> Path:
    return built_folder(open_pack.manifest, model_cache) / "dlib_resnet29.onnx"


def dlib_vector(dlib_model: Any, chip_bgr: Image) -> npt.NDArray[np.float64]:
    return np.array(dlib_model.compute_face_descriptor(np.ascontiguousarray(chip_bgr[..., ::-1])))


def artificial_chips() -> list[Image]:
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (150, 150, 3)).astype(np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, 150, dtype=np.uint8)[:, None, None], (150, 150, 3))
    red = np.zeros((150, 150, 3), np.uint8)
    red[..., 2] = 255
    return [noise, noise // 4, np.ascontiguousarray(ramp), red]


def test_faces_get_dlibs_own_vectors(
    dlib_model: Any, onnx_path: Path, open_pack: Pack, group_chips: list[Image]
) -> None:
    part = open_pack.manifest.embedder.model_copy(update={"mirror": False})
    ours = OnnxEmbedder(onnx_path, part, threads=1).embed(group_chips)
    for chip, vector in zip(group_chips, ours, strict=True):
        reference = dlib_vector(dlib_model, chip)
        assert np.abs(vector - reference / np.linalg.norm(reference)).max() < 1e-5


def test_noise_ramps_and_colours_get_dlibs_own_vectors_before_normalising(
    dlib_model: Any, onnx_path: Path
) -> None:
    session = Session(onnx_path, threads=1)
    for chip in artificial_chips():
        image = (chip[..., ::-1].astype(np.float32) - (122.782, 117.001, 104.298)) / 256
        (vector,) = session.run(["embedding"], image.transpose(2, 0, 1)[None].astype(np.float32))
        assert np.abs(vector[0] - dlib_vector(dlib_model, chip)).max() < 1e-5


@pytest.mark.parametrize("share", [0.0, 1e-5, 0.3, 0.999])
def test_file_that_was_cut_off_is_refused(weights: Path, tmp_path: Path, share: float) -> None:
    data = weights.read_bytes()
    damaged = tmp_path / "cut.dat"
    damaged.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match=r"cut\.dat: .*Reinstall") as caught:
        build_dlib_resnet(damaged, tmp_path / "model.onnx")
    assert caught.value.path == damaged
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("behind", [2, 40])
def test_file_with_bytes_that_are_no_numbers_is_refused(weights: Path, tmp_path: Path, behind: int) -> None:
    data = bytearray(weights.read_bytes())
    at = data.index(b"con_4") + len(b"con_4") + behind
    data[at : at + 64] = b"\xff" * 64
    damaged = tmp_path / "damaged.dat"
    damaged.write_bytes(data)
    with pytest.raises(WeightsError, match="'con_4' is damaged"):
        build_dlib_resnet(damaged, tmp_path / "model.onnx")


def test_another_network_of_dlib_is_refused(tmp_path: Path) -> None:
    other = package_file("face_recognition_models", "models/mmod_human_face_detector.dat")
    with pytest.raises(WeightsError, match="Reinstall the package face_recognition_models"):
        build_dlib_resnet(other, tmp_path / "model.onnx")
