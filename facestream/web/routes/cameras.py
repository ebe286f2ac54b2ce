"""Routes of cameras."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from facestream.cameras.camera_desk import wish_for
from facestream.web.camera_schemas import Camera, CameraChange, CameraName, Gap, NewCamera
from facestream.web.context import Context
from facestream.web.schemas import Page
from facestream.web.scopes import needs_admin, needs_read, needs_write

router = APIRouter(tags=["cameras"])


@router.get("/cameras", dependencies=[needs_read])
def cameras(
    context: Context,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Camera]:
    """All cameras by name, and how they are doing."""
    found = context.cameras.all()
    items = [Camera(**camera) for camera in found[offset : offset + limit]]
    return Page(items=items, total=len(found), offset=offset, limit=limit)


@router.post("/cameras", dependencies=[needs_admin], status_code=201)
def add_camera(context: Context, camera: NewCamera) -> Camera:
    """Add a camera. Passwords are sealed with the server's key, and no answer holds them."""
    said = camera.model_dump(include={"fps", "min_face_px", "transport"}, exclude_none=True)
    return Camera(**context.cameras.add(camera.name, wish_for(camera.url, camera.sub_url, said)))


@router.get("/cameras/{name}", dependencies=[needs_read])
def camera(context: Context, name: CameraName) -> Camera:
    """One camera."""
    return Camera(**context.cameras.get(name))


@router.get("/cameras/{name}/gaps", dependencies=[needs_read])
def camera_gaps(
    context: Context,
    name: CameraName,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Gap]:
    """When nobody looked at it, the latest first; who was there then is not counted."""
    found = context.cameras.gaps(name)
    items = [Gap(**gap.json) for gap in found[offset : offset + limit]]
    return Page(items=items, total=len(found), offset=offset, limit=limit)


@router.patch("/cameras/{name}", dependencies=[needs_admin])
def change_camera(context: Context, name: CameraName, change: CameraChange) -> Camera:
    """Change what is said of a camera; workers heed it within two seconds."""
    said = change.model_dump(include={"fps", "min_face_px", "transport"}, exclude_unset=True)
    return Camera(**context.cameras.change(name, wish_for(change.url, change.sub_url, said)))


@router.delete("/cameras/{name}", dependencies=[needs_admin], status_code=204)
def remove_camera(context: Context, name: CameraName) -> None:
    """Take a camera away. Who was seen by it stays."""
    context.cameras.remove(name)


@router.post("/cameras/{name}/pause", dependencies=[needs_write])
def pause_camera(context: Context, name: CameraName) -> Camera:
    """Leave a camera alone for now."""
    return Camera(**context.cameras.set_paused(name, paused=True))


@router.post("/cameras/{name}/resume", dependencies=[needs_write])
def resume_camera(context: Context, name: CameraName) -> Camera:
    """Look at a camera again."""
    return Camera(**context.cameras.set_paused(name, paused=False))


@router.get(
    "/cameras/{name}/snapshot",
    dependencies=[needs_read],
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
def snapshot(context: Context, name: CameraName) -> Response:
    """Connect to a camera now and answer its first picture; takes up to some seconds."""
    jpeg = context.cameras.snapshot(name)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
