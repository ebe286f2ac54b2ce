from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from facestream.configuration.settings import Place
from facestream.processes.head_start import head_start
from storage.errors import RedisUrlError, StorageError


def test_the_server_is_there_when_the_connection_is_opened(tmp_path: Path) -> None:
    threads = threading.active_count()
    with head_start(Place(tmp_path)) as opened, opened() as handle:
        assert handle.client.ping()
        assert handle.embedded

    assert threading.active_count() == threads


def test_whoever_never_opens_it_leaves_no_thread_and_no_server(tmp_path: Path) -> None:
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt), head_start(Place(tmp_path)):
        raise KeyboardInterrupt

    assert threading.active_count() == threads
    # Whoever comes next gets a server, and keeps it.
    with head_start(Place(tmp_path)) as opened, opened() as handle:
        assert handle.client.ping()


def test_a_folder_that_can_t_be_is_said_when_it_is_opened(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with (
        head_start(Place(tmp_path / "file")) as opened,
        pytest.raises(StorageError, match="file"),
    ):
        opened()

    assert capfd.readouterr().err == ""


def test_nothing_is_begun_for_a_server_of_one_s_own_or_a_name_that_can_t_be(tmp_path: Path) -> None:
    with (
        head_start(Place(tmp_path / "data", "redis://host:port")) as opened,
        pytest.raises(RedisUrlError),
    ):
        opened()
    with head_start(Place(tmp_path / "data", collection="a/b")):
        pass

    assert not (tmp_path / "data").exists()


def test_it_begins_before_the_client_of_redis_is_loaded() -> None:
    code = (
        "import sys, facestream.processes.head_start; "
        "sys.exit(' '.join({'redis', 'numpy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
