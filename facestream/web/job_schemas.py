"""The shapes of jobs in the HTTP API: `docs/api.md`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, Field

from facestream.web.schemas import Body

JobId = Annotated[str, Path(pattern="^j-[0-9a-f]{16}$", examples=["j-0123456789abcdef"])]
"""Id of a job in a path."""

Fps = Annotated[float, Field(gt=0, le=1000, description="Frames looked at per second of video.")]
RecordedAt = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(1900, 1, 1, tzinfo=UTC),
        lt=datetime(3000, 1, 1, tzinfo=UTC),
        description="When the recording began; else what the file says.",
    ),
]
DatedNames = Annotated[
    bool,
    Field(
        description="Whether videos began at the date and time in their names, of the server's zone unless a "
        "Z stands behind it: `hall_20261129_220000.mp4`. Those without one, as the file says."
    ),
]


class Job(BaseModel):
    """A video or photo that was handed in, and what becomes of it."""

    id: str
    name: str
    kind: Literal["path", "upload"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float | None = Field(description="Share that is done, 0 to 1; null where nobody knows.")
    message: str
    error: str
    people: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    source_ids: list[str]


class NewJob(Body):
    """A file or folder of the server that is to be processed; from the folders of `serve.folders` alone."""

    path: str = Field(min_length=1, max_length=4096, examples=["/videos/entrance.mp4"])
    fps: Fps | None = None
    recorded_at: RecordedAt | None = None
    dated_names: DatedNames = False
