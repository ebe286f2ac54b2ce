"""Routes of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool

from facestream.jobs.job_options import JobOptions
from facestream.jobs.job_view import job_json
from facestream.web.context import Context
from facestream.web.job_schemas import DatedNames, Fps, Job, JobId, NewJob, RecordedAt
from facestream.web.schemas import Page
from facestream.web.scopes import needs_read, needs_write

router = APIRouter(tags=["jobs"])

# Written in pieces of this size.
_PIECE_BYTES = 1 << 20


@router.get("/jobs", dependencies=[needs_read])
def jobs(
    context: Context,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Job]:
    """The latest jobs, the newest first."""
    found = context.jobs.all()
    items = [Job(**job_json(job)) for job in found[offset : offset + limit]]
    return Page(items=items, total=len(found), offset=offset, limit=limit)


@router.post("/jobs", dependencies=[needs_write], status_code=202)
def add_job(context: Context, job: NewJob) -> Job:
    """Have a file or folder of the server processed. 403 where it isn't in one of the allowed folders."""
    options = _options(job.fps, job.recorded_at, dated_names=job.dated_names)
    return Job(**job_json(context.jobs.hand_in(job.path, options)))


@router.post(
    "/jobs/upload",
    dependencies=[needs_write],
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    request: Request,
    context: Context,
    name: Annotated[str, Query(min_length=1, max_length=1000, description="Name of the file.")],
    fps: Annotated[Fps | None, Query()] = None,
    recorded_at: Annotated[RecordedAt | None, Query()] = None,
    dated_names: Annotated[DatedNames, Query()] = False,
) -> Job:
    """Have a video or photo processed, which is the body. It is kept, so that its moments can be played."""
    options = _options(fps, recorded_at, dated_names=dated_names)
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() else None
    if size == 0:
        raise HTTPException(415, "The file is empty.")
    taken = await run_in_threadpool(context.jobs.uploads.begin, name, size)
    try:
        waiting = bytearray()
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= _PIECE_BYTES:
                await run_in_threadpool(taken.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(taken.write, bytes(waiting))
        job = await run_in_threadpool(context.jobs.take_in, taken, options)
    finally:
        taken.close()
    return Job(**job_json(job))


@router.get("/jobs/{job_id}", dependencies=[needs_read])
def job(context: Context, job_id: JobId) -> Job:
    """One job."""
    return Job(**job_json(context.jobs.get(job_id)))


@router.post("/jobs/{job_id}/cancel", dependencies=[needs_write])
def cancel_job(context: Context, job_id: JobId) -> Job:
    """End a job early. What was found is kept; the same file handed in again goes on from there."""
    return Job(**job_json(context.jobs.cancel(job_id)))


@router.delete("/jobs/{job_id}", dependencies=[needs_write], status_code=204)
def remove_job(
    context: Context,
    job_id: JobId,
    file: Annotated[bool, Query(description="Whether its uploaded file goes as well.")] = False,
) -> None:
    """Take a job out of the list; who was found in it stays. 409 while it runs."""
    context.jobs.remove(job_id, file=file)


def _options(fps: float | None, recorded_at: datetime | None, *, dated_names: bool) -> JobOptions:
    return JobOptions(fps, None if recorded_at is None else recorded_at.timestamp(), dated_names)
