"""Paths that are kept as text are found again by their bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facestream.errors import NotFoundError
from facestream.exports.clip import file_of
from facestream.readable_path import path_of, paths_of, readable_path
from facestream.recorded.source_id import photo_id
from facestream.web.person_answers import is_playable
from facestream.web.source_media import SourceMedia
from storage.source_record import SourceRecord


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A file whose name is no UTF-8."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    path.write_bytes(b"a photo")
    return path


def test_a_name_that_is_no_text_is_found_by_its_bytes(odd: Path, tmp_path: Path) -> None:
    written = readable_path(odd)
    assert written.endswith("caf\\xe9.jpg")
    assert path_of(written) == odd
    # What really is called so comes first.
    (tmp_path / "caf\\xe9.jpg").write_bytes(b"")
    assert path_of(written) == tmp_path / "caf\\xe9.jpg"
    assert path_of(str(tmp_path / "b\\xe9.jpg")) == tmp_path / "b\\xe9.jpg"
    assert list(paths_of("a.jpg")) == [Path("a.jpg")]


def test_it_is_played_and_cut_like_others(odd: Path) -> None:
    source = SourceRecord(photo_id(odd), "photo", readable_path(odd), 1, 1)
    assert is_playable(source.source_id, source.path)
    assert SourceMedia().find(source).path == odd
    assert file_of(source) == odd
    odd.unlink()
    assert not is_playable(source.source_id, source.path)
    with pytest.raises(NotFoundError):
        SourceMedia().find(source)
