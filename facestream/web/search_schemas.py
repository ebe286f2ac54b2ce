"""The shapes of what searches answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from facestream.web.schemas import Box, Person, Sighting


class SearchPhoto(BaseModel):
    """The photo that was sent, upright."""

    width_px: int
    height_px: int


class PersonMatch(BaseModel):
    """A person who may be the one of a face, and their newest sightings."""

    person: Person
    similarity: float
    sureness: float
    verdict: str
    track_id: str
    sightings: list[Sighting]


class TrackMatch(BaseModel):
    """A single track that is like a face, whoever has it."""

    track_id: str
    person_id: str | None
    similarity: float
    source_id: str
    source: str
    camera: str | None
    photo: bool
    playable: bool
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    thumbnail: str | None


class SearchedFace(BaseModel):
    """A face of the photo."""

    box_xyxy: Box
    score: float
    people: list[PersonMatch]
    tracks: list[TrackMatch]


class SearchAnswer(BaseModel):
    """What was found for a photo."""

    photo: SearchPhoto
    faces: list[SearchedFace]


class SimilarPerson(BaseModel):
    """Somebody who is like a person."""

    person: Person
    similarity: float
    sureness: float
    verdict: str


class DuplicatePair(BaseModel):
    """Two people who are likely one."""

    first: Person
    second: Person
    similarity: float
    sureness: float
    verdict: str
