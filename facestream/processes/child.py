"""A process of facestream that another one keeps beside itself."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from facestream.configuration.settings import Place
from facestream.log_format import message_of
from facestream.processes.beside import LAST_S

_LONGEST_LINE = 500
_READ_S = 5.0
_KILLED_S = 10.0


class Child:
    """A running process; it ends with this one, however this one ends.

    It has no terminal, and is of a process group of its own: Ctrl-C is for whoever started it, who passes it
    on.

    Args:
        module: What Python is to run.
        words: Its arguments, which others on the machine can see.
        environ: Its environment.
        on_line: Called with each line that it prints, in a thread of its own; nothing is read without.

    Raises:
        OSError: If the system can't start it now.
    """

    def __init__(
        self,
        module: str,
        words: Sequence[str],
        environ: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self._said = ""
        self._process = subprocess.Popen(
            # -P: nothing is imported from the folder that this was started in.
            [sys.executable, "-P", "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if on_line is None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            text=True,
            errors="backslashreplace",
            process_group=0,
        )
        readers = [(self._process.stderr, self._hear), (self._process.stdout, on_line)]
        self._readers = [
            threading.Thread(target=_read, args=(stream, take), name="reads a child", daemon=True)
            for stream, take in readers
            if stream is not None and take is not None
        ]
        self._read()

    def tell(self, line: str) -> None:
        """Write a line to its standard input; one that has ended hears nothing any more."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def said(self) -> str:
        """The last line that it wrote to standard error, or what it is about where it is for machines.

        Without secrets, as all of its messages.
        """
        return self._said

    def stop(self) -> None:
        """Tell it to end, as by Ctrl-C; that is not waited for. Once only, as a second time interrupts."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def wait(self, timeout_s: float = LAST_S) -> None:
        """Wait for its end; who is late is killed. All that it said has been read then."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            # One that waits for a disk ends when that answers, which may be never.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_KILLED_S)
        for reader in self._readers:
            # One of a process that could not be started whole may not run.
            if reader.ident is not None:
                reader.join(_READ_S)
        # Where others hold the pipes still, readers wait in them, and closing would wait for these.
        busy = any(reader.is_alive() for reader in self._readers)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and (stream is self._process.stdin or not busy):
                with contextlib.suppress(OSError):
                    stream.close()

    def _read(self) -> None:
        """Begin to hear what it says; where that can't be, it is ended: nobody would know of it."""
        try:
            for reader in self._readers:
                reader.start()
        except RuntimeError as error:
            self.kill()
            self.wait()
            raise OSError(errno.EAGAIN, "there can be no more threads now") from error

    def _hear(self, line: str) -> None:
        if line.strip():
            self._said = message_of(line.strip())[:_LONGEST_LINE]


def environment_of(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to find a place; what could be secret is nowhere else.

    Args:
        place: The place.
        environ: The environment of this process.
    """
    found = {name: value for name, value in environ.items() if name != "FACESTREAM_REDIS"}
    if place.redis_url:
        found["FACESTREAM_REDIS"] = place.redis_url
        if place.data_dir is not None:
            found["FACESTREAM_DATA_DIR"] = os.path.abspath(place.data_dir)  # noqa: PTH100 - links stay links
    return found


def place_words(place: Place) -> list[str]:
    """The options that lead a process with that environment to a place."""
    words = ["--collection", place.collection]
    # A folder that is typed wins over a server that a settings file names.
    if not place.redis_url and place.data_dir is not None:
        words += ["--data-dir", str(place.data_dir)]
    return words


def _read(stream: IO[str], take: Callable[[str], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            take(line)
