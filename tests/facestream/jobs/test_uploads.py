from __future__ import annotations

import os
import shutil
import time
from collections import namedtuple
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.errors import FacestreamError, RefusedError
from facestream.jobs.uploads import Uploads, safe_name

PHOTO = cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", most_bytes=10_000)


@given(st.text(max_size=300))
def test_any_name_becomes_one_for_a_file(written: str) -> None:
    name = safe_name(written)
    assert name == Path(name).name
    assert name not in (".", "..")
    assert not name.startswith(".")
    assert len(name.encode()) <= 140
    assert name.isprintable()
    assert not set("<>&\"'/\\:*?|") & set(name)
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\Mein Film (1).MOV", "Mein Film (1).MOV"),
        ("Tür\u0000zu\n.mkv", "Tür_zu_.mkv"),
        (".hidden", "hidden"),
        ("<script>.jpg", "_script_.jpg"),
        ("...", "upload"),
    ],
)
def test_names_stay_as_near_as_can_be(written: str, name: str) -> None:
    assert safe_name(written) == name


def test_a_file_arrives_as_a_whole_in_a_folder_of_its_own(uploads: Uploads) -> None:
    upload = uploads.begin("me.jpg", len(PHOTO))
    upload.write(PHOTO[:100])
    upload.write(PHOTO[100:])
    path = upload.finish()
    upload.close()
    assert path == uploads.folder / upload.job_id / "me.jpg"
    assert path.read_bytes() == PHOTO
    assert uploads.holds(path)
    uploads.remove(path)
    assert list(uploads.folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script></html>",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"PK\x03\x04" + bytes(200),
        PHOTO[:120],
        b"\0",
    ],
)
@pytest.mark.parametrize("name", ["x.jpg", "x.mp4"])
def test_what_is_no_video_and_no_photo_is_refused_and_leaves_nothing(
    uploads: Uploads, content: bytes, name: str
) -> None:
    upload = uploads.begin(name)
    upload.write(content)
    with pytest.raises(RefusedError) as caught:
        upload.finish()
    upload.close()
    assert caught.value.kind == "not_media"
    assert str(uploads.folder) not in str(caught.value)
    assert list(uploads.folder.iterdir()) == []


def test_too_large_a_file_is_refused_before_and_on_the_way(uploads: Uploads) -> None:
    with pytest.raises(RefusedError) as announced:
        uploads.begin("x.mp4", 10_001)
    upload = uploads.begin("x.mp4")
    upload.write(bytes(10_000))
    with pytest.raises(RefusedError) as on_the_way:
        upload.write(b"1")
    upload.close()
    assert announced.value.kind == on_the_way.value.kind == "too_large"
    assert list(uploads.folder.iterdir()) == []


def test_a_full_disk_is_noticed_before(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, 1000))
    with pytest.raises(RefusedError) as caught:
        uploads.begin("x.mp4", 500)
    assert caught.value.kind == "no_room"


def test_only_some_are_taken_in_at_a_time(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 1000, at_once=1)
    first = uploads.begin("x.mp4")
    with pytest.raises(RefusedError) as caught:
        uploads.begin("y.mp4")
    assert caught.value.kind == "busy"
    first.close()
    uploads.begin("y.mp4").close()


def test_only_what_was_uploaded_is_removed(uploads: Uploads, tmp_path: Path) -> None:
    other = tmp_path / "films" / "film.mp4"
    other.parent.mkdir()
    other.touch()
    uploads.remove(other)
    uploads.remove(uploads.folder / "j-1" / ".." / ".." / "films" / "film.mp4")
    assert other.exists()


def test_remains_of_a_power_failure_go_after_a_day(uploads: Uploads) -> None:
    uploads.folder.mkdir()
    old, new = uploads.folder / ".partial-old", uploads.folder / ".partial-new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    uploads.sweep()
    assert list(uploads.folder.iterdir()) == [new]


def test_a_file_whose_job_was_never_entered_goes_after_a_day(uploads: Uploads) -> None:
    entered, told, stray, new = (uploads.begin("me.jpg") for _ in range(4))
    for upload in (entered, told, stray, new):
        upload.write(PHOTO)
        upload.finish()
        upload.close()
    uploads.note_entered(told.job_id)
    day_ago_s = time.time() - 90_000
    for path in uploads.folder.iterdir():
        if path.name.endswith((entered.job_id, stray.job_id)):
            os.utime(path, (day_ago_s, day_ago_s))

    uploads.sweep_unentered({entered.job_id})

    left = {path.name for path in uploads.folder.iterdir()}
    assert left == {entered.job_id, told.job_id, new.job_id, f".unentered-{new.job_id}"}


def test_all_go_but_those_of_some_jobs_and_what_is_on_its_way(uploads: Uploads) -> None:
    kept, gone, cut_off, under_way = (uploads.begin("me.jpg") for _ in range(4))
    for upload in (kept, gone):
        upload.write(PHOTO)
        upload.finish()
        upload.close()
    (uploads.folder / "j-no-folder").touch()
    uploads.note_entered(kept.job_id)
    partials = sorted(uploads.folder.glob(".partial-*"))
    assert len(partials) == 2
    hour_ago_s = time.time() - 3600
    os.utime(partials[0], (hour_ago_s, hour_ago_s))

    assert uploads.clear({kept.job_id}) == 1

    left = {path.name for path in uploads.folder.iterdir()}
    assert left == {kept.job_id, "j-no-folder", partials[1].name}
    for upload in (cut_off, under_way):
        upload.close()


def test_one_that_can_not_be_deleted_is_told(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = uploads.begin("me.jpg")
    upload.write(PHOTO)
    upload.finish()
    upload.close()

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        with pytest.raises(FacestreamError, match="can't be deleted \\(Permission denied\\)"):
            uploads.clear()
    assert uploads.clear() == 1


def test_one_whose_last_bytes_do_not_fit_on_the_disk_leaves_its_place_to_others(
    tmp_path: Path,
) -> None:
    uploads = Uploads(tmp_path / "uploads", most_bytes=10_000)
    begun = [uploads.begin("me.jpg", len(PHOTO)) for _ in range(4)]
    with pytest.raises(RefusedError, match="Other files are being uploaded"):
        uploads.begin("me.jpg", len(PHOTO))
    for upload in begun:
        # Small: it waits in memory for more, and is written when the file is closed.
        upload.write(PHOTO[:10])
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, upload._file.fileno())
        os.close(full)
        upload.close()
    assert list(uploads.folder.glob(".partial*")) == []
    uploads.begin("me.jpg", len(PHOTO)).close()
