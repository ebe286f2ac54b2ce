import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import datafolder
from storage.datafolder import MAX_SOCKET_PATH_BYTES, SCHEMA, DataFolder, default_data_dir
from storage.errors import DataFolderError, SchemaMismatchError, StorageError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def long_path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / ("long" * 40)
    yield path
    runtime = Path("/tmp") / f"facestream-{os.geteuid()}"
    name = DataFolder(path).socket_path.parent.name
    if (runtime / name).is_dir():
        (runtime / name).rmdir()


def test_a_new_folder_is_private_and_names_its_layout() -> None:
    # Not in `tmp_path`, whose names are sometimes too long for a socket.
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        looks_new(Path(short) / "some" / "where")


def looks_new(place: Path) -> None:
    folder = DataFolder(place)

    assert json.loads((folder.path / "facestream.json").read_text()) == {"schema": SCHEMA}
    for path in (folder.path, folder.redis_dir, folder.thumbnails_dir):
        assert mode_of(path) == 0o700
    assert mode_of(folder.path / "facestream.json") == 0o600
    assert folder.socket_path == folder.path / "redis" / "redis.sock"


def test_an_existing_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    DataFolder(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "facestream.json").write_text('{"schema": 1, "more": true}')

    DataFolder(tmp_path)

    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert json.loads((tmp_path / "facestream.json").read_text())["more"] is True


def test_another_layout_is_refused_with_both_versions(tmp_path: Path) -> None:
    (tmp_path / "facestream.json").write_text('{"schema": 7}')

    with pytest.raises(SchemaMismatchError, match=r"layout 7.*layout 1") as caught:
        DataFolder(tmp_path)

    assert (caught.value.found, caught.value.supported, caught.value.path) == (7, SCHEMA, tmp_path)
    assert not (tmp_path / "redis").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": null}', '{"schema": "new"}', "\x00\xff"])
def test_a_damaged_layout_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "facestream.json").write_text(content)

    with pytest.raises(DataFolderError, match=r"facestream\.json should hold the layout version"):
        DataFolder(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    for path in (file, file / "below"):
        with pytest.raises(DataFolderError, match="not a folder") as caught:
            DataFolder(path)
        assert caught.value.path == path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(DataFolderError, match="no permission"):
        DataFolder(tmp_path)


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="needs a file system where nobody may create folders"
)
def test_a_folder_that_nobody_may_create_is_refused() -> None:
    with pytest.raises(DataFolderError, match="data folder /proc/facestream can't be used"):
        DataFolder("/proc/facestream")


def test_a_path_that_the_file_system_can_not_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="too long"):
        DataFolder(tmp_path / ("x" * 300))


def test_many_may_create_the_same_folder_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        folders = list(pool.map(DataFolder, [tmp_path / "shared"] * 64))

    assert {folder.path for folder in folders} == {tmp_path / "shared"}
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == [
        "facestream.json",
        "redis",
        "thumbnails",
    ]


def test_all_ways_to_a_folder_lead_to_one_socket(tmp_path: Path, long_path: Path) -> None:
    real = DataFolder(long_path)
    (tmp_path / "link").symlink_to(long_path)

    assert DataFolder(tmp_path / "link").socket_path == real.socket_path
    assert DataFolder(long_path / ".." / long_path.name).socket_path == real.socket_path


def test_a_long_path_gets_a_short_private_place_for_the_socket(long_path: Path) -> None:
    folder = DataFolder(long_path)

    assert len(os.fsencode(folder.socket_path)) <= MAX_SOCKET_PATH_BYTES
    assert mode_of(folder.socket_path.parent) == mode_of(folder.socket_path.parent.parent) == 0o700
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.socket_path))
    folder.socket_path.unlink()


def test_two_long_paths_have_two_sockets(long_path: Path) -> None:
    other = long_path.with_name(long_path.name + "x")
    one, two = DataFolder(long_path).socket_path, DataFolder(other).socket_path

    assert one != two
    two.parent.rmdir()


def test_a_link_planted_in_the_place_of_the_socket_folder_is_refused(long_path: Path, tmp_path: Path) -> None:
    place = DataFolder(long_path).socket_path.parent
    place.rmdir()
    (tmp_path / "trap").mkdir()
    place.symlink_to(tmp_path / "trap")
    try:
        with pytest.raises(DataFolderError, match="somebody else's or no folder"):
            DataFolder(long_path)
    finally:
        place.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else's folder")
def test_a_socket_folder_of_somebody_else_is_refused(long_path: Path) -> None:
    place = DataFolder(long_path).socket_path.parent
    os.chown(place, 12345, 12345)

    try:
        with pytest.raises(DataFolderError, match="somebody else's or no folder"):
            DataFolder(long_path)
    finally:
        os.chown(place, os.geteuid(), os.getegid())


def test_a_socket_folder_open_to_others_is_closed(long_path: Path) -> None:
    place = DataFolder(long_path).socket_path.parent
    place.chmod(0o755)

    assert mode_of(DataFolder(long_path).socket_path.parent) == 0o700


def test_the_default_place_follows_the_xdg_standard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datafolder.sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert default_data_dir() == Path("/srv/data/facestream")

    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/invalid")
    assert default_data_dir() == tmp_path / ".local" / "share" / "facestream"

    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_data_dir() == tmp_path / ".local" / "share" / "facestream"

    monkeypatch.setattr(datafolder.sys, "platform", "darwin")
    assert default_data_dir() == tmp_path / "Library" / "Application Support" / "facestream"


def test_all_errors_of_the_folder_are_storage_errors(tmp_path: Path) -> None:
    (tmp_path / "facestream.json").write_text('{"schema": 2}')

    with pytest.raises(StorageError):
        DataFolder(tmp_path)
