"""A disk that is full when a picture of a person is written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from facestream.errors import FacestreamError
from facestream.people.thumbnail_files import write_picture

MOUNT = shutil.which("mount")


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("disk")
    if MOUNT is None:
        pytest.skip("there is no mount command to make a small disk with")
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    mounted = subprocess.run([MOUNT, *options], check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_picture_for_which_there_is_no_room_is_told_and_leaves_the_one_before(disk: Path) -> None:
    before = b"the picture before"
    picture = write_picture(disk / "p1.jpg", before)
    with pytest.raises(FacestreamError) as caught:
        write_picture(picture, bytes(200_000))
    assert str(caught.value).startswith(
        f"{picture}: pictures of people can't be written there (No space left"
    )
    assert "The people are stored; when that is mended, a list of people (`people`) writes them." in str(
        caught.value
    )
    assert [path.name for path in disk.iterdir()] == ["p1.jpg"]
    assert picture.read_bytes() == before
