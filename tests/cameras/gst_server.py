"""A real RTSP server: GStreamer's, in a process of the system's Python."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from cameras.h264_film import H264Film

_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("gst_script.py")
_PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,bad}"


class GstMissingError(Exception):
    """GStreamer's RTSP server is not on this machine; the text names Debian's packages."""


class GstServer:
    """Serves films, each looped in real time under /cam0, /cam1, ..., over TCP or UDP as the client likes.

    Args:
        films: What the cameras show.
        folder: Where their files may be put.
        user: Who may look; "" for everybody.
        password: Their password.
        digest: Ask for digest authentication, not for basic.
        transport: What it offers: "tcp", "udp" or "" for both.
        certificate: A PEM file with a certificate and its key: it speaks RTSPS, and nothing else.
        port: Where to listen; 0: a free port.

    Raises:
        GstMissingError: On entering the context, where it cannot run.
    """

    def __init__(
        self,
        films: Sequence[H264Film],
        folder: Path,
        *,
        user: str = "",
        password: str = "",
        digest: bool = False,
        transport: str = "",
        certificate: Path | None = None,
        port: int = 0,
    ) -> None:
        self._films, self._folder = films, folder
        self._user, self._password, self._digest = user, password, digest
        self._transport, self._certificate = transport, certificate
        self._process: subprocess.Popen[str] | None = None
        self.port = port

    def url(self, camera: int = 0, *, password: str | None = None) -> str:
        """Address of one camera, with its user and password if it has some, or another password."""
        login = f"{self._user}:{self._password if password is None else password}@" if self._user else ""
        return f"rtsp{'s' if self._certificate else ''}://{login}127.0.0.1:{self.port}/cam{camera}"

    def kill(self) -> None:
        """End it as SIGKILL does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        if not _PYTHON.exists():
            raise GstMissingError(f"there is no {_PYTHON}; Debian: {_PACKAGES}")
        paths = []
        for number, film in enumerate(self._films):
            paths.append(self._folder / f"cam{number}.units")
            write_film(film, paths[-1])
        wanted = {
            "films": [str(path) for path in paths],
            "user": self._user,
            "password": self._password,
            "digest": self._digest,
            "transport": self._transport,
            "certificate": str(self._certificate or ""),
            "port": self.port,
        }
        self._process = subprocess.Popen(
            [_PYTHON, "-I", _SCRIPT, json.dumps(wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer.isdecimal():
            self._process.communicate()
            raise GstMissingError(f"{answer or 'it ended at once'}; Debian: {_PACKAGES}")
        self.port = int(answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def write_film(film: H264Film, path: Path) -> None:
    """Pictures as the server's script reads them: length, media time in seconds, Annex B."""
    with path.open("wb") as file:
        for unit in film.units:
            content = b"".join(b"\0\0\0\1" + nal for nal in unit.nals)
            file.write(struct.pack("<Id", len(content), unit.media_s) + content)
