"""Routes of live pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Response

from facestream.web.camera_schemas import CameraName, LiveFace, LiveView
from facestream.web.context import Context
from facestream.web.scopes import needs_read

router = APIRouter(tags=["live"])


_NOT_KEPT = {"Cache-Control": "private, no-store"}


@router.get(
    "/cameras/{name}/view",
    dependencies=[needs_read],
    response_model=LiveView,
    responses={
        204: {"description": "There is no picture yet: ask again in a moment, while a worker reads it."}
    },
)
def live_view(context: Context, name: CameraName, response: Response) -> LiveView | Response:
    """The faces of the latest picture that was looked at, at most two a second.

    Pictures come while somebody asks at least every ten seconds; the first one takes a second.
    """
    view = context.cameras.view(name, picture=False)
    if view is None:
        # No error: it is what everybody gets who begins to look.
        return Response(status_code=204, headers=_NOT_KEPT)
    people = context.cameras.people_in(view)
    response.headers.update(_NOT_KEPT)
    return LiveView(
        at=datetime.fromtimestamp(view.at_s, UTC),
        width_px=view.width_px,
        height_px=view.height_px,
        frame_id=view.frame_id,
        faces=[
            LiveFace(box_xyxy=face.box_xyxy, track_id=face.track_id, person_id=person or None, name=called)
            for face, (person, called) in zip(view.faces, people, strict=True)
        ],
    )


@router.get(
    "/cameras/{name}/view.jpg",
    dependencies=[needs_read],
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture."},
        304: {"description": "It is the one that was asked about."},
    },
)
def live_picture(
    context: Context,
    name: CameraName,
    frame_id: Annotated[
        str, Query(max_length=40, description="Tells browsers one from another; it is always the latest.")
    ] = "",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The latest picture that was looked at; its ETag is its `frame_id`."""
    _ = frame_id
    view = context.cameras.view(name, picture=True)
    if view is None:
        raise HTTPException(
            404, f"There is no picture of {name} yet. Ask again in a second, while a worker reads the camera."
        )
    etag = f'"{view.frame_id}"'
    headers = {"ETag": etag, **_NOT_KEPT}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(view.jpeg, media_type="image/jpeg", headers=headers)
