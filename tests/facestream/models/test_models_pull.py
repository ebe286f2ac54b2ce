"""facestream models pull: small models from a server here, and what is not as the catalogue says."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import Fault, FileServer, file_server
from small_packs import FREE, Here, listed, names_in

from facestream.models import pack_changes
from workers.errors import DownloadError, ModelError, WeightsError
from workers.models import catalogue
from workers.models.catalogue import known_packs
from workers.models.download import Patience
from workers.models.manifest import read_manifest


@pytest.fixture(autouse=True)
def _without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


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
