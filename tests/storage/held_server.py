"""Processes that hold an embedded server, and what there is to see of it from outside."""

import contextlib
import fcntl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import redis

from storage.datafolder import DataFolder
from storage.guardian import ask
from storage.server import EmbeddedServer

# A holder in a process of its own: says who serves it, then holds until its input ends.
HOLDER = """
import sys
import time
from storage.datafolder import DataFolder
from storage.guardian import ask
from storage.server import EmbeddedServer

def say():
    info = ask(str(server.socket_path), "INFO", "server").decode().splitlines()
    print(next(line for line in info if line.startswith("run_id:")), flush=True)

with EmbeddedServer(DataFolder(sys.argv[1])) as server:
    try:
        say()
        sys.stdin.read()
    except KeyboardInterrupt:
        # As long as a server that was interrupted as well would need to end.
        time.sleep(0.3)
        say()
        sys.stdin.read()
"""


class Holder:
    """A process that holds a folder's server."""

    def __init__(self, folder: DataFolder) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def says(self) -> str:
        """Which run of the server answers it."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def until(happened: Callable[[], bool], *, within_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline_s, f"not within {within_s} s"
        time.sleep(0.01)


def is_free(folder: DataFolder, lock: str) -> bool:
    with (folder.path / f"{lock}.lock").open("a") as file:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False


def is_gone(folder: DataFolder) -> bool:
    """Whether neither the server nor its guardian lives."""
    return is_free(folder, "guardian") and is_free(folder, "server")


def info(socket_path: Path, section: str, name: str) -> str:
    lines = ask(str(socket_path), "INFO", section).decode().splitlines()
    return next(line for line in lines if line.startswith(f"{name}:")).partition(":")[2]


def run_of(socket_path: Path) -> str:
    return f"run_id:{info(socket_path, 'server', 'run_id')}"


def server_process(server: EmbeddedServer) -> psutil.Process:
    return psutil.Process(int(info(server.socket_path, "server", "process_id")))


def guardian_process(folder: DataFolder) -> psutil.Process:
    (found,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.endswith("guardian.py") for word in process.info["cmdline"] or ())
        and str(folder.path) in process.info["cmdline"]
    )
    return found


@contextlib.contextmanager
def client_of(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with contextlib.closing(redis.Redis(unix_socket_path=str(server.socket_path), retry=None)) as client:
        yield client


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path
