"""The command line in a process that was forked: it must see what it would see if it had been started."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def command_line(
    ready: Callable[[], None],
    words: list[str],
    environment: dict[str, str],
    folder: Path,
    out: Path,
    err: Path,
) -> None:
    """Run a command and exit.

    Args:
        ready: Called right before the command begins.
        words: The command line without the name of the program.
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
    sys.argv = ["facestream", *words]

    from facestream.__main__ import main

    ready()
    main()
