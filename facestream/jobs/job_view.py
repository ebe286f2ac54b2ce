"""Jobs for machines."""

from __future__ import annotations

from typing import Any

from facestream.iso_time import iso_utc
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
        "created_at": iso_utc(job.created_at_s),
        "started_at": iso_utc(job.started_at_s),
        "ended_at": iso_utc(job.ended_at_s),
        "source_ids": list(job.source_ids),
    }
