from __future__ import annotations

import stat
from pathlib import Path

import pytest

from storage.private_file import content_of, written_beside


def test_a_file_is_whole_and_private_before_it_takes_its_place(tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("before")
    with written_beside(place, b"now") as beside:
        assert (place.read_text(), beside.read_text()) == ("before", "now")
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
        beside.replace(place)
    assert content_of(place, 100) == ("now", 0o600)
    assert list(tmp_path.iterdir()) == [place]


def test_what_took_no_place_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), written_beside(tmp_path / "key", b"now"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"abc\xff" + b"d" * 1000)
    assert content_of(tmp_path / "key", 5).text == "abc\N{REPLACEMENT CHARACTER}d"
