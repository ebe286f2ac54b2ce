"""Routes of about."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from facestream import __version__
from facestream.jobs.job_folders import folders_of
from facestream.web.body_limits import PHOTO_BYTES, upload_bytes
from facestream.web.context import Context
from facestream.web.scopes import Scope, caller_of, needs_read

router = APIRouter(tags=["about"])


class Limits(BaseModel):
    """How much may be sent at once."""

    photo_bytes: int
    upload_bytes: int


class About(BaseModel):
    """What is served here, and what the caller may do.

    `models`, `licence` and `commercial_use` are those of the collection's models: null before the first run,
    and where nobody knows. `folders` are those of which files may be processed by path; none for a
    caller who may only read.
    """

    name: str
    version: str
    collection: str
    models: str | None
    licence: str | None
    commercial_use: bool | None
    scope: Scope
    limits: Limits
    people: int
    sources: int
    folders: list[str]
    features: list[str]


@router.get("/about", dependencies=[needs_read])
def about(request: Request, context: Context) -> About:
    """What is served here, and what the caller may do."""
    info = context.store.info()
    scope = caller_of(request).scope
    folders = folders_of(context.serve.folders or "") if scope.includes(Scope.WRITE) else ()
    return About(
        name="facestream",
        version=__version__,
        collection=info.name,
        models=info.pack or None,
        licence=info.licence or None,
        commercial_use=info.commercial_use,
        scope=scope,
        limits=Limits(photo_bytes=PHOTO_BYTES, upload_bytes=upload_bytes(context.serve)),
        people=info.people,
        sources=info.sources,
        folders=[str(folder) for folder in folders],
        features=request.app.state.features,
    )
