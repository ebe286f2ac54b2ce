import os
from pathlib import Path

import pytest

from stream.errors import SourceEmptyError, SourceIsFolderError, SourceNotFoundError
from stream.fingerprint import fingerprint

MIB = 1024 * 1024


def write_sparse(path: Path, size: int, *, at: int | None = None) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        if at is not None:
            file.seek(at)
            file.write(b"x")
    return path


def test_names_the_content_and_not_the_file(tmp_path: Path) -> None:
    first, copy = tmp_path / "a.mp4", tmp_path / "b.mkv"
    first.write_bytes(b"content")
    copy.write_bytes(b"content")
    os.utime(copy, (1, 1))
    assert fingerprint(first) == fingerprint(copy)


def test_is_stable_across_releases(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    assert fingerprint(path) == "94b918a2ef2a682f6c2537fc53b7bae2"
    assert fingerprint(write_sparse(path, 20 * MIB, at=0)) == "b774f0ccd298df11f514af1180da95de"


@pytest.mark.parametrize("at", [0, 8 * MIB, 16 * MIB - 1])
def test_one_byte_anywhere_changes_a_small_file(tmp_path: Path, at: int) -> None:
    before = fingerprint(write_sparse(tmp_path / "a", 16 * MIB))
    assert fingerprint(write_sparse(tmp_path / "a", 16 * MIB, at=at)) != before


@pytest.mark.parametrize("at", [0, 64 * MIB - 1])
def test_first_and_last_byte_change_a_large_file(tmp_path: Path, at: int) -> None:
    before = fingerprint(write_sparse(tmp_path / "a", 64 * MIB))
    assert fingerprint(write_sparse(tmp_path / "a", 64 * MIB, at=at)) != before


def test_size_alone_changes_it(tmp_path: Path) -> None:
    assert fingerprint(write_sparse(tmp_path / "a", 40 * MIB)) != fingerprint(
        write_sparse(tmp_path / "b", 40 * MIB + 1)
    )


def test_missing_folder_and_empty_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(SourceNotFoundError):
        fingerprint(tmp_path / "none")
    with pytest.raises(SourceIsFolderError):
        fingerprint(tmp_path)
    with pytest.raises(SourceEmptyError):
        fingerprint(tmp_path / "empty")


@pytest.mark.parametrize("size", [1, 70_000, 16 * 1024 * 1024 + 5])
def test_the_beginning_of_a_file_has_the_name_of_a_file_that_ends_there(tmp_path: Path, size: int) -> None:
    whole, beginning = tmp_path / "whole", tmp_path / "beginning"
    content = bytes(range(251)) * (size // 251 + 100)
    whole.write_bytes(content)
    beginning.write_bytes(content[:size])
    assert fingerprint(whole, size) == fingerprint(beginning) != fingerprint(whole)
