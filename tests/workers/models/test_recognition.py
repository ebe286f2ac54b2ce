from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from grid_models import write_embedder, write_grid_model, write_retinaface, write_scrfd, write_yunet

from workers.errors import ManifestError, ModelError, WeightsError
from workers.models.build import file_sha256
from workers.models.detector_parts import GridPart
from workers.models.graph import GraphBuilder
from workers.models.onnx_graph import read_graph
from workers.models.pack import load_pack
from workers.models.recognition import detector_kind, embedder_kind, recognise


def write_attributes(path: Path) -> Path:
    """Age and gender, as they lie in InsightFace's packs."""
    return write_embedder(path, side_px=96, dimension=3)


def write_landmarks(path: Path) -> Path:
    return write_embedder(path, side_px=192, dimension=212)


# What a graph shows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (write_scrfd, "scrfd"),
        (lambda path: write_scrfd(path, landmarks=False), "scrfd"),
        (lambda path: write_scrfd(path, flat=True), "scrfd"),
        (lambda path: write_scrfd(path, batch="N"), "scrfd"),
        (write_yunet, "yunet"),
        (write_retinaface, "retinaface"),
        (write_embedder, None),
        (write_attributes, None),
        (lambda path: write_grid_model(path, {"score": 1, "bbox": 5}), None),
    ],
)
def test_a_detector_is_known_by_its_outputs(
    tmp_path: Path, write: Callable[[Path], Path], kind: str | None
) -> None:
    assert detector_kind(read_graph(write(tmp_path / "model.onnx"))) == kind


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (write_embedder, "arcface"),
        (lambda path: write_embedder(path, dimension=512, batch=1), "arcface"),
        (lambda path: write_embedder(path, normalises=True, dimension=512, name="data"), "arcface"),
        (lambda path: write_embedder(path, normalises=True, name="data"), "sface"),
        (lambda path: write_embedder(path, side_px=128), "arcface"),
        (lambda path: write_embedder(path, side_px=160), None),
        (write_attributes, None),
        (write_landmarks, None),
        (write_scrfd, None),
    ],
)
def test_an_embedder_is_known_by_its_input_and_output(
    tmp_path: Path, write: Callable[[Path], Path], kind: str | None
) -> None:
    assert embedder_kind(read_graph(write(tmp_path / "model.onnx"))) == kind


# A folder -------------------------------------------------------------------------------------------------


def test_a_folder_of_two_models_is_a_pack_and_says_what_was_assumed(tmp_path: Path) -> None:
    folder = tmp_path / "my models"
    folder.mkdir()
    detector, embedder = write_scrfd(folder / "det.onnx"), write_embedder(folder / "w (1).onnx", dimension=96)
    manifest = recognise(folder)
    assert (manifest.name, manifest.title) == ("my-models", "SCRFD + ArcFace")
    assert isinstance(manifest.detector, GridPart)
    assert (manifest.detector.decoding, manifest.detector.file) == ("scrfd", "det.onnx")
    assert manifest.detector.input_px == 128
    assert (manifest.embedder.file, manifest.embedder.dimension, manifest.embedder.input_px) == (
        "w (1).onnx", 96, 112,
    )  # fmt: skip
    assert manifest.embedder.mean == (127.5, 127.5, 127.5)
    assert (manifest.detector.float16_loss, manifest.embedder.float16_loss) == (None, None)
    assert manifest.sha256 == {path.name: file_sha256(path) for path in (detector, embedder)}
    assert manifest.model_id == f"arcface-{file_sha256(embedder)[:16]}"
    assert (manifest.licence.title, manifest.licence.commercial_use) == ("unknown", None)
    said = " ".join(manifest.assumed)
    for words in ("taken for the detector SCRFD", "like ArcFace", "was not measured", "licence"):
        assert words in said
    pack = load_pack(str(folder), tmp_path / "cache", threads=1)
    assert pack.manifest == manifest
    assert pack.embedder.embed([np.full((112, 112, 3), 9, np.uint8)]).shape == (1, 96)
    assert pack.calibration.mean.shape == (len(pack.calibration.sizes_px), 96)
    assert len(pack.detector.detect([np.full((90, 90, 3), 9, np.uint8)], 12)) == 1


@pytest.mark.parametrize("side_px", [300, 840])
def test_a_detector_of_a_size_that_no_manifest_may_ask_for_is_used_as_it_is(
    tmp_path: Path, side_px: int
) -> None:
    columns = {"score": 1, "bbox": 4, "kps": 10}
    write_grid_model(tmp_path / "det.onnx", columns, anchors=2, side_px=side_px)
    write_embedder(tmp_path / "rec.onnx")
    manifest = recognise(tmp_path)
    assert isinstance(manifest.detector, GridPart)
    assert manifest.detector.input_px is None


def test_a_model_that_normalises_gets_the_pixels_as_they_are(tmp_path: Path) -> None:
    write_yunet(tmp_path / "yunet.onnx")
    write_embedder(tmp_path / "sface.onnx", normalises=True, name="data")
    manifest = recognise(tmp_path)
    assert manifest.title == "YuNet + SFace"
    assert (manifest.embedder.mean, manifest.embedder.scale) == ((0, 0, 0), 1)
    assert isinstance(manifest.detector, GridPart)
    assert (manifest.detector.colours, manifest.embedder.colours) == ("bgr", "rgb")


