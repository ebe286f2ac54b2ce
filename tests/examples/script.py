"""A script in a process that was forked."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

from preloaded import begin_as_if_started


def script(
    ready: Callable[[], None],
    words: list[str],
    environment: dict[str, str],
    folder: Path,
    out: Path,
    err: Path,
) -> None:
    """Run a script as Python does, and exit.

    Args:
        ready: Called right before it begins.
        words: Its path and arguments.
        environment: All its variables, see `begin_as_if_started`.
        folder: Its working folder.
        out: The file that its output goes to.
        err: The file that its messages go to.
    """
    begin_as_if_started(environment, folder, out, err)
    sys.argv = words
    sys.path.insert(0, str(Path(words[0]).parent))
    ready()
    runpy.run_path(words[0], run_name="__main__")
