"""Routes of sources."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse

from facestream.errors import NotFoundError
from facestream.sighting import date_of
from facestream.web import schemas
from facestream.web.context import Context
from facestream.web.person_answers import camera_name, is_playable
from facestream.web.queries import IdPath, Limit, Offset
from facestream.web.scopes import needs_read
from facestream.web.source_media import SourceMedia

router = APIRouter(tags=["sources"])

_media = SourceMedia()
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asked for"},
    416: {"description": "The file has no such part"},
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
def media(context: Context, source_id: IdPath) -> FileResponse:
    """The file of a video or photo, or a part of it; only while it is the very one that was processed."""
    source = context.people.source(source_id)
    if source is None:
        raise NotFoundError(f"no source {source_id!r}.", what=source_id)
    found = _media.find(source)
    return FileResponse(
        found.path,
        media_type=found.content_type,
        filename=found.path.name,
        stat_result=found.status,
        content_disposition_type="inline",
        headers={
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