def test_a_detector_that_normalises_finds_what_one_that_does_not_finds(tmp_path: Path) -> None:
    columns = {"score": 1, "bbox": 4, "kps": 10}
    image = np.random.default_rng(1).integers(0, 256, (96, 96, 3))
    found = []
    for name, normalises in (("own", True), ("given", False)):
        folder = tmp_path / name
        folder.mkdir()
        write_grid_model(folder / "det.onnx", columns, anchors=2, bias=0, normalises=normalises)
        write_embedder(folder / "rec.onnx")
        pack = load_pack(str(folder), tmp_path / "cache", threads=1)
        assert ("which it scales itself, faces" in " ".join(pack.manifest.assumed)) == normalises
        found.append(pack.detector.detect([image.astype(np.uint8)], 1)[0])
    own, given = ([[*face.box_xyxy, face.score] for face in faces] for faces in found)
    assert len(own) > 0
    assert np.asarray(own) == pytest.approx(np.asarray(given), abs=1e-3)


def test_a_folder_is_read_once_while_its_files_stay_as_they_are(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det.onnx")
    write_embedder(tmp_path / "rec.onnx")
    first = recognise(tmp_path)
    assert recognise(tmp_path) is first
    (tmp_path / "age.onnx").write_bytes((tmp_path / "rec.onnx").read_bytes()[:40])
    with pytest.raises(WeightsError, match=r"age\.onnx"):
        recognise(tmp_path)
    write_attributes(tmp_path / "age.onnx")
    assert "passed over" in " ".join(recognise(tmp_path).assumed)


def test_the_embedding_space_is_that_of_the_embedders_file(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det.onnx")
    write_embedder(tmp_path / "rec.onnx")
    before = recognise(tmp_path)
    write_yunet(tmp_path / "det.onnx")
    assert recognise(tmp_path).model_id == before.model_id
    write_embedder(tmp_path / "rec.onnx", dimension=256)
    assert recognise(tmp_path).model_id != before.model_id


def test_other_models_of_an_insightface_pack_are_passed_over(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det_10g.onnx")
    write_embedder(tmp_path / "w600k_r50.onnx", dimension=512)
    write_attributes(tmp_path / "genderage.onnx")
    write_landmarks(tmp_path / "2d106det.onnx")
    manifest = recognise(tmp_path)
    assert set(manifest.sha256) == {"det_10g.onnx", "w600k_r50.onnx"}
    for name in ("genderage.onnx", "2d106det.onnx"):
        assert f"{name}: neither detector nor embedder, passed over." in manifest.assumed


def test_a_manifest_is_what_counts_where_there_is_one(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det.onnx")
    write_embedder(tmp_path / "rec.onnx")
    (tmp_path / "manifest.toml").write_text("schema = 7")
    with pytest.raises(ManifestError, match="schema must be 1"):
        load_pack(str(tmp_path), tmp_path / "cache")


# What can't be told ---------------------------------------------------------------------------------------


def test_an_empty_folder_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(
        ManifestError, match=r"no manifest\.toml and no ONNX files\. A model pack is a folder"
    ):
        recognise(tmp_path)


def test_two_detectors_are_refused_by_name(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "a.onnx")
    write_yunet(tmp_path / "b.onnx")
    write_embedder(tmp_path / "rec.onnx")
    with pytest.raises(ManifestError, match=r"2 files may be the detector: a\.onnx, b\.onnx\. Keep one"):
        recognise(tmp_path)


def test_two_embedders_are_refused_by_name(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "a.onnx")
    write_embedder(tmp_path / "b.onnx")
    write_embedder(tmp_path / "c.onnx")
    with pytest.raises(ManifestError, match=r"2 files may be the embedder: b\.onnx, c\.onnx\. Keep one"):
        recognise(tmp_path)


def test_without_an_embedder_what_there_is_is_told(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "a.onnx")
    write_attributes(tmp_path / "b.onnx")
    with pytest.raises(ManifestError, match=r"no embedder that is known .* b\.onnx \(Nx3x96x96 to Nx3\)"):
        recognise(tmp_path)


def test_a_model_that_is_no_detector_is_told(tmp_path: Path) -> None:
    graph = GraphBuilder("sound", {"sound": ["N", 16000]})
    graph.node("Identity", "sound", output="same")
    graph.save(tmp_path / "sound.onnx", {"same": ["N", 16000]})
    with pytest.raises(ManifestError, match=r"no detector .* sound\.onnx \(Nx16000 to Nx16000\)"):
        recognise(tmp_path)


def test_a_model_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write_embedder(tmp_path / "rec.onnx").read_bytes()
    (tmp_path / "rec.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"rec\.onnx: not an ONNX model, or cut off"):
        recognise(tmp_path)


def test_a_pickle_with_the_name_of_a_model_is_never_loaded(tmp_path: Path) -> None:
    trap = pickle.dumps(np.float32, protocol=4)
    assert pickle.loads(trap) is np.float32
    write_scrfd(tmp_path / "det.onnx")
    (tmp_path / "rec.onnx").write_bytes(trap)
    with pytest.raises(WeightsError, match=r"rec\.onnx: not an ONNX model but a Python pickle"):
        recognise(tmp_path)


def test_operators_that_onnx_runtime_lacks_are_told(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det.onnx")
    model = onnx.load(write_embedder(tmp_path / "rec.onnx"))
    model.graph.node[-1].op_type = "NoSuchOperator"
    (tmp_path / "rec.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"rec\.onnx: ONNX Runtime can't load this model: .*NoSuchOperator"):
        load_pack(str(tmp_path), tmp_path / "cache")


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load(write_embedder(tmp_path / "rec.onnx"))
    onnx.save(model, tmp_path / "rec.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    with pytest.raises(WeightsError, match=r"rec\.onnx: has weights in another file"):
        recognise(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    write_scrfd(folder / "det.onnx")
    (folder / "rec.onnx").symlink_to(write_embedder(tmp_path / "elsewhere.onnx"))
    with pytest.raises(WeightsError, match=r"rec\.onnx: a link out of the pack's folder"):
        recognise(folder)
