"""Passwords of the command line are gone from the list of processes."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from command_runs import PATIENCE_S
from hypothesis import given
from hypothesis import strategies as st

from facestream.processes.hidden_arguments import masked, may_hold_secrets

SECRET = "S3cret"


@pytest.mark.parametrize(
    "word",
    [
        f"rtsp://admin:{SECRET}@host/live",
        f"--redis=rediss://:{SECRET}@host",
        f"https://hooks.example/{SECRET}",
        f"redis://host?password={SECRET}",
        f"admin:{SECRET}@host/live",
        f"nonsense://{SECRET}://x",
    ],
)
def test_what_may_be_one_is_masked(word: str) -> None:
    assert may_hold_secrets(["run", word])
    before = f"facestream\0{word}\0--for\0{1}\0".encode()
    after = masked(before)
    assert SECRET.encode() not in after
    assert len(after) == len(before)
    assert after.count(b"\0") == before.count(b"\0")
    assert after.endswith(b"\0--for\0001\0")


def test_other_arguments_stay_as_they_are() -> None:
    words = b"facestream\0run\0/films/a:b.mp4\0--name\0me@home\0"
    assert not may_hold_secrets(["run", "/films/a:b.mp4"])
    assert masked(words) == words


@given(st.binary(max_size=200))
def test_nothing_moves(arguments: bytes) -> None:
    after = masked(arguments)
    assert len(after) == len(arguments)
    assert [i for i, c in enumerate(after) if c == 0] == [i for i, c in enumerate(arguments) if c == 0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process do so")
def test_a_process_hides_them_and_works_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://:{SECRET}@127.0.0.1:{server.getsockname()[1]}/0"
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "people", "--redis", url], stderr=subprocess.DEVNULL
        )
        try:
            server.settimeout(PATIENCE_S)
            connection, _ = server.accept()
            with connection:
                assert SECRET.encode() in connection.recv(1000)
                shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
            process.wait(PATIENCE_S)
    assert b"facestream\0people\0--redis\0redis://***" in shown
    assert SECRET.encode() not in shown
