"""Jobs for machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from storage.job_record import Job


def job_json(job: Job) -> dict[str, Any]:
    """A job as the HTTP API and its events tell it; the folder that its file lies in is nobody's business."""
    return {
        "id": job.id,
        "name": job.name,
        "kind": job.kind,
        "state": job.state.value,
        "progress": job.progress,
        "message": job.message,
        "error": job.error,
        "people": job.people,
        "created_at": _at(job.created_at_s),
        "started_at": _at(job.started_at_s),
        "ended_at": _at(job.ended_at_s),
        "source_ids": list(job.source_ids),
    }


def _at(time_s: float | None) -> str | None:
    if time_s is None:
        return None
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
