"""Routes of thumbnails: JPEG, at most 256 px."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from facestream.errors import NotFoundError
from facestream.web.context import Context
from facestream.web.etag import is_known
from facestream.web.queries import IdPath, PersonPath
from facestream.web.routes.people import bearer
from facestream.web.scopes import needs_read

router = APIRouter(tags=["thumbnails"])

# The picture of a sample stays what it is; whose it is, and which one shows somebody, may change at any time.
# Neither is kept for long: whoever is forgotten should be gone from browsers as well.
_FOR_A_WHILE = "private, max-age=600"
_ASK_AGAIN = "private, no-cache"

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The one with the `If-None-Match` that was sent"},
}
Known = Annotated[str, Header(alias="If-None-Match", max_length=2000)]


@router.get(
    "/samples/{sample_id}/thumbnail",
    dependencies=[needs_read],
    response_class=Response,
    responses=_PICTURE,
)
def of_sample(context: Context, sample_id: IdPath, known: Known = "") -> Response:
    """The face of a sample, with a margin."""
    return _answer(context.store.thumbnail(sample_id), sample_id, known, _FOR_A_WHILE)


@router.get(
    "/people/{person_id}/thumbnail",
    dependencies=[needs_read],
    response_class=Response,
    responses=_PICTURE,
)
def of_person(context: Context, person_id: PersonPath, known: Known = "") -> Response:
    """The best face of a person."""
    pictures = context.store.thumbnails(bearer(context, person_id).thumbnails)
    return _answer(next(filter(None, pictures), None), person_id, known, _ASK_AGAIN)


@router.get(
    "/tracks/{track_id}/thumbnail",
    dependencies=[needs_read],
    response_class=Response,
    responses=_PICTURE,
)
def of_track(context: Context, track_id: IdPath, known: Known = "") -> Response:
    """The best face of a track."""
    picture = next(context.store.track_thumbnails([track_id]))
    return _answer(picture, track_id, known, _ASK_AGAIN)


def _answer(picture: bytes | None, what: str, known: str, cache: str) -> Response:
    if picture is None:
        raise NotFoundError(f"there is no picture of {what}.", what=what)
    tag = f'"{hashlib.blake2b(picture, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    if is_known(tag, known):
        return Response(status_code=304, headers=headers)
    return Response(picture, media_type="image/jpeg", headers=headers)
