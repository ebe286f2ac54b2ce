"""A job that runs, in a process of its own."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from facestream.configuration.settings import Place
from facestream.jobs.job_process import EXIT_CANCELLED
from facestream.processes.child import Child, environment_of, place_words
from facestream.processes.hang import EXIT_HUNG
from storage.job_record import Job, JobState

# Everything that is under way has its effect by then; a process that hangs is killed.
_STOP_S = 30.0
_TOLD = ("progress", "message", "error", "people", "source_ids")


class JobRun:
    """Runs a job.

    Args:
        job: The job.
        place: The collection.
    """

    def __init__(self, job: Job, place: Place) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}
        self._kill_s: float | None = None
        words = place_words(place)
        if job.fps is not None:
            words += ["--fps", f"{job.fps:g}"]
        if job.recorded_at_s is not None:
            words += ["--recorded-at", f"{job.recorded_at_s!r}"]
        if job.dated_names:
            words.append("--dated-names")
        self._child = Child(
            "facestream.jobs.job_process",
            [*words, "--", job.path],
            environment_of(place, os.environ),
            self._hear,
        )

    def stop(self) -> None:
        """End it early, keeping what was found; returns at once, and may be called again."""
        if self._kill_s is None:
            self._kill_s = time.monotonic() + _STOP_S
            self._child.stop()
        elif time.monotonic() > self._kill_s:
            self._child.kill()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._child.code is not None

    @property
    def died(self) -> bool:
        """Whether its process was killed, crashed or hung, and nobody wanted it to end."""
        code = self._child.code
        return code is not None and (code < 0 or code == EXIT_HUNG) and self._kill_s is None

    def changes(self) -> dict[str, Any]:
        """What it told of the job since the last time."""
        with self._lock:
            told, self._told = self._told, {}
        return told

    def tell_again(self, changes: dict[str, Any]) -> None:
        """Tell what could not be written, unless something newer is known by now."""
        with self._lock:
            self._told = changes | self._told

    def result(self) -> dict[str, Any]:
        """What has become of the job, once it is over or was told to stop; waits for its end."""
        self._child.wait(_STOP_S)
        told = self.changes()
        told["ended_at_s"] = time.time()
        code = self._child.code
        if code == 0:
            return told | {"state": JobState.DONE, "progress": 1.0}
        if self._kill_s is not None or code == EXIT_CANCELLED:
            return told | {"state": JobState.CANCELLED, "message": "what was found is kept"}
        reason = self._child.said.removeprefix("Error: ") or f"the process ended with {code}"
        return told | {"state": JobState.FAILED, "error": reason}

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
            told = {name: said[name] for name in _TOLD if name in said}
        except (ValueError, TypeError):
            # A library that prints.
            return
        if "source_ids" in told:
            told["source_ids"] = tuple(told["source_ids"])
        with self._lock:
            self._told |= told
