"""The shapes of cameras and live pictures in the HTTP API: `docs/api.md`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from facestream.web.schemas import Body, Box
from storage.camera_record import HIGHEST_FPS, LARGEST_FACE_PX, SMALLEST_FACE_PX

_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

CameraName = Annotated[str, Path(pattern=_NAME, examples=["door"])]
"""Name of a camera in a path."""

_Url = Annotated[str, Field(min_length=1, max_length=4096, examples=["rtsp://user:password@192.168.1.20/1"])]
_Fps = Annotated[float, Field(gt=0, le=HIGHEST_FPS, description="Looks per second.")]
_MinFace = Annotated[
    float, Field(ge=SMALLEST_FACE_PX, le=LARGEST_FACE_PX, description="Smallest face that counts, px.")
]
_Transport = Literal["auto", "tcp", "udp"]


class PersonNow(BaseModel):
    """Somebody in front of a camera."""

    id: str
    name: str
    thumbnail: str | None = Field(description="Id of a sample with a picture.")


class Camera(BaseModel):
    """A camera, how it is looked at, and how it is doing."""

    name: str
    url: str = Field(description="Without what is secret.")
    sub_url: str | None
    fps: float
    min_face_px: float | None
    paused: bool
    state: Literal["connecting", "streaming", "stalled", "backing_off", "failed", "paused", "waiting"] = (
        Field(description="`waiting`: no worker has said anything of it lately.")
    )
    since_at: datetime | None
    last_error: str
    fps_in: float | None
    fps_done: float | None
    delay_s: float | None
    width_px: int | None
    height_px: int | None
    people_now: list[PersonNow] = Field(description="Who was seen in the last 90 s, the latest first.")


class Gap(BaseModel):
    """When nothing was seen by a camera: it was down or paused, or nobody watched."""

    start_at: datetime
    end_at: datetime | None = Field(description="null: it goes on.")
    seconds: float


class NewCamera(Body):
    """A camera that is to be added. Secrets of its URLs are sealed, and never come back."""

    name: str = Field(pattern=_NAME, examples=["door"])
    url: _Url
    sub_url: _Url | None = Field(None, description="A smaller picture of the same, to find faces in.")
    fps: _Fps | None = None
    min_face_px: _MinFace | None = None
    transport: _Transport | None = None


class CameraChange(Body):
    """What is to be other of a camera; what is left out stays."""

    url: _Url | None = None
    sub_url: Annotated[str, Field(max_length=4096)] | None = Field(None, description="Empty: no longer.")
    fps: _Fps | None = Field(None, description="null: as usual.")
    min_face_px: _MinFace | None = Field(None, description="null: the usual one.")
    transport: _Transport | None = Field(None, description="null: as usual.")


class LiveFace(BaseModel):
    """A face in a live picture."""

    box_xyxy: Box
    track_id: str
    person_id: str | None
    name: str


class LiveView(BaseModel):
    """The latest picture of a camera that was looked at; boxes are px of that picture."""

    at: datetime
    width_px: int
    height_px: int
    frame_id: str
    faces: list[LiveFace]
