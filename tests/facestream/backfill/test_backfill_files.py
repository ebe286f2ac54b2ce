"""Which files a backfill looks at."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from facestream.backfill.backfill_files import files_of
from facestream.errors import FacestreamError, LabelError, UsageError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.mp4").write_bytes(b"not looked into")
    (folder / "deep" / "b.mkv").write_bytes(b"not looked into")
    Image.new("RGB", (8, 8)).save(folder / "c.jpg")
    return folder


def test_folders_are_gone_through(archive: Path) -> None:
    videos, photos, failed = files_of([archive])
    assert [path.name for path, _ in videos] == ["a.mp4", "b.mkv"]
    assert [path.name for path, _ in photos] == ["c.jpg"]
    assert failed == []


def test_a_table_names_files_from_its_own_folder_and_their_dates(archive: Path) -> None:
    table = archive / "list.csv"
    table.write_text("path,recorded_at,camera\na.mp4,2026-05-01T12:00:00+00:00,door\ndeep/b.mkv,,\nc.jpg,,\n")
    videos, photos, _ = files_of([table])
    assert videos == [(archive / "a.mp4", 1777636800.0), (archive / "deep" / "b.mkv", None)]
    assert photos == [(archive / "c.jpg", None)]


def test_a_text_names_a_file_on_each_line(archive: Path) -> None:
    text = archive / "list.txt"
    text.write_text("# the archive\n\n  a.mp4\ndeep\n")
    videos, photos, _ = files_of([text])
    assert [path.name for path, _ in videos] == ["a.mp4", "b.mkv"]
    assert photos == []


def test_what_is_not_there_costs_the_others_nothing(archive: Path) -> None:
    videos, _, failed = files_of([archive / "a.mp4", archive / "gone.mp4"])
    assert len(videos) == 1
    assert [(path.name, "doesn't exist" in reason) for path, reason in failed] == [("gone.mp4", True)]
    with pytest.raises(FacestreamError, match="doesn't exist"):
        files_of([archive / "gone.mp4"])


def test_mistakes_in_lists_are_named_with_their_line(archive: Path) -> None:
    table = archive / "list.csv"
    table.write_text("path,recorded_at\na.mp4,yesterday\n")
    with pytest.raises(UsageError, match=r"list\.csv, line 2: 'yesterday' is not a date"):
        files_of([table])
    table.write_text("file\na.mp4\n")
    with pytest.raises(LabelError, match="no column path"):
        files_of([table])
    (archive / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        files_of([archive / "list.txt"])
