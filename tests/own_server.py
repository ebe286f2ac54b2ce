"""A real server of a person's own that can be killed, frozen and started anew; and what stands before it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from storage.guardian import ask
from storage.server_binary import find_server_binary

# Settings of a server that loses nothing when it is killed.
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class OwnServer:
    """A server on a unix socket.

    Args:
        folder: A folder for its files; short, as the path of a socket has at most 107 characters.
        settings: Its settings, as on its command line.
        port: A port of 127.0.0.1 to listen at as well; 0 for none.
        by: What starts it, before its own command line.
    """

    def __init__(self, folder: Path, *settings: str, port: int = 0, by: Sequence[str] = ()) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, port
        self.socket_path = folder / "own.sock"
        files = [
            "--dir",
            str(folder),
            "--unixsocket",
            str(self.socket_path),
            "--logfile",
            str(folder / "log"),
        ]
        self._command = [*by, str(find_server_binary()), "--bind", "127.0.0.1", "--port", str(port), *files]
        self._settings = settings
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self, *more: str, until: bytes = b"+PONG", within_s: float = 60.0) -> None:
        """Start it, and wait until it answers so."""
        self.process = subprocess.Popen([*self._command, *self._settings, *more], stdin=subprocess.DEVNULL)
        deadline_s = time.monotonic() + within_s
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError):
                if ask(str(self.socket_path), "PING").startswith((until, b"-NOAUTH")):
                    return
            assert time.monotonic() < deadline_s
            time.sleep(0.005)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End whatever runs."""
        self.kill()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """As long as it lasts the server says nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


class Name:
    """What a client knows of a server: a name that may lead to another one later, as in a failover.

    Args:
        path: Where it lies.
        server: Where it leads to at first.
    """

    def __init__(self, path: Path, server: OwnServer) -> None:
        self.path = path
        path.symlink_to(server.socket_path)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def lead_to(self, server: OwnServer) -> None:
        self.path.unlink()
        self.path.symlink_to(server.socket_path)
