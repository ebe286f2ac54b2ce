"""facestream models add and verify: packs that are copied rightly and can't be used."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from small_packs import Here


@pytest.fixture
def given(here: Here, weights: Path, models: Path, tmp_path: Path) -> Path:
    """A pack with a manifest and checksums, elsewhere."""
    here("models", "add", weights, "--name", "mine")
    return (models / "mine").rename(tmp_path / "given")


def rewritten(folder: Path, old: str, new: str) -> None:
    """Change a manifest, whose checksums are then those of the files."""
    text = (folder / "manifest.toml").read_text()
    assert old in text
    kept = text.replace(old, new).split("[sha256]")[0]
    sums = [
        f'"{path.name}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"'
        for path in sorted(folder.glob("*.onnx"))
    ]
    (folder / "manifest.toml").write_text("\n".join([kept, "[sha256]", *sums, ""]))


def unknown_operator(folder: Path) -> None:
    model = onnx.load(folder / "rec.onnx")
    model.graph.node[0].op_type = "Nonesuch"
    onnx.save(model, folder / "rec.onnx")


def not_a_number(folder: Path) -> None:
    model = onnx.load(folder / "rec.onnx")
    weights = model.graph.initializer[0]
    weights.CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(weights) * np.float32(np.nan), weights.name)
    )
    onnx.save(model, folder / "rec.onnx")


def no_calibration(folder: Path) -> None:
    (folder / "mine.npz").write_bytes(b"no arrays")


def nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("old", "new", "change", "reason"),
    [
        ("dimension = 128", "dimension = 512", nothing, "rec.onnx: gives vectors of 128 numbers"),
        ("dimension = 128", "dimension = 128", not_a_number, "a vector that is zero or not finite"),
        ('decoding = "scrfd"', 'decoding = "yunet"', nothing, "what detector.decoding = 'yunet' asks for"),
        ('"det.onnx"', '"rec.onnx"', nothing, "what detector.decoding = 'scrfd' asks for"),
        ("dimension = 128", "dimension = 128", unknown_operator, "rec.onnx: ONNX Runtime can't load"),
        ('family = "arcface"', 'file = "mine.npz"', no_calibration, "mine.npz: not a calibration file"),
    ],
)
def test_a_pack_that_can_not_be_used_is_not_added_and_verify_says_so(
    here: Here,
    given: Path,
    models: Path,
    old: str,
    new: str,
    change: Callable[[Path], None],
    reason: str,
) -> None:
    change(given)
    rewritten(given, old, new)
    done = here("models", "add", given, code=1)
    assert reason in done.stderr
    assert "Use it" not in done.stderr
    assert ".new-" not in done.stderr
    assert list(models.iterdir()) == []
    verified = here("models", "verify", given, "--json", code=1).json()[0]
    assert {file["state"] for file in verified["files"]} == {"ok"}
    assert (verified["ok"], verified["loads"]) == (False, False)
    assert reason in verified["problem"]
    assert reason in here("models", "verify", given, code=1).stdout


def test_verify_says_that_a_pack_loads(here: Here, weights: Path, models: Path) -> None:
    here("models", "add", weights, "--name", "mine")
    assert (
        here("models", "verify", "mine").stdout.splitlines()[-1]
        == "mine: detector and embedder load and answer"
    )
    assert here("models", "verify", "mine", "--json").json()[0]["loads"] is True
    (models / "mine" / "rec.onnx").unlink()
    # Of what is not whole nothing is loaded.
    assert here("models", "verify", "mine", "--json", code=1).json()[0]["loads"] is None


def test_a_zip_file_whose_models_can_not_be_used_is_not_added(
    here: Here, given: Path, models: Path, tmp_path: Path
) -> None:
    rewritten(given, "dimension = 128", "dimension = 512")
    with zipfile.ZipFile(tmp_path / "wrong.zip", "w") as archive:
        for path in given.iterdir():
            archive.write(path, path.name)
    said = here("models", "add", tmp_path / "wrong.zip", code=1).stderr
    assert f"{tmp_path / 'wrong.zip'}/rec.onnx: gives vectors of 128 numbers" in said
    assert list(models.iterdir()) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_model_with_weights_in_another_file_is_refused_everywhere(
    here: Here, given: Path, models: Path, named: bool
) -> None:
    model = onnx.load(given / "rec.onnx")
    onnx.save(model, given / "rec.onnx", save_as_external_data=True, location="w.data", size_threshold=0)
    if named:
        rewritten(given, "dimension = 128", "dimension = 128")
    else:
        (given / "manifest.toml").unlink()
    reason = "rec.onnx: has weights in another file, 'w.data', which no checksum would cover. Save it as one"
    assert f"{given}: {reason}" in here("models", "add", given, "--name", "new", code=1).stderr
    assert list(models.iterdir()) == []
    verified = here("models", "verify", given, "--json", code=1).json()[0]
    assert reason in verified["problem"]
    assert here("models", "show", given, "--json").json()["state"] == "damaged"
    assert reason in here("run", given / "rec.onnx", "--models", given, code=1).stderr


def test_a_pickle_beside_models_is_told_where_they_are_used_in_place(here: Here, given: Path) -> None:
    (given / "weights.pt").write_bytes(b"\x80")
    reason = f"{given / 'weights.pt'}: never read, as reading this format can run a program"
    done = here("models", "verify", given)
    assert reason in done.stderr
    assert "detector and embedder load and answer" in done.stdout
    (given / "none.jpg").write_bytes(b"no picture")
    assert reason in here("run", given / "none.jpg", "--models", given, code=1).stderr
    assert "take it out of the folder" in here("models", "add", given, "--name", "new", code=1).stderr


def test_a_pack_with_a_missing_file_keeps_the_terms_that_its_manifest_states(here: Here, given: Path) -> None:
    rewritten(given, 'spdx = "NOASSERTION"', 'spdx = "MIT"')
    rewritten(given, 'commercial_use = "unknown"', "commercial_use = true")
    whole = here("models", "show", given, "--json").json()
    (given / "rec.onnx").unlink()
    shown = here("models", "show", given, "--json").json()
    differs = {key for key in whole if whole[key] != shown[key]}
    assert differs == {"state", "usable", "problem"}
    assert (shown["state"], shown["usable"], shown["licence"]) == ("damaged", False, "MIT")
    text = here("models", "show", given).stdout
    assert "commercial   yes" in text
    assert f"origin       {whole['origin']}" in text
    assert f"problem      {given / 'rec.onnx'}: missing" in text
