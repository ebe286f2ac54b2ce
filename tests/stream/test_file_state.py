from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream.errors import SourceChangedError
from stream.file_state import FileGuard, FileState
from stream.fingerprint import fingerprint


def write_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"B" * 1000)


def write_more_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"B" * 2000)


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10)


def put_in_place(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(b"B" * 1000)
    other.rename(path)


def add(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"B" * 1000)


CHANGES = [write_over, write_more_over, cut_off, put_in_place]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "film.ts"
    path.write_bytes(b"A" * 1000)
    return path


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_another_one_before_it_is_opened_is_told(
    path: Path, change: Callable[[Path], None]
) -> None:
    before, content = FileState.of(path), fingerprint(path)
    change(path)
    guard = FileGuard(path, content, before)
    with pytest.raises(SourceChangedError, match="has changed"):
        guard.check()


@pytest.mark.parametrize("change", [write_over, cut_off])
def test_so_is_one_that_changes_afterwards(path: Path, change: Callable[[Path], None]) -> None:
    guard = FileGuard(path, fingerprint(path), FileState.of(path))
    guard.check()
    change(path)
    with pytest.raises(SourceChangedError):
        guard.check()


def test_what_is_put_in_the_place_of_an_open_file_does_not_touch_it(path: Path) -> None:
    guard = FileGuard(path, fingerprint(path), FileState.of(path))
    put_in_place(path)
    guard.check(at_end=True)


def test_a_file_that_grows_is_the_same(path: Path) -> None:
    before, content = FileState.of(path), fingerprint(path)
    add(path)
    guard = FileGuard(path, content, before)
    guard.check()
    add(path)
    guard.check(at_end=True)
    assert guard.growth == (1000, 3000)
