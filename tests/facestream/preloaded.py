"""Commands in processes that begin with what they import: forked from a server that has imported it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
# What takes most of the time of commands that find people, list them, look at photos, or group them.
_SERVER.set_forkserver_preload(
    [
        "facestream.__main__",
        "facestream.run",
        "facestream.client",
        "facestream.cluster_choice",
        "facestream.commands.people",
        "facestream.page",
        "facestream.search",
        "rich.progress",
        "workers.photo_faces",
    ]
)


class Preloaded:
    """A command under way in a process of its own; waited for and ended like a `subprocess.Popen`.

    Args:
        words: The command line without the name of the program.
        environment: All its variables; those that Python and libraries read as they load come too late.
        folder: Its working folder.
        out: The file that its output goes to.
        err: The file that its messages go to.
    """

    def __init__(
        self, words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path
    ) -> None:
        begun, beginning = _SERVER.Pipe(duplex=False)
        arguments = (words, environment, folder, out, err, beginning)
        self._process = _SERVER.Process(target=_main, args=arguments)
        self._process.start()
        beginning.close()
        # Until then signals are ignored.
        with begun:
            begun.recv()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative where a signal ended it, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("facestream", timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def _main(
    words: list[str],
    environment: dict[str, str],
    folder: Path,
    out: Path,
    err: Path,
    beginning: Connection,
) -> None:
    """Be a process that has just been started, and run the command."""
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
    sys.argv = ["facestream", *words]

    from facestream.__main__ import main

    with beginning:
        beginning.send(None)
    main()
