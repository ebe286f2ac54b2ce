from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from facestream.readable_path import readable_path
from facestream.recorded.file_presence import FilePresence, SourceFile, file_presences
from facestream.recorded.source_id import photo_id
from storage.source_record import SourceRecord


def photo(path: Path, source_id: str = "") -> SourceRecord:
    return SourceRecord(source_id or photo_id(path), "photo", readable_path(path), 10, 10)


def written(path: Path, content: bytes = b"content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_is_there_gone_or_away_with_its_folder(tmp_path: Path) -> None:
    file, other = written(tmp_path / "disk" / "a.jpg"), written(tmp_path / "disk" / "day" / "b.jpg", b"b")
    sources = [photo(file), photo(other)]
    assert file_presences(sources) == [FilePresence.THERE] * 2
    file.unlink()
    assert file_presences(sources) == [FilePresence.GONE, FilePresence.THERE]
    # A folder of that name is no photo.
    file.mkdir()
    assert file_presences(sources) == [FilePresence.GONE, FilePresence.THERE]
    file.rmdir()
    # Where its disk isn't mounted, a folder is there and holds nothing, or nothing of what was known.
    other.unlink()
    written(tmp_path / "disk" / "README")
    assert file_presences(sources) == [FilePresence.AWAY] * 2
    shutil.rmtree(tmp_path / "disk")
    assert file_presences(sources) == [FilePresence.AWAY] * 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_what_may_not_be_looked_at_is_not_gone(tmp_path: Path) -> None:
    file, other = written(tmp_path / "shut" / "a.jpg"), written(tmp_path / "b.jpg", b"b")
    sources = [photo(file), photo(other)]
    file.parent.chmod(0)
    try:
        assert file_presences(sources) == [FilePresence.AWAY, FilePresence.THERE]
    finally:
        file.parent.chmod(0o700)


def test_of_two_sources_of_one_path_the_file_tells_which_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    first = photo(written(path, b"first"))
    second = photo(written(path, b"second"))
    assert file_presences([first, second]) == [FilePresence.OTHER, FilePresence.THERE]
    # The one of before may be put back.
    written(path, b"first")
    assert file_presences([first, second]) == [FilePresence.THERE, FilePresence.OTHER]


def test_what_cannot_be_read_is_no_proof_of_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.jpg", b"now")
    sources = [photo(path, "i-1"), photo(path, "i-2")]
    assert file_presences(sources) == [FilePresence.OTHER] * 2

    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("stream.fingerprint.open", refused, raising=False)
    monkeypatch.setattr(Path, "open", refused)
    assert file_presences(sources) == [FilePresence.THERE] * 2


def test_a_camera_has_no_file() -> None:
    camera = SourceRecord("c-door", "camera", "rtsp://host/live", 10, 10)
    assert file_presences([camera, camera]) == [FilePresence.NONE] * 2


def test_names_that_are_no_text_are_found_by_their_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    sources = [photo(written(path)), photo(written(tmp_path / "b.jpg", b"b"))]
    assert "\\xe9" in sources[0].path
    assert file_presences(sources) == [FilePresence.THERE] * 2
    path.unlink()
    assert file_presences(sources) == [FilePresence.GONE, FilePresence.THERE]


@pytest.mark.parametrize("path", ["a\0b", "", "/"])
def test_paths_that_no_file_can_have_are_not_there(path: str) -> None:
    (presence,) = file_presences([SourceRecord("v-1", "video", path, 1, 1)])
    assert presence is not FilePresence.THERE


@pytest.mark.parametrize("presence", FilePresence)
def test_what_is_past_is_gone_or_another_file(presence: FilePresence) -> None:
    file = SourceFile(SourceRecord("v-1", "video", "a.mp4", 1, 1), presence, 0)
    # A disk that isn't mounted comes back.
    assert file.is_past == (presence in (FilePresence.GONE, FilePresence.OTHER))
