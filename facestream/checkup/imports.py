"""Which modules can be imported, tried in processes of their own: a broken wheel may end the one it is in."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# One import takes a second or two; what takes a minute does not end.
_TIMEOUT_S = 60.0
_LONGEST_REASON = 300

# Ours is the path, and not that of a `python -c`. It ends at once, as some libraries fail when Python does.
_PROGRAM = """
import importlib, json, os, sys
sys.path[:] = json.loads(sys.argv[1])
try:
    importlib.import_module(sys.argv[2])
except BaseException as error:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    print()
    print(json.dumps(": ".join([type(error).__name__, *lines[:1]])), flush=True)
    os._exit(1)
os._exit(0)
"""


def broken_imports(modules: Sequence[str]) -> dict[str, str]:
    """Import each module, and say why those that failed did.

    Args:
        modules: Names as in an import statement.

    Returns:
        The reason of each that can't be imported.
    """
    # Not more at once than there are processors: each takes one.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        reasons = pool.map(_reason, modules)
        return {module: reason for module, reason in zip(modules, reasons, strict=True) if reason}


def _reason(module: str) -> str:
    command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), module]
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
    except subprocess.TimeoutExpired:
        return f"its import does not end within {_TIMEOUT_S:g} s"
    if done.returncode == 0:
        return ""
    if done.returncode < 0:
        return f"its import crashes Python ({signal.Signals(-done.returncode).name})"
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    try:
        said = str(json.loads(lines[-1]))
    except (IndexError, ValueError):
        said = f"its import ends Python with status {done.returncode}"
    return said[:_LONGEST_REASON]


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
