"""`facestream serve` over a data folder, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_END_S = 60.0


class ServedFolder(NamedTuple):
    """A server that runs.

    Attributes:
        url: Such as http://127.0.0.1:45678.
        pid: Its process.
    """

    url: str
    pid: int


@contextlib.contextmanager
def served(folder: Path) -> Iterator[ServedFolder]:
    """Serve a folder without workers beside, which would take the processor's time."""
    words = [sys.executable, "-m", "facestream", "serve", "--port", "0", "--json", "--data-dir", str(folder)]
    environment = {**os.environ, "FACESTREAM_SERVE_WORKERS": "none"}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit("The server did not start.")
            yield ServedFolder(json.loads(line)["page"], process.pid)
        finally:
            process.terminate()
            process.wait(_END_S)
