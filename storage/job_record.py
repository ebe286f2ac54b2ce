"""Videos and photos that somebody handed in to be processed, as they are stored."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from storage.errors import RecordError


class JobState(StrEnum):
    """What becomes of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


JOB_ID_PREFIX = "j-"
"""What ids of jobs begin with."""


def new_job_id() -> str:
    """An id that no other job has."""
    return f"{JOB_ID_PREFIX}{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Job:
    """One video, photo or folder that is to be processed.

    Attributes:
        id: "j-" and 16 hexadecimal digits.
        home: Whose it is: the server with that data folder works on it, and no other.
        name: What to call it.
        kind: "path" or "upload".
        path: The file or folder.
        fps: Frames looked at per second of video, or None for the usual.
        recorded_at_s: Unix time at which the recording began, or None.
        dated_names: Whether names of videos tell when they began, see `date_in_name`.
        state: What has become of it.
        cancel: Whether somebody wants it to end.
        progress: Share that is done, 0 to 1, or None where nobody knows.
        message: How it gets on, in words.
        error: What went wrong, in words; empty if nothing did.
        people: How many people were found in it, or None.
        created_at_s: Unix time, as below.
        started_at_s: When it was begun, or None.
        ended_at_s: When it came to its end, or None.
        source_ids: What it was processed as.
    """

    id: str
    home: str
    name: str
    kind: str
    path: str
    fps: float | None = None
    recorded_at_s: float | None = None
    dated_names: bool = False
    state: JobState = JobState.QUEUED
    cancel: bool = False
    progress: float | None = None
    message: str = ""
    error: str = ""
    people: int | None = None
    created_at_s: float = 0.0
    started_at_s: float | None = None
    ended_at_s: float | None = None
    source_ids: tuple[str, ...] = ()

    def changed(self, **changes: Any) -> Job:
        """The same with other values."""
        return replace(self, **changes)

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read it back.

        Raises:
            RecordError: If it is damaged.
        """
        try:
            found = json.loads(raw)
            known = {field.name: found[field.name] for field in fields(cls) if field.name in found}
            known["state"] = JobState(known.get("state", JobState.QUEUED))
            known["source_ids"] = tuple(map(str, known.get("source_ids", ())))
            known["created_at_s"] = float(known.get("created_at_s", 0.0))
            return cls(**known)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise RecordError("a job is damaged", field="jobs") from error
