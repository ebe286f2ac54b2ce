from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from small_models import write_columns_model, write_pack

from workers.errors import ManifestError, ModelError, PackNotFoundError, WeightsError
from workers.models.build import built_folder, file_sha256
from workers.models.calibration import Calibration
from workers.models.detection import Detection
from workers.models.manifest import FILE_NAME
from workers.models.pack import Pack, built_in_packs, find_pack, load_pack

Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def networks(mtcnn_pack: Pack, model_cache: Path) -> Path:
    return built_folder(mtcnn_pack.manifest, model_cache)


@pytest.fixture
def folder(tmp_path: Path, networks: Path) -> Path:
    """A pack in a folder of its own, whole and right."""
    (tmp_path / "pack").mkdir()
    return write_pack(tmp_path / "pack", networks)


# Finding --------------------------------------------------------------------------------------------------


def test_the_default_pack_is_built_in() -> None:
    assert built_in_packs() == ("open", "open-mtcnn")
    assert "open" in built_in_packs()
    assert (find_pack("open") / FILE_NAME).is_file()


def test_a_folder_is_found_by_its_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_pack(str(folder)) == folder
    monkeypatch.chdir(folder.parent)
    assert find_pack("pack").samefile(folder)
    assert find_pack("./pack").samefile(folder)


def test_a_folder_is_found_below_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert find_pack("~/pack") == folder


def test_a_built_in_name_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    monkeypatch.chdir(tmp_path)
    assert (find_pack("open") / FILE_NAME).is_file()
    assert find_pack("./open").samefile(tmp_path / "open")


@pytest.mark.parametrize(
    "name",
    ["opn", "Open", "open/", "/no/such/folder", "a\0b", "x" * 300, "~facestream_nobody/pack", f"{__file__}"],
)
def test_an_unknown_name_is_refused_with_the_names_that_there_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        PackNotFoundError, match=r"neither built in \(open, open-mtcnn\), nor a folder|no such folder|a file"
    ) as caught:
        load_pack(name, tmp_path / "cache")
    assert caught.value.pack == name
    assert repr(name) in str(caught.value)
    assert not (tmp_path / "cache").exists()


# Loading --------------------------------------------------------------------------------------------------


def test_the_built_in_pack_is_loaded_by_name(open_pack: Pack) -> None:
    assert open_pack.manifest.name == "open"
    assert open_pack.providers == ("CPUExecutionProvider",)
    assert open_pack.embedder.dimension == open_pack.manifest.embedder.dimension == 128
    assert open_pack.embedder.input_px == 150
    known = Calibration.load(find_pack("open") / "calibration.npz")
    assert (open_pack.calibration.genuine == known.genuine).all()
    assert (open_pack.calibration.mean == known.mean).all()
    assert open_pack.calibration.video_rise == open_pack.manifest.calibration.video_rise > 0


def test_a_folder_is_loaded_as_it_is_and_nothing_is_built(
    folder: Path, open_pack: Pack, group_image: Image, mtcnn_faces: list[Detection], tmp_path: Path
) -> None:
    pack = load_pack(str(folder), tmp_path / "cache", threads=1)
    assert pack.manifest.model_id == "small-v1"
    found = sorted(pack.detector.detect([group_image], 40)[0], key=lambda face: float(face.box_xyxy[0]))
    assert len(found) == len(mtcnn_faces) == 6
    for one, other in zip(found, mtcnn_faces, strict=True):
        assert np.abs(one.box_xyxy - other.box_xyxy).max() < 0.01
    chip = np.full((16, 16, 3), (10, 20, 20), np.uint8)
    assert pack.embedder.embed([chip])[0].tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3], abs=1e-5)
    assert pack.calibration.genuine.tolist() == [[pytest.approx(0.8)]]
    assert pack.calibration.impostor.tolist() == [[pytest.approx(0.1)]]
    assert pack.calibration.spread.tolist() == [[pytest.approx(0.05)]]
    assert pack.calibration.mean.shape == (1, 3)
    assert pack.calibration.limit == 8
    # Nothing is known of what its manifest doesn't say.
    assert pack.calibration.video_rise == 0
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_thresholds_of_the_manifest_decide(
    tmp_path: Path, networks: Path, astronaut_image: Image, place: int
) -> None:
    # Nothing is above 1, so that the one network with this threshold lets nothing pass.
    thresholds = [0.6, 0.7, 0.6]
    thresholds[place] = 1.0
    folder = write_pack(tmp_path, networks, thresholds=f"thresholds = {thresholds}")
    pack = load_pack(str(folder), tmp_path / "cache", threads=1)
    assert pack.detector.detect([astronaut_image], 40) == [[]]


