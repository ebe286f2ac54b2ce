"""One part of the suite, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from machine import machine_facts
from result import Result
from suite_parts import Part

State = Literal["done", "failed", "skipped"]

# After this many times of what it should take, and some minutes more, a part hangs.
_PATIENCE, _PATIENCE_MORE_S = 5.0, 600.0
_ENDS_S = 30.0
_LOOK_S = 0.2
_LOG_BYTES = 4000


@dataclass(slots=True)
class Outcome:
    """What became of a part.

    Attributes:
        part: Its name.
        state: Whether it was measured.
        why: Why it wasn't.
        command: The script and its arguments, whose folders stand in braces.
        seconds: How long it took.
        machine: What it was measured on.
        data: A mark of the test data that it used, see `mark_of`; empty for none.
        result: What it found.
    """

    part: str
    state: State
    why: str
    command: list[str]
    seconds: float
    machine: dict[str, Any]
    result: Result
    data: str = ""

    def as_dict(self) -> dict[str, Any]:
        """All of it, as it is written down."""
        told = {name: value for name, value in asdict(self).items() if name != "result"}
        return told | self.result.as_dict()

    def write(self, path: Path) -> None:
        """Write it down at once or not at all."""
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> Outcome | None:
        """What `write` wrote; None if there is nothing, or nothing that can be read."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            names = ("part", "state", "why", "command", "seconds", "machine", "data")
            told = {name: found[name] for name in names}
            return cls(**told, result=Result.of(found))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def skipped(part: Part, why: str) -> Outcome:
    """Of a part that can't run here."""
    return Outcome(part.name, "skipped", why, [], 0.0, {}, Result())


def run_part(
    part: Part, data: Path | None, out: Path, on_wait: Callable[[float], None], *, quick: bool
) -> Outcome:
    """Run a part to its end.

    Args:
        part: The part.
        data: Test data, if there is some.
        out: Folder of the results, with `parts/` and `logs/`.
        quick: Whether small sizes will do.
        on_wait: Called again and again with the seconds that it has taken.

    Returns:
        What it came to: failed, if it ended with an error or hangs.

    Raises:
        KeyboardInterrupt: By Ctrl-C; the part is ended then.
    """
    written, log = out / "parts" / f"{part.name}.found", out / "logs" / f"{part.name}.log"
    written.unlink(missing_ok=True)
    words = [sys.executable, *part.command(data, out, quick=quick), "--json", str(written)]
    machine, began_s = machine_facts(), time.monotonic()
    limit_s = _PATIENCE * part.minutes * 60 + _PATIENCE_MORE_S
    why, result = "", Result()
    with log.open("wb") as told:
        # In a session of its own, so that what it starts ends with it.
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True
        )
        try:
            while process.poll() is None:
                waited_s = time.monotonic() - began_s
                if waited_s > limit_s:
                    why = f"not at its end after {waited_s:.0f} s"
                    break
                on_wait(waited_s)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_S)
        finally:
            _end(process)
    if not why and process.returncode != 0:
        why = f"ended with {process.returncode}: {_last_line(log)}"
    try:
        result = Result.of(json.loads(written.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = why or f"wrote no result: {error}"
    written.unlink(missing_ok=True)
    shown = part.words(quick=quick)
    seconds = round(time.monotonic() - began_s, 1)
    return Outcome(part.name, "failed" if why else "done", why, shown, seconds, machine, result)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a part and what it has started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(log: Path) -> str:
    text = log.read_bytes()[-_LOG_BYTES:].decode(errors="replace").strip()
    return text.splitlines()[-1][:300] if text else "it said nothing"
