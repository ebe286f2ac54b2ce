"""facestream models list, show and remove."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_packs import Here, listed, names_in

from facestream.models.model_packs import model_pack, users_of


def test_list_names_all_packs_with_their_licences_and_states(here: Here, models: Path) -> None:
    lines = here("models").stdout.splitlines()
    assert lines[0].split()[:3] == ["name", "detector", "embedder"]
    assert lines == here("models", "list").stdout.splitlines()
    (built_in,) = (line for line in lines if line.startswith("open "))
    assert built_in.split()[-2:] == ["yes", "built-in"]
    (closed,) = (line for line in lines if line.startswith("buffalo_l "))
    assert closed.split()[-3:] == ["no", "not", "pulled"]
    packs = listed(here)
    assert packs["sface"]["commercial_use"]
    assert packs["facenet"]["state"] == "by hand"
    assert not packs["sface"]["usable"]
    assert packs["open"]["usable"]
    # Looking makes nothing.
    assert not models.parent.exists()


def test_packs_of_insightface_are_used_as_they_lie(
    here: Here, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(weights, home / ".insightface" / "models" / "mine")
    shutil.copytree(weights, home / ".insightface" / "models" / "antelopev2" / "antelopev2")
    (home / ".insightface" / "models" / "buffalo_l").mkdir()
    monkeypatch.setenv("HOME", str(home))
    packs = listed(here)
    assert packs["mine"]["state"] == packs["antelopev2"]["state"] == "InsightFace"
    assert packs["mine"]["dimension"] == 128
    assert packs["mine"]["commercial_use"] is None
    # Left by a download of theirs that failed.
    assert packs["buffalo_l"]["state"] == "not pulled"
    assert "mine/rec.onnx: no checksum" in here("models", "verify", "mine").stdout
    refused = here("models", "remove", "mine", "--yes", code=2).stderr
    assert f"it lies in {home / '.insightface' / 'models' / 'mine'}" in refused


def test_show_tells_licence_thresholds_and_where_it_comes_from(here: Here) -> None:
    said = here("models", "show", "open").stdout
    assert "MIT AND CC0-1.0" in said
    assert "photos of 504 people of LFW" in said
    said = here("models", "show", "buffalo_l").stdout
    assert "https://github.com/deepinsight/insightface/releases/download/model-zoo/buffalo_l.zip" in said
    assert "for non-commercial research only" in said
    details = here("models", "show", "buffalo_l", "--json").json()
    assert details["download"]["bytes"] == 288_621_354
    assert details["manifest"] is None
    assert here("models", "show", "open", "--json").json()["manifest"]["embedder"]["dimension"] == 128
    said = here("models", "show", "facenet").stdout
    assert "torch.onnx.export" in said
    assert 'model_id = "facenet-vggface2-20180402"' in said
    assert here("models", "show", "facenet", "--json").json()["manifest_example"] in said
    assert here("models", "show", "sface", "--json").json()["manifest_example"] is None


def test_the_list_fits_a_hundred_columns(here: Here) -> None:
    lines = here("models").stdout.splitlines()
    assert len(lines) > 10
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("command", ["show", "verify", "remove", "pull"])
def test_an_unknown_pack_is_told_with_one_that_is_alike(here: Here, command: str) -> None:
    assert "Did you mean 'buffalo_l'?" in here("models", command, "bufalo_l", code=1).stderr


def test_models_that_are_not_there_are_told_with_where_they_were_looked_for(
    here: Here, media: Path, tmp_path: Path
) -> None:
    said = here("cluster", media / "photos", "--models", "bufalo_l", "--data-dir", tmp_path, code=1).stderr
    assert f"neither built in (open, open-mtcnn), nor in {tmp_path / 'models'}, nor in " in said
    assert "Did you mean 'buffalo_l'?" in said
    file = tmp_path / "file.onnx"
    file.write_bytes(b"")
    for models, why in ((file, "that is a file"), (tmp_path / "none", "there is no such folder")):
        said = here("run", media / "photos", "--models", models, code=1).stderr
        assert f"no model pack '{models}': {why}" in said


def test_a_known_pack_that_is_not_here_is_told_how_to_get(here: Here) -> None:
    assert here("reembed", "--models", "sface", code=1).stderr.endswith("facestream models pull sface\n")
    said = here("reembed", "--models", "buffalo_l", code=1).stderr
    assert "facestream models pull buffalo_l --accept-license" in said
    assert "is not here" in here("models", "verify", "sface", code=1).stderr


def test_a_pack_is_removed_when_somebody_says_so(here: Here, weights: Path, models: Path) -> None:
    here("models", "add", weights, "--name", "mine")
    assert "--yes" in here("models", "remove", "mine", code=2).stderr
    assert names_in(models) == {"mine"}
    result = here("models", "remove", "mine", "--yes", "--json").json()
    assert result["name"] == "mine"
    assert result["bytes"] > 0
    assert result["used_by"] == []
    assert names_in(models) == set()
    assert "can't be removed" in here("models", "remove", "open", "--yes", code=2).stderr
    assert "it is not in" in here("models", "remove", "sface", "--yes", code=2).stderr


def test_who_removes_a_pack_is_told_which_collections_use_it(
    here: Here, weights: Path, tmp_path: Path
) -> None:
    here("models", "add", weights, "--name", "mine")
    here("redis", "--write", "HSET", "fs:{family}:meta", "schema", "1", "pack", "mine")
    here("redis", "--write", "HSET", "fs:{other}:meta", "schema", "1", "pack", "open")
    assert users_of(model_pack("mine")) == ["family"]
    done = here("models", "remove", "mine", "--yes", "--json")
    assert done.json()["used_by"] == ["family"]
