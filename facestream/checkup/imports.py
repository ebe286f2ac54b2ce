"""Which modules can be imported, tried in other processes: a broken wheel may end the one it is in."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Imports take a second or two; what takes a minute does not end.
_TIMEOUT_S = 60.0
_LONGEST_REASON = 300

# Ours is the path, and not that of a `python -c`. It ends at once, as some libraries fail when Python does.
# What modules print goes elsewhere than its answers do.
_PROGRAM = """
import importlib, json, os, sys
sys.path[:] = json.loads(sys.argv[1])
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for module in sys.argv[2:]:
    try:
        importlib.import_module(module)
    except BaseException as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        print(json.dumps(": ".join([type(error).__name__, *lines[:1]])), file=answer, flush=True)
        os._exit(1)
    print("null", file=answer, flush=True)
os._exit(0)
"""


def broken_imports(modules: Sequence[str]) -> dict[str, str]:
    """Import each module, and say why those that failed did.

    Args:
        modules: Names as in an import statement.

    Returns:
        The reason of each that can't be imported.
    """
    broken: dict[str, str] = {}
    rest = list(modules)
    while rest:
        # Most of them load NumPy, and mostly all is well: one process for all takes a third of the time.
        rest = rest[_tried(rest)[0] :]
        if rest:
            # Whatever was loaded before it is no reason: what counts is how it goes alone.
            module, *rest = rest
            if reason := _tried([module])[1]:
                broken[module] = reason
    return broken


def _tried(modules: Sequence[str]) -> tuple[int, str]:
    """Import modules one after the other in a process of their own, up to the first that fails.

    Returns:
        How many could be imported, and why the next one couldn't; no reason where all could.
    """
    command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), *modules]
    try:
        done = subprocess.run(
            command,
            # See workers.models: ONNX Runtime would report that it was imported.
            env=os.environ | {"ORT_DISABLE_TELEMETRY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").count(b"null\n"), f"its import does not end within {_TIMEOUT_S:g} s"
    answers = done.stdout.splitlines()
    imported = answers.count(b"null")
    if imported == len(modules):
        return imported, ""
    if done.returncode < 0:
        return imported, f"its import crashes Python ({signal.Signals(-done.returncode).name})"
    if imported == len(answers):
        return imported, f"its import ends Python with status {done.returncode}"
    return imported, str(json.loads(answers[-1]))[:_LONGEST_REASON]


def location(package: str) -> Path | None:
    """Where a top-level module would be imported from, without importing it; None if it isn't there."""
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if found is None:
        return None
    folders = list(found.submodule_search_locations or ())
    return Path(folders[0]) if folders else Path(found.origin) if found.origin else None
