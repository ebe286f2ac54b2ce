"""Routes of tracks."""

from __future__ import annotations

from fastapi import APIRouter

from facestream.web import schemas
from facestream.web.context import Context
from facestream.web.queries import IdPath
from facestream.web.scopes import needs_read
from facestream.web.track_answers import track_in_full

router = APIRouter(tags=["tracks"])


@router.get("/tracks/{track_id}", dependencies=[needs_read])
def track(context: Context, track_id: IdPath) -> schemas.TrackInFull:
    """One track, with where the face is in each sampled frame."""
    return track_in_full(context.store.track(track_id))
