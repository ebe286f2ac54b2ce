"""Routes of sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from facestream.errors import NotFoundError, UsageError
from facestream.people.sighting import date_of
from facestream.web import schemas
from facestream.web.clip_room import MAX_CLIP_S, cut
from facestream.web.context import Context, WebContext
from facestream.web.file_answer import file_answer, not_modified
from facestream.web.person_answers import camera_name, is_playable
from facestream.web.queries import IdPath, Limit, Offset
from facestream.web.scopes import needs_read
from storage.source_record import SourceRecord

router = APIRouter(tags=["sources"])

_PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The part that `Range` asked for"},
    304: {"description": "The one with the `If-None-Match` that was sent"},
    416: {"description": "The file has no such part"},
}
_FILE = _PARTS | {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
_CLIP = _PARTS | {
    200: {
        "description": "The clip; Matroska where MP4 can't hold the pictures",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("video/mp4", "video/x-matroska")
        },
    },
}
# Never kept by others, and never run as a page.
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/sources", dependencies=[needs_read])
def sources(context: Context, offset: Offset = 0, limit: Limit = 50) -> schemas.Page[schemas.Source]:
    """The videos, photos and cameras that people were looked for in, by path."""
    found = context.people.sources()
    items = [
        schemas.Source(
            id=source.source_id,
            kind=source.kind,
            path=source.path,
            camera=camera_name(source.source_id, source.path),
            width_px=source.width_px,
            height_px=source.height_px,
            duration_s=source.duration_s,
            recorded_at=date_of(source.recorded_at_s, 0.0),
            complete=source.complete,
            people=people,
            playable=is_playable(source.source_id, source.path),
        )
        for source, people in found[offset : offset + limit]
    ]
    return schemas.Page(items=items, total=len(found), offset=offset, limit=limit)


@router.get(
    "/sources/{source_id}/media",
    dependencies=[needs_read],
    response_class=FileResponse,
    responses=_FILE,
)
def media(context: Context, request: Request, source_id: IdPath) -> Response:
    """The file of a video or photo, or a part of it; only while it is the very one that was processed."""
    found = context.media.find(_source(context, source_id))
    # The id names the content.
    etag = f'"{source_id}"'
    return not_modified(request, etag, _HEADERS) or file_answer(
        request,
        found.path,
        name=found.path.name,
        media_type=found.content_type,
        etag=etag,
        headers=_HEADERS,
        status=found.status,
    )


def _clip_folder(context: Context) -> Iterator[Path]:
    """A folder that is removed when the answer was sent, or nobody waits for it any more."""
    with context.clips.folder() as folder:
        yield folder


@router.get(
    "/sources/{source_id}/clip",
    dependencies=[needs_read],
    response_class=FileResponse,
    responses=_CLIP,
)
def clip(
    context: Context,
    request: Request,
    source_id: IdPath,
    start_s: Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False, description="From, media seconds.")],
    end_s: Annotated[
        float,
        Query(ge=0, le=1e9, allow_inf_nan=False, description=f"To; at most {MAX_CLIP_S:g} s later."),
    ],
    folder: Annotated[Path, Depends(_clip_folder)],
) -> Response:
    """A stretch of a video, copied from the keyframe before it without encoding anything anew."""
    source = _source(context, source_id)
    if source.kind == "photo":
        raise UsageError(f"{source_id} is a photo, of which there are no clips.")
    found = context.media.find(source)
    # Cut again it is the same file: players ask for parts of it.
    etag = f'"{source_id}-{start_s!r}-{end_s!r}"'
    if known := not_modified(request, etag, _HEADERS):
        return known
    path = cut(found, start_s, end_s, folder)
    # The file may have been replaced meanwhile.
    context.media.find(source)
    return file_answer(
        request,
        path,
        name=f"{found.path.stem}-{start_s:.0f}-{end_s:.0f}{path.suffix}",
        media_type="video/mp4" if path.suffix == ".mp4" else "video/x-matroska",
        etag=etag,
        headers=_HEADERS,
    )


def _source(context: WebContext, source_id: str) -> SourceRecord:
    source = context.people.source(source_id)
    if source is None:
        raise NotFoundError(f"no source {source_id!r}.", what=source_id)
    return source
