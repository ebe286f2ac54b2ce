"""A data folder for a moment: gone with its server when it is left."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from storage.datafolder import DataFolder
from storage.guardian import STOP_TIMEOUT_S

# The guardian kills a server that does not stop; a moment more, and it is gone itself.
_PATIENCE_S = STOP_TIMEOUT_S + 5.0
_POLL_S = 0.01


@contextlib.contextmanager
def temporary_folder() -> Iterator[DataFolder]:
    """Make a data folder, and take it away at the end, once its server has stopped.

    All who hold its server must have left by then.

    Raises:
        DataFolderError: If it can't be used.
        OSError: If there is no place for temporary files.
    """
    path = Path(tempfile.mkdtemp(prefix="facestream-"))
    folders = [path]
    try:
        folder = DataFolder(path)
        # A long $TMPDIR has its socket elsewhere.
        folders += [folder.socket_path.parent]
        yield folder
    finally:
        try:
            _wait_for_the_server_to_go(path)
        finally:
            for made in folders:
                shutil.rmtree(made, ignore_errors=True)


def _wait_for_the_server_to_go(folder: Path) -> None:
    """Wait until nothing writes into the folder any more; in vain only if the server can't be killed."""
    deadline_s = time.monotonic() + _PATIENCE_S
    for name in ("guardian", "server"):
        with contextlib.suppress(FileNotFoundError), (folder / f"{name}.lock").open("rb") as lock:
            while not _is_free(lock.fileno()) and time.monotonic() < deadline_s:
                time.sleep(_POLL_S)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
