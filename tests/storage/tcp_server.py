"""A real server of a person's own, on TCP loopback and on a unix socket."""

import contextlib
import socket
import subprocess
import time
from pathlib import Path

import pytest

from storage.guardian import ask


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A real server of a person's own, on TCP loopback and on a unix socket."""

    def __init__(self, place: Path, binary: Path, *settings: str) -> None:
        place.mkdir()
        self.place = place
        self.socket_path = place / "own.sock"
        files = [
            "--dir",
            str(place),
            "--unixsocket",
            str(self.socket_path),
            "--logfile",
            str(place / "own.log"),
        ]
        self._command = [str(binary), "--bind", "127.0.0.1", *files, *settings]
        # Somebody else may take a free port before the server does.
        for _ in range(5):
            self.port = free_port()
            if self.start():
                return
        pytest.fail((place / "own.log").read_text())

    def start(self) -> bool:
        self.process = subprocess.Popen([*self._command, "--port", str(self.port)], stdin=subprocess.DEVNULL)
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                if ask(str(self.socket_path), "PING").startswith((b"+PONG", b"-NOAUTH")):
                    return True
            time.sleep(0.005)
        return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
