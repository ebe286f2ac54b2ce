"""facestream models: list, show, pull, add, verify, remove; over small models and a server here."""

from __future__ import annotations

import hashlib
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from file_server import Fault, FileServer, file_server
from processes import Done
from recognisable_models import write_arcface, write_scrfd

from facestream import pack_changes
from facestream.model_packs import model_pack, users_of
from workers.errors import DownloadError, ManifestError, ModelError, WeightsError
from workers.models import catalogue
from workers.models.catalogue import known_packs
from workers.models.download import Patience
from workers.models.manifest import read_manifest

Here = Callable[..., Done]

FREE = ("det.onnx", "rec.onnx")


@pytest.fixture(autouse=True)
def _without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a detector and an embedder, as somebody may have them, and more that lies about."""
    folder = tmp_path_factory.mktemp("weights")
    write_scrfd(folder / "det.onnx")
    write_arcface(folder / "rec.onnx")
    return folder


@pytest.fixture(scope="module")
def zipped(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as InsightFace packs it, with a model that is not needed."""
    path = tmp_path_factory.mktemp("zips") / "closed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in FREE:
            archive.write(weights / name, f"closed/{name}")
        archive.writestr("closed/age.onnx", b"not needed")
        archive.writestr("closed/manifest.toml", "this is not to be believed")
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def known(weights: Path, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue with the packs `free`, of two files, and `closed`, of a zip file, for research only."""
    files = [
        f'[[pack.files]]\nname = "{name}"\nsha256 = "{digest(weights / name)}"\n'
        f'size_bytes = {(weights / name).stat().st_size}\nurls = ["https://models.invalid/{name}"]\n'
        for name in FREE
    ]
    facts = 'detector = "D"\nembedder = "E"\ndimension = 128\nhomepage = "https://models.invalid/home"\n'
    text = (
        f'[[pack]]\nname = "free"\ntitle = "Free"\norigin = "Them."\n{facts}'
        '[pack.licence]\nspdx = "MIT"\ncommercial_use = true\ntext = "Free for all."\n'
        + "".join(files)
        + f'[[pack]]\nname = "closed"\ntitle = "Closed"\norigin = "Others."\n{facts}'
        '[pack.licence]\nspdx = "LicenseRef-closed"\ncommercial_use = false\ntext = "For research only."\n'
        f'[pack.archive]\nname = "closed.zip"\nsha256 = "{digest(zipped)}"\n'
        'urls = ["https://models.invalid/closed.zip"]\n'
        '[[pack.files]]\nname = "det.onnx"\n[[pack.files]]\nname = "rec.onnx"\n'
        f'[[pack]]\nname = "made"\ntitle = "Made"\norigin = "You."\nby_hand = "Export it."\n{facts}'
        '[pack.licence]\nspdx = "MIT"\ncommercial_use = false\ntext = "Unclear."\n'
    )
    path = tmp_path / "catalogue.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "_FILE", path)
    known_packs.cache_clear()
    yield
    known_packs.cache_clear()


@pytest.fixture
def site(weights: Path, zipped: Path) -> Iterator[FileServer]:
    with file_server() as server:
        server.files = {name: (weights / name).read_bytes() for name in FREE}
        server.files["closed.zip"] = zipped.read_bytes()
        yield server


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The models folder of `here`."""
    return tmp_path / "data" / "models"


def names_in(folder: Path) -> set[str]:
    return (
        {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if folder.exists()
        else set()
    )


def listed(here: Here) -> dict[str, dict[str, Any]]:
    return {pack["name"]: pack for pack in here("models", "list", "--json").json()}


# list, show -----------------------------------------------------------------------------------------------


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
    assert f"neither built in (open), nor in {tmp_path / 'models'}, nor in " in said
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


# pull -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("known")
def test_a_pack_is_pulled_checked_and_ready(here: Here, site: FileServer, models: Path) -> None:
    done = here("models", "pull", "free", "--from", site.address, "--json")
    assert "Free for all." in done.stderr
    change = done.json()
    assert change["changed"]
    assert change["sources"] == [site.address + name for name in FREE]
    assert change["pack"]["state"] == "ready"
    assert change["pack"]["licence"] == "MIT"
    assert names_in(models) == {"free"}
    manifest = read_manifest(models / "free")
    assert (manifest.name, manifest.title, manifest.licence.commercial_use) == ("free", "Free", True)
    assert site.address in manifest.licence.origin
    assert {path.name for path in (models / "free").iterdir()} == {"det.onnx", "rec.onnx", "manifest.toml"}
    # Nothing of the way there is left.
    assert [path.name for path in (models / ".parts").iterdir()] == []
    assert "free/det.onnx: ok" in here("models", "verify", "free").stdout
    asked = len(site.asked)
    said = here("models", "pull", "free", "--from", site.address).stderr
    assert "is here already" in said
    assert "Free for all" not in said
    assert len(site.asked) == asked


@pytest.mark.usefixtures("known")
def test_a_query_of_a_mirror_is_kept_behind_the_names_of_files(here: Here, site: FileServer) -> None:
    done = here("models", "pull", "free", "--from", f"{site.address}?token=hidden", "--json")
    assert [asked[0] for asked in site.asked] == [f"/{name}?token=hidden" for name in FREE]
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.usefixtures("known")
def test_weights_that_are_not_free_are_pulled_only_by_who_agrees(
    here: Here, site: FileServer, models: Path
) -> None:
    refused = here("models", "pull", "closed", "--from", site.address + "closed.zip", code=2).stderr
    assert "For research only." in refused
    assert "say --accept-license" in refused
    assert site.asked == []
    assert not models.exists()

    done = here("models", "pull", "closed", "--from", site.address + "closed.zip", "--accept-license")
    assert "For research only." in done.stderr
    assert len(site.asked) == 1
    # What an archive says of itself does not count, and what is not needed is not kept.
    assert {path.name for path in (models / "closed").iterdir()} == {"det.onnx", "rec.onnx", "manifest.toml"}
    assert read_manifest(models / "closed").licence.commercial_use is False
    # Checksums that nobody publishes are told, and kept.
    seen = digest(models / "closed" / "rec.onnx")
    assert f"rec.onnx: nobody publishes its checksum. It has {seen} now" in done.stderr
    assert read_manifest(models / "closed").sha256["rec.onnx"] == seen


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_people_are_asked(
    here: Here, zipped: Path, models: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer == "y")
    done = here("models", "pull", "closed", "--from", zipped, code=0 if answer == "y" else 1)
    assert "For research only." in done.stderr
    assert names_in(models) == ({"closed"} if answer == "y" else set())


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("source", ["folder", "zip", "folder of the zip"])
def test_files_that_are_here_need_no_network(
    here: Here, weights: Path, zipped: Path, models: Path, source: str
) -> None:
    if source == "folder":
        here("models", "pull", "free", "--from", weights)
    else:
        where = zipped if source == "zip" else zipped.parent
        here("models", "pull", "closed", "--accept-license", "-q", "--from", where)
    (name,) = names_in(models)
    assert here("models", "verify", name, "--json").json()[0]["ok"]


@pytest.mark.usefixtures("known")
def test_an_interrupted_pull_goes_on_where_it_stopped(
    site: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    site.faults = [Fault(), Fault(after_bytes=100)]
    once = Patience(connect_s=60, read_s=60, tries=1)
    with pytest.raises(DownloadError, match="goes on from what is there"):
        pack_changes.pull("free", tmp_path, source=site.address, patience=once)
    assert not (tmp_path / "models" / "free").exists()
    change = pack_changes.pull("free", tmp_path, source=site.address)
    assert change.changed
    # What is there is not asked for again, but for whether it is still the same.
    size_bytes = len(site.files["det.onnx"])
    assert site.asked[2][:2] == ("/det.onnx", f"bytes={size_bytes}-")
    assert [path.name for path in (tmp_path / "models" / ".parts").iterdir()] == []


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!doctype html><p>Please log in", "it is another file"),
        (None, "is not there"),
    ],
)
def test_what_goes_wrong_leaves_no_pack(
    here: Here, site: FileServer, models: Path, content: bytes | None, reason: str
) -> None:
    del site.files["rec.onnx"]
    if content is not None:
        site.files["rec.onnx"] = content
    said = here("models", "pull", "free", "--from", site.address, code=1).stderr
    assert reason in said
    assert "--from takes a mirror or a file" in said
    assert names_in(models) == set()
    assert listed(here)["free"]["state"] == "not pulled"


@pytest.mark.usefixtures("known")
def test_a_file_with_another_checksum_is_never_in_use(here: Here, site: FileServer, models: Path) -> None:
    content = bytearray(site.files["rec.onnx"])
    content[-1] ^= 1
    site.files["rec.onnx"] = bytes(content)
    assert "its sha256 is" in here("models", "pull", "free", "--from", site.address, code=1).stderr
    assert names_in(models) == set()


@pytest.mark.usefixtures("known")
def test_a_mirror_whose_zip_file_is_none_is_asked_anew(
    here: Here, site: FileServer, weights: Path, models: Path
) -> None:
    # Nobody states a checksum of a mirror's own zip file, only of what is in it.
    site.files["mirror.zip"] = b"\x08no zip file"
    url = site.address + "mirror.zip"
    said = here("models", "pull", "free", "--from", url, code=1).stderr
    assert f"{url}: not a zip file" in said
    assert [path.name for path in (models / ".parts").iterdir()] == []
    with zipfile.ZipFile(models / "mirror.zip", "w") as archive:
        for name in FREE:
            archive.write(weights / name, name)
    site.files["mirror.zip"] = (models / "mirror.zip").read_bytes()
    here("models", "pull", "free", "--from", url)
    assert here("models", "verify", "free", "--json").json()[0]["ok"]


@pytest.mark.usefixtures("known")
def test_swapped_and_missing_files_of_a_folder_are_told(here: Here, weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "swapped"
    folder.mkdir()
    shutil.copy(weights / "det.onnx", folder / "rec.onnx")
    assert "has no det.onnx" in here("models", "pull", "free", "--from", folder, code=1).stderr
    shutil.copy(weights / "rec.onnx", folder / "det.onnx")
    assert "its sha256 is" in here("models", "pull", "free", "--from", folder, code=1).stderr
    assert "no such file" in here("models", "pull", "free", "--from", tmp_path / "x", code=1).stderr
    other = tmp_path / "other.zip"
    shutil.copy(weights / "det.onnx", other)
    assert "not a zip file" in here("models", "pull", "free", "--from", other, code=1).stderr


@pytest.mark.usefixtures("known")
def test_what_can_not_be_pulled_says_what_to_do(here: Here, weights: Path) -> None:
    assert "Export it." in here("models", "pull", "made", code=2).stderr
    assert "facestream models add FOLDER" in here("models", "pull", "open", code=2).stderr
    here("models", "add", weights, "--name", "mine")
    assert "facestream models add FOLDER" in here("models", "pull", "mine", code=2).stderr
    said = here("models", "pull", "free", "--from", "https://models.invalid/x", code=1).stderr
    assert "Give the address of their folder" in said


@pytest.mark.usefixtures("known")
def test_a_damaged_pack_is_found_and_pulled_again(here: Here, weights: Path, models: Path) -> None:
    here("models", "pull", "free", "--from", weights)
    (models / "free" / "rec.onnx").write_bytes(b"\x08damaged")
    done = here("models", "verify", "free", code=1)
    assert done.stdout.splitlines() == ["free/det.onnx: ok", "free/rec.onnx: differs"]
    assert done.stderr == "Get free anew: facestream models pull free\n"
    # Its size shows it, without reading all of it.
    pack = listed(here)["free"]
    assert (pack["state"], pack["usable"]) == ("damaged", False)
    assert "rec.onnx: has 8 bytes, and not" in pack["problem"]
    (models / "free" / "det.onnx").unlink()
    result = here("models", "verify", "--json", code=1).json()
    states = {pack["name"]: [file["state"] for file in pack["files"]] for pack in result}
    assert states["free"] == ["missing", "differs"]
    here("models", "pull", "free", "--from", weights)
    assert here("models", "verify", "free", "--json").json()[0]["ok"]
    (models / "free" / "manifest.toml").write_text("schema = 2")
    assert listed(here)["free"]["state"] == "damaged"
    assert "schema" in here("models", "verify", "free", code=1).stdout
    here("models", "pull", "free", "--from", weights)
    assert listed(here)["free"]["state"] == "ready"


# add, remove ----------------------------------------------------------------------------------------------


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


@pytest.mark.usefixtures("known")
def test_problems_of_a_pull_name_where_it_comes_from(weights: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(weights, tmp_path / "swapped")
    (folder / "rec.onnx").write_bytes((folder / "det.onnx").read_bytes())
    with pytest.raises(WeightsError) as caught:
        pack_changes.pull("free", tmp_path / "data", source=str(folder))
    assert caught.value.path == folder / "rec.onnx"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("packed", [b"", b"\x08another model"])
def test_a_zip_file_that_lacks_a_file_or_has_another_is_named(
    weights: Path, tmp_path: Path, packed: bytes
) -> None:
    path = tmp_path / "half.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(weights / "det.onnx", "det.onnx")
        if packed:
            archive.writestr("rec.onnx", packed)
    with pytest.raises(WeightsError) as caught:
        pack_changes.pull("free", tmp_path / "data", source=str(path))
    if packed:
        assert str(caught.value).startswith(f"{path}: rec.onnx: damaged, or another file")
    else:
        assert str(caught.value).startswith(f"{path}: has no rec.onnx, which the pack needs. ")
        assert str(caught.value).endswith("facestream models pull free")


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


@pytest.mark.usefixtures("known")
def test_a_pulled_pack_that_can_not_be_used_leaves_the_older_one(
    here: Here, weights: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here("models", "pull", "free", "--from", weights)
    before = (models / "free" / "manifest.toml").read_bytes()
    (models / "free" / "det.onnx").unlink()

    def fail(folder: Path, _cache: Path) -> None:
        raise ModelError(f"{folder.absolute()}/rec.onnx: can't be used")

    monkeypatch.setattr(pack_changes, "try_pack", fail)
    said = here("models", "pull", "free", "--from", weights, code=1).stderr
    assert f"{weights}/rec.onnx: can't be used" in said
    assert "Use it" not in said
    assert (models / "free" / "manifest.toml").read_bytes() == before
    assert names_in(models) == {"free"}


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
    here("redis", "HSET", "fs:{family}:meta", "schema", "1", "pack", "mine")
    here("redis", "HSET", "fs:{other}:meta", "schema", "1", "pack", "open")
    assert users_of(model_pack("mine")) == ["family"]
    done = here("models", "remove", "mine", "--yes", "--json")
    assert done.json()["used_by"] == ["family"]