def test_only_faces_above_the_last_threshold_are_found(
    tmp_path: Path, networks: Path, group_image: Image, mtcnn_faces: list[Detection]
) -> None:
    scores = sorted(face.score for face in mtcnn_faces)
    between = (scores[2] + scores[3]) / 2
    folder = write_pack(tmp_path, networks, thresholds=f"thresholds = [0.6, 0.7, {between}]")
    found = load_pack(str(folder), tmp_path / "cache", threads=1).detector.detect([group_image], 40)[0]
    assert sorted(face.score for face in found) == pytest.approx(scores[3:], abs=1e-4)


def test_a_calibration_file_of_a_folder_is_read_from_there(tmp_path: Path, networks: Path) -> None:
    folder = write_pack(tmp_path, networks, calibration='file = "mine.npz"\nlimit = 11.5')
    known = Calibration.flat(3, genuine=0.7, impostor=0.2, spread=0.3)
    known.save(folder / "mine.npz")
    pack = load_pack(str(folder), tmp_path / "cache", threads=1)
    assert pack.calibration.genuine.tolist() == known.genuine.tolist()
    assert pack.calibration.spread.tolist() == known.spread.tolist()
    assert pack.calibration.limit == 11.5


# What is refused ------------------------------------------------------------------------------------------


def test_a_folder_with_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="A model pack is a folder with a manifest") as caught:
        load_pack(str(tmp_path), tmp_path / "cache")
    assert caught.value.path == tmp_path / FILE_NAME


@pytest.mark.parametrize("name", ["pnet.onnx", "rnet.onnx", "onet.onnx", "means.onnx"])
def test_a_missing_file_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(WeightsError, match="missing, but the manifest names it") as caught:
        load_pack(str(folder), tmp_path / "cache")
    assert caught.value.path == folder / name
    assert str(folder / name) in str(caught.value)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def exchange(path: Path) -> None:
    # A model that would load and run.
    write_columns_model(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [flip_a_bit, exchange, empty])
@pytest.mark.parametrize("name", ["pnet.onnx", "means.onnx"])
def test_a_file_with_another_checksum_is_named(
    folder: Path, tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    change(folder / name)
    with pytest.raises(
        WeightsError, match="damaged or exchanged, its sha256 is not the manifest's"
    ) as caught:
        load_pack(str(folder), tmp_path / "cache")
    assert caught.value.path == folder / name
    assert str(folder / name) in str(caught.value)
    assert caught.value.mend == f"Get {name} again from where the pack comes from, and put it into {folder}."
    assert str(caught.value).endswith(caught.value.mend)


@pytest.mark.parametrize("change", [flip_a_bit, Path.unlink])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("sface", "facestream models pull sface"),
        ("buffalo_l", "facestream models pull buffalo_l --accept-license"),
    ],
)
def test_a_damaged_file_of_a_known_pack_comes_with_the_command_that_gets_it(
    folder: Path, tmp_path: Path, change: Callable[[Path], None], name: str, command: str
) -> None:
    manifest = folder / FILE_NAME
    manifest.write_text(
        re.sub(r'^name = ".*"$', f'name = "{name}"', manifest.read_text(), count=1, flags=re.M)
    )
    change(folder / "means.onnx")
    with pytest.raises(WeightsError) as caught:
        load_pack(str(folder), tmp_path / "cache")
    assert str(caught.value).endswith(f" Get it again: {command}")


def test_a_checksum_of_a_file_that_is_no_model_counts_too(folder: Path, tmp_path: Path) -> None:
    (folder / "licence.txt").write_text("MIT")
    with (folder / FILE_NAME).open("a") as manifest:
        manifest.write(f'\n"licence.txt" = "{"0" * 64}"\n')
    with pytest.raises(WeightsError, match=r"licence\.txt: damaged"):
        load_pack(str(folder), tmp_path / "cache")


def test_a_file_with_the_right_checksum_that_is_no_model_is_refused(tmp_path: Path, networks: Path) -> None:
    (tmp_path / "networks").mkdir()
    for name in ("pnet.onnx", "rnet.onnx", "onet.onnx"):
        (tmp_path / "networks" / name).write_bytes((networks / name).read_bytes())
    (tmp_path / "networks" / "onet.onnx").write_text("no model")
    (tmp_path / "pack").mkdir()
    folder = write_pack(tmp_path / "pack", tmp_path / "networks")
    with pytest.raises(ModelError, match=r"onet\.onnx: ONNX Runtime can't load this model"):
        load_pack(str(folder), tmp_path / "cache")


