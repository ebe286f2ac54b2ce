"""Processes that begin with what they import: forked from one that has imported it, once for all of them.

Imports are most of the time of a short command. Signals, exit codes and all that is between processes are as
in a process that was started anew.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# Libraries of other systems may not stand a fork; there, each process loads everything itself.
_SERVER: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
# What takes the time of commands that find people, list them, look at photos or group them.
_SERVER.set_forkserver_preload(
    [
        "facestream.__main__",
        "facestream.recorded.run",
        "facestream.collection.archive",
        "facestream.client",
        "facestream.clusters.cluster_choice",
        "facestream.commands.people",
        "facestream.commands.run",
        "facestream.drawing.figure_file",
        "facestream.exports.page",
        "facestream.search.search",
        # What reads the variables that tests set.
        "facestream.configuration.settings_file",
        "facestream.configuration.settings_schema",
        "facestream.people.track",
        "rich.progress",
        "workers.models.combination",
        "workers.models.device_probe",
        "workers.photo_faces",
    ]
)


class Preloaded:
    """A function at work in a process of its own; waited for and ended like a `subprocess.Popen`.

    Args:
        main: The function, which calls its first argument as soon as it can stand signals.
        arguments: Its further arguments.
    """

    def __init__(self, main: Callable[..., object], *arguments: Any) -> None:
        reader, writer = _SERVER.Pipe(duplex=False)
        self._process = _SERVER.Process(target=_start, args=(writer, main, arguments))
        self._process.start()
        writer.close()
        with reader:
            reader.recv()

    @property
    def pid(self) -> int:
        pid: int | None = self._process.pid
        assert pid is not None
        return pid

    def poll(self) -> int | None:
        """Its exit code, negative where a signal ended it, or None while it runs."""
        code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def begin_as_if_started(environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    """Have a process that was forked see what it would see if it had been started.

    Args:
        environment: All its variables; those that Python and libraries read as they load come too late.
        folder: Its working folder.
        out: The file that its output goes to.
        err: The file that its messages go to.
    """
    for descriptor, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY)
        os.dup2(file, descriptor)
        os.close(file)
    # Buffered as Python does it where no terminal is, whatever the server began with.
    sys.stdout = os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None


@contextlib.contextmanager
def killed_in_the_end() -> Iterator[list[Preloaded]]:
    """A list of processes, which are killed at the end of the block."""
    processes: list[Preloaded] = []
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@atexit.register
def _end_all() -> None:
    """End what failed tests have left: multiprocessing would wait for it."""
    for process in multiprocessing.active_children():
        process.kill()


def _start(writer: Connection, main: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    def ready() -> None:
        writer.send(None)
        writer.close()

    main(ready, *arguments)
