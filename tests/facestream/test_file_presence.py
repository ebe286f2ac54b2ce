from __future__ import annotations

import os
from pathlib import Path

import pytest

from facestream.file_states import FileState, SourceFile, file_states
from facestream.readable_path import readable_path
from facestream.source_id import photo_id
from storage.source_record import SourceRecord


def photo(path: Path, source_id: str = "") -> SourceRecord:
    return SourceRecord(source_id or photo_id(path), "photo", readable_path(path), 10, 10)


def written(path: Path, content: bytes = b"content") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_is_there_gone_or_away_with_its_folder(tmp_path: Path) -> None:
    file = written(tmp_path / "disk" / "a.jpg")
    source = photo(file)
    assert file_states([source]) == [FileState.THERE]
    file.unlink()
    assert file_states([source]) == [FileState.GONE]
    # A folder of that name is no photo.
    file.mkdir()
    assert file_states([source]) == [FileState.GONE]
    file.rmdir()
    file.parent.rmdir()
    assert file_states([source]) == [FileState.AWAY]


def test_of_two_sources_of_one_path_the_file_tells_which_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    first = photo(written(path, b"first"))
    second = photo(written(path, b"second"))
    assert file_states([first, second]) == [FileState.OTHER, FileState.THERE]
    # The one of before may be put back.
    written(path, b"first")
    assert file_states([first, second]) == [FileState.THERE, FileState.OTHER]


def test_what_cannot_be_read_is_no_proof_of_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.jpg", b"now")
    sources = [photo(path, "i-1"), photo(path, "i-2")]
    assert file_states(sources) == [FileState.OTHER] * 2

    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("stream.fingerprint.open", refused, raising=False)
    monkeypatch.setattr(Path, "open", refused)
    assert file_states(sources) == [FileState.THERE] * 2


def test_a_camera_has_no_file() -> None:
    camera = SourceRecord("c-door", "camera", "rtsp://host/live", 10, 10)
    assert file_states([camera, camera]) == [FileState.NONE] * 2


def test_names_that_are_no_text_are_found_by_their_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    source = photo(written(path))
    assert "\\xe9" in source.path
    assert file_states([source]) == [FileState.THERE]
    path.unlink()
    assert file_states([source]) == [FileState.GONE]


@pytest.mark.parametrize("path", ["a\0b", "", "/"])
def test_paths_that_no_file_can_have_are_not_there(path: str) -> None:
    (state,) = file_states([SourceRecord("v-1", "video", path, 1, 1)])
    assert state is not FileState.THERE


@pytest.mark.parametrize("state", FileState)
def test_what_is_past_is_gone_or_another_file(state: FileState) -> None:
    file = SourceFile(SourceRecord("v-1", "video", "a.mp4", 1, 1), state, 0)
    # A disk that isn't mounted comes back.
    assert file.is_past == (state in (FileState.GONE, FileState.OTHER))