def test_a_model_with_weights_in_another_file_is_refused(
    folder: Path, tmp_path: Path, networks: Path
) -> None:
    own = tmp_path / "networks"
    own.mkdir()
    for name in ("pnet.onnx", "rnet.onnx", "onet.onnx"):
        onnx.save(onnx.load(networks / name), own / name)
    onnx.save(
        onnx.load(own / "rnet.onnx"),
        own / "rnet.onnx",
        save_as_external_data=True,
        location="w.data",
        size_threshold=0,
    )
    write_pack(folder, own)
    (folder / "w.data").write_bytes((own / "w.data").read_bytes())
    with pytest.raises(WeightsError, match=r"rnet\.onnx: has weights in another file, 'w\.data'"):
        load_pack(str(folder), tmp_path / "cache")


@pytest.mark.parametrize("name", ["weights.pt", "old.PKL", "model.bin"])
def test_a_pickle_beside_the_models_is_never_read_and_told(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    load_pack(str(folder), tmp_path / "cache", threads=1)
    assert not caplog.messages
    (folder / name).write_bytes(b"\x80")
    load_pack(str(folder), tmp_path / "cache", threads=1)
    (said,) = caplog.messages
    assert said.startswith(f"{folder / name}: never read, as reading this format can run a program")


def test_a_pickle_that_the_manifest_names_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "weights.pt").write_bytes(b"\x80")
    with (folder / FILE_NAME).open("a") as manifest:
        manifest.write(f'\n"weights.pt" = "{file_sha256(folder / "weights.pt")}"\n')
    with pytest.raises(
        WeightsError, match=r"weights\.pt: the manifest names it, and reading this format"
    ) as caught:
        load_pack(str(folder), tmp_path / "cache")
    assert caught.value.path == folder / "weights.pt"


def test_vectors_of_another_length_than_the_manifest_says_are_refused(tmp_path: Path, networks: Path) -> None:
    folder = write_pack(tmp_path, networks, dimension="dimension = 512")
    with pytest.raises(ModelError, match=r"means\.onnx: gives vectors of 3 numbers, .*embedder\.dimension"):
        load_pack(str(folder), tmp_path / "cache")


def test_a_file_that_is_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "means.onnx").rename(tmp_path / "means.onnx")
    (folder / "means.onnx").symlink_to(tmp_path / "means.onnx")
    with pytest.raises(WeightsError, match=r"means\.onnx: a link out of the pack's folder"):
        load_pack(str(folder), tmp_path / "cache")


def test_a_missing_calibration_file_is_named(tmp_path: Path, networks: Path) -> None:
    folder = write_pack(tmp_path, networks, calibration='file = "mine.npz"')
    with pytest.raises(WeightsError, match=r"mine\.npz: missing, but the manifest names it"):
        load_pack(str(folder), tmp_path / "cache")


def test_a_calibration_of_another_embedder_is_refused(tmp_path: Path, networks: Path) -> None:
    folder = write_pack(tmp_path, networks, calibration='file = "mine.npz"')
    Calibration.flat(128, 0.8, 0.1, 0.05).save(folder / "mine.npz")
    with pytest.raises(ManifestError, match=r"mine\.npz: the calibration is of vectors of 128 numbers"):
        load_pack(str(folder), tmp_path / "cache")


def test_an_unwritable_cache_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="models can't be written here") as caught:
        load_pack("open", tmp_path / "file" / "models")
    assert caught.value.path == tmp_path / "file" / "models"


def test_files_of_a_pack_are_only_read(folder: Path, tmp_path: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    load_pack(str(folder), tmp_path / "cache", threads=1)
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]


# Packs by name, in folders of packs -------------------------------------------------------------------------


def test_a_pack_is_found_by_its_name_in_the_first_folder_that_has_it(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
    folder.rename(second / "mine")
    assert find_pack("mine", (first, second)) == second / "mine"
    (first / "mine").mkdir()
    (first / "mine" / FILE_NAME).touch()
    assert find_pack("mine", (first, second)) == first / "mine"
    (first / "open").mkdir()
    (first / "open" / FILE_NAME).touch()
    assert find_pack("open", (first, second)) == find_pack("open")


@pytest.mark.parametrize(
    ("name", "how"),
    [("sface", "facestream models pull sface"), ("facenet", "facestream models show facenet")],
)
def test_a_known_pack_that_is_not_there_is_told_how_to_get(name: str, how: str) -> None:
    with pytest.raises(PackNotFoundError, match=how):
        find_pack(name)
