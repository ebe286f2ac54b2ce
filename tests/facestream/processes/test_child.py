"""Processes that are kept beside another one, for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from facestream.configuration.settings import Place
from facestream.processes.child import Child, environment_of, place_words

# Starts a child, tells its number, and waits to be killed.
PARENT = """
import os, sys, time
from facestream.processes.child import Child
words = ["redis", "--data-dir", sys.argv[1]]
child = Child("facestream.processes.beside", words, os.environ, lambda _line: None)
print(child.pid, flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fs") / "data"


@pytest.mark.e2e
def test_a_child_ends_with_a_parent_that_is_killed(data_dir: Path, environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(data_dir)], stdout=subprocess.PIPE, env=environment, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until((data_dir / "redis").exists)
        assert is_running(pid)
        parent.kill()
    until(lambda: not is_running(pid))


@pytest.mark.e2e
def test_a_child_is_ended_as_by_ctrl_c_and_its_last_words_are_kept(
    data_dir: Path, environment: dict[str, str]
) -> None:
    child = Child(
        "facestream.processes.beside", ["redis", "--data-dir", str(data_dir)], environment, lambda _line: None
    )
    wrong = Child("facestream.processes.beside", ["people", "--sort", "nonsense"], environment)
    # Its own group: Ctrl-C at a terminal does not reach it twice.
    assert os.getpgid(child.pid) != os.getpgid(0)
    wrong.wait(60)
    assert wrong.code == 2
    assert "nonsense" in wrong.said
    until((data_dir / "redis" / "redis.sock").exists)
    child.stop()
    child.wait(60)
    assert child.code is not None
    assert child.code != -signal.SIGKILL


@pytest.mark.e2e
def test_what_it_says_for_machines_is_kept_as_people_read_it(environment: dict[str, str]) -> None:
    words = ["people", "--sort", "nonsense"]
    child = Child("facestream.processes.beside", words, environment | {"FACESTREAM_LOG_FORMAT": "json"})
    child.wait(60)
    assert child.code == 2
    assert child.said.startswith("Invalid value for '--sort': 'nonsense' is not one of")


def test_one_that_nobody_could_hear_is_ended_at_once(environment: dict[str, str]) -> None:
    before = threading.stack_size()
    there = set(psutil.Process().children())
    # No machine has room for such a thread.
    threading.stack_size(1 << 46)
    try:
        with pytest.raises(OSError, match="no more threads"):
            Child("facestream.processes.beside", ["redis"], environment, lambda _line: None)
    finally:
        threading.stack_size(before)
    assert set(psutil.Process().children()) == there


def test_what_could_be_secret_is_in_the_environment_alone() -> None:
    place = Place(Path("/data"), "redis://user:S3cret@host/0", "lobby")
    assert not any("S3cret" in word for word in place_words(place))
    environ = environment_of(place, {"PATH": "/bin"})
    assert environ == {
        "PATH": "/bin",
        "FACESTREAM_REDIS": "redis://user:S3cret@host/0",
        "FACESTREAM_DATA_DIR": "/data",
    }


def test_a_folder_that_was_named_wins_over_a_server_of_the_environment() -> None:
    place = Place(Path("data"), None, "lobby")
    assert environment_of(place, {"FACESTREAM_REDIS": "redis://other"}) == {}
    assert place_words(place) == ["--collection", "lobby", "--data-dir", "data"]
