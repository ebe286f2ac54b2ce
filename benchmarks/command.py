"""Commands that a benchmark runs to their end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

_LAST_CHARACTERS = 2000


def facestream(*words: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command of facestream; returns what it prints.

    Args:
        words: The command and its options.
        env: Its environment; None for this one's.

    Raises:
        SystemExit: If it fails, with what it said: nothing can be measured then.
    """
    return python("-m", "facestream", *words, env=env)


def python(*words: str, env: Mapping[str, str] | None = None) -> str:
    """As `facestream`, of any script or module."""
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-_LAST_CHARACTERS:]
        raise SystemExit(f"{' '.join(words)[:200]} ended with {done.returncode}: {said or 'it said nothing'}")
    return done.stdout
