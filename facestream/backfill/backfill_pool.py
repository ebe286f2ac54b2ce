"""The processes of a backfill: each does one task after the other."""

from __future__ import annotations

import json
import os
import queue
import time
from collections.abc import Sequence
from typing import Any, Self

from facestream.backfill.backfill_task import Outcome, Task
from facestream.configuration.settings import Place
from facestream.processes.child import Child, environment_of
from stream.cores import core_numbers
from workers.errors import WorkerError

# Models that have to be built first take their time.
_STARTS_S = 600.0
_STOP_S = 30.0
_MESSAGES = 1000
_FALSE_STARTS = 3


class _Member:
    """One process, and what it is doing."""

    def __init__(self, words: Sequence[str], place: Place, said: queue.Queue[tuple[_Member, str]]) -> None:
        self.task: Task | None = None
        self.ready = False
        self.frames = self.faces = 0
        self.child = Child(
            "facestream.backfill.backfill_process",
            words,
            environment_of(place, os.environ),
            lambda line: said.put((self, line)),
        )


class BackfillPool:
    """Keeps processes at work; a context manager that leaves none behind. Of one thread.

    Args:
        place: The collection.
        words: Options of each process.
        shares: Processor cores of each process; empty for any. As many processes as shares.
    """

    def __init__(self, place: Place, words: Sequence[str], shares: Sequence[Sequence[int]]) -> None:
        self._place = place
        self._words = list(words)
        # Bounded: a process that says more than is heard waits.
        self._said: queue.Queue[tuple[_Member, str]] = queue.Queue(_MESSAGES)
        self._shares = list(shares)
        self._members: list[_Member] = []
        self._began_s = time.monotonic()
        self._ready_once = self._stopping = False
        self._false_starts = 0
        self.provider = ""

    @property
    def has_room(self) -> bool:
        """Whether a process has nothing to do."""
        return any(member.ready and member.task is None for member in self._members)

    @property
    def busy(self) -> int:
        """How many have something to do."""
        return sum(member.task is not None for member in self._members)

    def counted(self) -> tuple[int, int]:
        """Frames and faces of tasks that are under way."""
        return sum(m.frames for m in self._members), sum(m.faces for m in self._members)

    def give(self, task: Task) -> None:
        """Have a task done; there must be room."""
        member = next(m for m in self._members if m.ready and m.task is None)
        member.task, member.frames, member.faces = task, 0, 0
        member.child.tell(task.encode())

    def hear(self, timeout_s: float) -> tuple[list[Outcome], list[tuple[Task, str]]]:
        """Wait for something to happen.

        Returns:
            What has become of tasks, and tasks whose process died of something, with the reason. Another
            process is there in its place then.

        Raises:
            WorkerError: If processes can't begin.
        """
        outcomes: list[Outcome] = []
        try:
            member, line = self._said.get(timeout=timeout_s)
            self._take(member, line, outcomes)
            while True:
                member, line = self._said.get_nowait()
                self._take(member, line, outcomes)
        except queue.Empty:
            pass
        lost: list[tuple[Task, str]] = []
        for place, member in enumerate(self._members):
            if member.child.code is None:
                continue
            member.child.wait()
            self._drain(outcomes)
            said = member.child.said.removeprefix("Error: ")
            reason = said or f"the process ended with {member.child.code}"
            if not (member.ready or self._stopping):
                self._false_starts += 1
                # One that says what is wrong will say so again; one that was killed may have been unlucky.
                if member.child.code > 0 or self._false_starts == _FALSE_STARTS:
                    raise WorkerError(reason)
            if member.task is not None:
                lost.append((member.task, reason))
                member.task = None
            if not self._stopping:
                self._members[place] = self._started(place)
        if not self._ready_once and time.monotonic() - self._began_s > _STARTS_S:
            raise WorkerError(f"no process began to work within {_STARTS_S:g} s")
        return outcomes, lost

    def stop(self) -> None:
        """Have all end what they do early, and no others begin; returns at once."""
        self._stopping = True
        for member in self._members:
            member.child.stop()

    def _drain(self, outcomes: list[Outcome]) -> None:
        while not self._said.empty():
            self._take(*self._said.get_nowait(), outcomes)

    def _take(self, member: _Member, line: str, outcomes: list[Outcome]) -> None:
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            # A library that prints.
            return
        if "ready" in said:
            member.ready = self._ready_once = True
            self._false_starts = 0
            self.provider = said["provider"]
        elif "outcome" in said:
            outcomes.append(Outcome.decode(said["outcome"]))
            member.task, member.frames, member.faces = None, 0, 0
        elif member.task is not None and said.get("number") == member.task.number:
            member.frames, member.faces = int(said["frames"]), int(said["faces"])

    def _started(self, place: int) -> _Member:
        share = self._shares[place]
        cores = ["--cores", ",".join(map(str, share))] if share else []
        return _Member([*self._words, *cores], self._place, self._said)

    def __enter__(self) -> Self:
        """Start all."""
        self._members = [self._started(place) for place in range(len(self._shares))]
        return self

    def __exit__(self, *_: object) -> None:
        """End all, side by side; what they are doing is left."""
        for member in self._members:
            if member.child.code is None:
                member.child.stop()
        until_s = time.monotonic() + _STOP_S
        for member in self._members:
            # Whoever still says something must not wait for ever for it to be heard.
            while member.child.code is None and time.monotonic() < until_s:
                self._drain([])
                time.sleep(0.02)
            member.child.wait(max(until_s - time.monotonic(), 0.0))


def shares_of_cores(processes: int) -> list[list[int]]:
    """Cores for each process, as evenly as can be; empty ones where the system doesn't bind processes."""
    cores = core_numbers()
    if not cores or processes == 1:
        return [[] for _ in range(processes)]
    if processes > len(cores):
        return [[cores[number % len(cores)]] for number in range(processes)]
    return [cores[number::processes] for number in range(processes)]
