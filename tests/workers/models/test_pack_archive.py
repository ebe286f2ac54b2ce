"""Zip files: what belongs into a pack comes out, and nothing else, and nowhere else."""

from __future__ import annotations

import contextlib
import shutil
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.errors import ArchiveError
from workers.models.pack_archive import extract_pack


def packed(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, content)
    return path


def extracted(archive: Path, folder: Path, only: frozenset[str] | None = None) -> list[str]:
    folder.mkdir(exist_ok=True)
    return extract_pack(archive, folder, only)


def refused(archive: Path, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    with pytest.raises(ArchiveError) as caught:
        extract_pack(archive, folder)
    assert caught.value.path == archive
    return str(caught.value)


def test_models_and_texts_come_out(tmp_path: Path) -> None:
    files = {"det.onnx": b"d" * 5000, "rec.onnx": b"r", "LICENSE": b"l", "manifest.toml": b"m", "c.npz": b"n"}
    assert extracted(packed(tmp_path / "p.zip", files), tmp_path / "out") == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == files


def test_a_folder_inside_is_not_kept(tmp_path: Path) -> None:
    archive = packed(tmp_path / "p.zip", {"antelopev2/": b"", "antelopev2/det.onnx": b"d"})
    extracted(archive, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["det.onnx"]


def test_only_models_that_are_wanted_are_taken(tmp_path: Path) -> None:
    archive = packed(tmp_path / "p.zip", {"det.onnx": b"d", "age.onnx": b"a", "README.md": b"r"})
    assert extracted(archive, tmp_path / "out", frozenset({"det.onnx"})) == ["age.onnx"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"det.onnx", "README.md"}


def test_what_is_no_part_of_a_pack_is_left_out(tmp_path: Path) -> None:
    archive = packed(
        tmp_path / "p.zip", {"det.onnx": b"d", "run.py": b"x", "__MACOSX/._det.onnx": b"x", ".hidden.md": b""}
    )
    assert extracted(archive, tmp_path / "out") == ["run.py", "__MACOSX/._det.onnx", ".hidden.md"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["det.onnx"]


@pytest.mark.parametrize(
    "name", ["../evil.onnx", "a/../../evil.onnx", "/etc/evil.onnx", "..\\evil.onnx", "C:evil.onnx", "a/.."]
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "p.zip", {"det.onnx": b"d", name: b"evil"})
    assert "leads out of the pack's folder" in refused(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert not list(tmp_path.rglob("*evil*"))


def test_a_name_that_hides_its_end_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", {"det.onnxX.evil": b"d"})
    path.write_bytes(path.read_bytes().replace(b"onnxX", b"onnx\0"))
    assert "leads out of the pack's folder" in refused(path, tmp_path / "out")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("det.onnx")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "a link or a device" in refused(path, tmp_path / "out")


@pytest.mark.parametrize("name", ["w.pkl", "model/data.PKL", "w.pt", "w.pth", "w.bin", "w.joblib", "w.npy"])
def test_pickles_are_refused_wherever_they_lie(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "p.zip", {"d.onnx": b"d", name: b"x"})
    assert "can run a program" in refused(archive, tmp_path / "out")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path / "p.zip", {"README.md": bytes(9 << 20)})
    assert archive.stat().st_size < 100_000
    assert "too many for a pack" in refused(archive, tmp_path / "out")


def with_sizes(archive: Path, size_bytes: int) -> Path:
    """The zip file saying of each of its files that it has this size."""
    content, at = bytearray(archive.read_bytes()), 0
    while (at := content.find(b"PK\x01\x02", at) + 1) > 0:
        content[at + 23 : at + 27] = size_bytes.to_bytes(4, "little")
    archive.write_bytes(content)
    return archive


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    archive = with_sizes(packed(tmp_path / "p.zip", {"det.onnx": b"d", "rec.onnx": b"r"}), 3 << 30)
    assert "6,442,450,944 bytes together" in refused(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_there_is_no_space_for_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=4))
    extracted(packed(tmp_path / "p.zip", {"det.onnx": b"dddd"}), tmp_path / "out")
    with pytest.raises(OSError, match="No space left"):
        extracted(packed(tmp_path / "q.zip", {"rec.onnx": b"rrrrr"}), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["det.onnx"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 93])
def test_unusual_compressions_are_refused(tmp_path: Path, compression: int) -> None:
    path = packed(tmp_path / "p.zip", {"det.onnx": b"d" * 5000}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = compression
    path.write_bytes(content)
    assert "Pack it again with deflate" in refused(path, tmp_path / "out")


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "p.zip", {f"{k}.md": b"" for k in range(1001)})
    assert "1,001 files" in refused(archive, tmp_path / "out")


@pytest.mark.parametrize("names", [("a/det.onnx", "b/rec.onnx"), ("det.onnx", "DET.onnx")])
def test_files_that_can_not_lie_beside_each_other_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    archive = packed(tmp_path / "p.zip", dict.fromkeys(names, b"x"))
    assert "A pack is one folder" in refused(archive, tmp_path / "out")


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", {"det.onnx": b"d"})
    content = bytearray(path.read_bytes())
    # The flag in the central directory, which is what is read first.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted" in refused(path, tmp_path / "out")


def test_an_archive_that_can_not_be_read_is_told_as_such(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "p.zip", tmp_path / "out")


def test_a_folder_that_can_not_be_written_is_not_the_archives_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        extract_pack(packed(tmp_path / "p.zip", {"det.onnx": b"d"}), tmp_path / "out")


def test_a_file_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    path = with_sizes(packed(tmp_path / "p.zip", {"det.onnx": b"d" * 1000}, zipfile.ZIP_STORED), 10)
    assert "det.onnx" in refused(path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 and nothing more"])
def test_what_is_no_zip_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(content)
    assert "not a zip file, or a damaged one" in refused(path, tmp_path / "out")


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", {"det.onnx": b"d" * 5000}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert "damaged" in refused(path, tmp_path / "out")


@settings(max_examples=40)
@given(names=st.lists(st.text("ab./\\:~-_%", min_size=1, max_size=12), max_size=4, unique=True))
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    root = tmp_path_factory.mktemp("names")
    path = root / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.onnx", b"x")
    with contextlib.suppress(ArchiveError):
        extracted(path, root / "out")
    outside = {found for found in root.rglob("*") if (root / "out") not in (found, *found.parents)}
    assert outside == {path}
    assert all(found.is_file() and found.parent == root / "out" for found in (root / "out").rglob("*"))
