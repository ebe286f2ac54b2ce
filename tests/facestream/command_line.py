"""The command line in a process that was forked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from preloaded import begin_as_if_started


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
        environment: All its variables, see `begin_as_if_started`.
        folder: Its working folder.
        out: The file that its output goes to.
        err: The file that its messages go to.
    """
    begin_as_if_started(environment, folder, out, err)
    sys.argv = ["facestream", *words]

    from facestream.__main__ import main

    ready()
    main()
