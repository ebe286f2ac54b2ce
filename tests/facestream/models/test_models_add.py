"""facestream models add: folders, zip files, and what must not get in."""

from __future__ import annotations

import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
from recognisable_models import write_arcface
from small_packs import FREE, Here, listed, names_in

from facestream.models import pack_changes
from workers.errors import ManifestError
from workers.models.manifest import read_manifest


def test_a_folder_without_a_manifest_is_added_and_what_is_assumed_is_said(
    here: Here, weights: Path, models: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(weights, tmp_path / "mine")
    (folder / "train.py").touch()
    done = here("models", "add", folder, "--json")
    assert "Left out: train.py" in done.stderr
    assert "Assumed: rec.onnx" in done.stderr
    assert done.json()["left_out"] == ["train.py"]
    manifest = read_manifest(models / "mine")
    assert (manifest.name, manifest.licence.commercial_use) == ("mine", None)
    assert str(folder) in manifest.licence.origin
    assert ".new-" not in (models / "mine" / "manifest.toml").read_text()
    pack = listed(here)["mine"]
    assert (pack["state"], pack["commercial_use"]) == ("ready", None)
    # It is what --models takes, in that data folder.
    assert (
        "no model pack 'mine'" in here("reembed", "--models", "mine", "--data-dir", tmp_path, code=1).stderr
    )
    assert "there is no collection" in here("reembed", "--models", "mine", code=1).stderr


def test_a_folder_elsewhere_is_shown_and_verified(here: Here, weights: Path, tmp_path: Path) -> None:
    here("models", "add", weights, "--name", "mine")
    folder = shutil.copytree(tmp_path / "data" / "models" / "mine", tmp_path / "elsewhere")
    assert here("models", "show", folder, "--json").json()["state"] == "folder"
    assert f"{folder}/rec.onnx: ok" in here("models", "verify", folder).stdout
    write_arcface(folder / "rec.onnx", seed=1)
    done = here("models", "verify", folder, code=1)
    assert f"{folder}/rec.onnx: differs" in done.stdout
    assert f"Put the right files into {folder}" in done.stderr


def test_a_file_of_an_own_pack_that_is_no_model_any_more_is_told(
    here: Here, weights: Path, models: Path
) -> None:
    here("models", "add", weights, "--name", "mine")
    (models / "mine" / "rec.onnx").write_bytes(b"")
    assert listed(here)["mine"]["state"] == "damaged"
    assert "facestream models remove mine" in here("models", "verify", "mine", code=1).stderr


def test_a_zip_file_is_added_under_its_name(here: Here, weights: Path, models: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "theirs.zip", "w") as archive:
        for name in FREE:
            archive.write(weights / name, name)
    here("models", "add", tmp_path / "theirs.zip")
    here("models", "add", tmp_path / "theirs.zip", "--name", "again")
    assert names_in(models) == {"theirs", "again"}
    assert here("models", "verify", "--json").json()[0]["ok"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("open", "a built-in model pack"),
        ("sface", "facestream models pull sface --from"),
        ("buffalo_l", "facestream models pull buffalo_l --accept-license --from"),
        ("a/b", "can't be the name"),
        ("..", "can't be the name"),
    ],
)
def test_names_that_are_taken_or_none_are_refused(
    here: Here, weights: Path, models: Path, name: str, reason: str
) -> None:
    assert reason in here("models", "add", weights, "--name", name, code=2).stderr
    assert names_in(models) == set()


def test_the_name_of_a_folder_is_kept_whole(here: Here, weights: Path, models: Path, tmp_path: Path) -> None:
    here("models", "add", shutil.copytree(weights, tmp_path / "arcface.v1.5"))
    assert names_in(models) == {"arcface.v1.5"}


def test_a_zip_file_is_called_as_its_manifest_says(
    here: Here, weights: Path, models: Path, tmp_path: Path
) -> None:
    here("models", "add", weights, "--name", "mine")
    with zipfile.ZipFile(tmp_path / "v2.zip", "w") as archive:
        for path in (models / "mine").iterdir():
            text = path.read_bytes()
            archive.writestr(
                path.name, text.replace(b'"mine"', b'"theirs"') if path.suffix == ".toml" else text
            )
    here("models", "add", tmp_path / "v2.zip")
    assert names_in(models) == {"mine", "theirs"}


def test_what_is_not_there_is_not_added_and_leaves_nothing(here: Here, models: Path, tmp_path: Path) -> None:
    assert "there is no such folder or file" in here("models", "add", tmp_path / "none", code=1).stderr
    assert not models.exists()


def test_problems_of_a_pack_name_where_it_comes_from(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "half"
    folder.mkdir()
    shutil.copy(weights / "det.onnx", folder)
    with pytest.raises(ManifestError) as caught:
        pack_changes.add(folder, tmp_path / "data")
    assert ".new-" not in str(caught.value)
    assert str(caught.value).startswith(f"{folder}: ")
    assert folder in (caught.value.path, *caught.value.path.parents)
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_a_pack_is_not_replaced_by_another_one(here: Here, weights: Path) -> None:
    here("models", "add", weights, "--name", "mine")
    assert "models remove mine" in here("models", "add", weights, "--name", "mine", code=2).stderr


def test_what_could_do_harm_is_not_added(here: Here, weights: Path, models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(weights, tmp_path / "harm")
    (folder / "weights.pt").touch()
    assert "can run a program" in here("models", "add", folder, code=1).stderr
    (folder / "weights.pt").unlink()
    (folder / "passwd.txt").symlink_to("/etc/passwd")
    assert "a link out of the pack's folder" in here("models", "add", folder, code=1).stderr
    (folder / "passwd.txt").unlink()
    (folder / "rec.onnx").write_bytes(pickle.dumps([1]))
    assert "a Python pickle" in here("models", "add", folder, code=1).stderr
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../slipped.onnx", b"x")
    assert "leads out" in here("models", "add", tmp_path / "slip.zip", code=1).stderr
    (tmp_path / "text").write_text("no pack")
    assert "neither a folder nor a zip file" in here("models", "add", tmp_path / "text", code=1).stderr
    (tmp_path / "empty").mkdir()
    assert "holds no ONNX model" in here("models", "add", tmp_path / "empty", code=1).stderr
    assert names_in(models) == set()
    assert not list(tmp_path.rglob("slipped*"))


def test_a_manifest_whose_checksums_are_wrong_is_refused(
    here: Here, weights: Path, models: Path, tmp_path: Path
) -> None:
    here("models", "add", weights, "--name", "mine")
    copy = shutil.copytree(models / "mine", tmp_path / "copy")
    write_arcface(copy / "rec.onnx", seed=1)
    assert "damaged or exchanged" in here("models", "add", copy, "--name", "other", code=1).stderr
    assert names_in(models) == {"mine"}
    assert [path.name for path in models.iterdir()] == ["mine"]
