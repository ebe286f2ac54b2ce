"""The shapes of what the HTTP API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some of many items."""

    items: list[Item]
    total: int
    offset: int
    limit: int


class Sighting(BaseModel):
    """A stretch of time in which a person was seen in one source."""

    source_id: str
    source: str
    camera: str | None
    photo: bool
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    seconds: float
    provisional: bool
    playable: bool


class Person(BaseModel):
    """Somebody who was seen."""

    id: str
    name: str
    ignored: bool
    provisional: bool
    seconds: float
    faces: int
    tracks: int
    sightings: int
    first: Sighting
    last: Sighting
    thumbnails: list[str]
    sources: list[str]
    cameras: list[str]
