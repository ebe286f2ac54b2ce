"""Which files a backfill looks at."""

from __future__ import annotations

import os
import shutil
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


def test_a_file_has_its_date_however_it_is_named(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (archive / "dates.csv").write_text(f"path,recorded_at\n{archive}/deep/b.mkv,1970-01-01T00:00:09+00:00\n")
    (archive / "link.mp4").symlink_to(archive / "a.mp4")
    (archive / "links.csv").write_text("path,recorded_at\nlink.mp4,1970-01-01T00:00:07+00:00\n")
    monkeypatch.chdir(archive.parent)
    tables = [archive / "dates.csv", archive / "links.csv"]
    # Those that are named without one keep theirs.
    for paths in ([Path("archive"), *tables], [*tables, Path("archive")]):
        videos, photos, _ = files_of(paths)
        assert sorted(at_s or 0 for _, at_s in videos) == [7.0, 9.0]
        assert [at_s for _, at_s in photos] == [None]


def test_rows_of_a_table_that_hold_nothing_are_passed_over(archive: Path) -> None:
    table = archive / "list.csv"
    table.write_text("path,recorded_at,camera\na.mp4,,\n,,\n,,\n")
    assert files_of([table])[0] == [(archive / "a.mp4", None)]


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
    table.write_text("path,recorded_at\na.mp4,\n,2026-05-01\n")
    with pytest.raises(UsageError, match=r"list\.csv, line 3: names no file"):
        files_of([table])
    table.write_text("path,recorded_at\ndeep,2026-05-01\n")
    with pytest.raises(UsageError, match=r"list\.csv, line 2: 'deep' is a folder"):
        files_of([table])
    table.write_text("file\na.mp4\n")
    with pytest.raises(LabelError, match="no column path"):
        files_of([table])
    (archive / "list.txt").write_bytes(b"a.mp4\n\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"list\.txt, line 2: not text in UTF-8, and no name of a file"):
        files_of([archive / "list.txt"])
    table.write_text("path,recorded_at\na.mp4,2026-05-01\n./a.mp4,2026-05-02\n")
    with pytest.raises(UsageError, match=r"list\.csv: .*a\.mp4' has two dates"):
        files_of([table])


@pytest.mark.parametrize(
    "name", ["#1.mp4", " lead.mp4", "trail.mp4 ", os.fsdecode(b"no\xffutf8.mp4"), "a\u2028b.mp4"]
)
@pytest.mark.parametrize("ending", ["txt", "csv"])
def test_files_of_strange_names_are_found_by_lists(archive: Path, name: str, ending: str) -> None:
    shutil.copy(archive / "a.mp4", archive / "strange")
    (archive / "strange").rename(archive / name)
    table = archive / f"list.{ending}"
    head = "path\n" if ending == "csv" else "# a remark\n\n  c.jpg  \n"
    table.write_bytes(os.fsencode(f"{head}{name}\n"))
    videos, photos, failed = files_of([table])
    assert ([path.name for path, _ in videos], failed) == ([name], [])
    assert len(photos) == (ending == "txt")
