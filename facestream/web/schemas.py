"""The shapes of what the HTTP API takes and answers: `docs/api.md`.

Times `*_s` are seconds from the start of a source, dates `*_at` ISO 8601 in UTC, or null where nobody knows
when the recording began.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Item = TypeVar("Item")

PersonId = Annotated[str, StringConstraints(pattern="^p[0-9]{1,18}$")]
"""Id of a person."""
TrackId = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._-]{1,200}$")]
"""Id of a track."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, px."""


class Body(BaseModel):
    """What is sent: a field that nobody reads was meant to be another, and is refused."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of many items: `total` is how many there are."""

    items: list[Item]
    total: int
    offset: int
    limit: int


class Sighting(BaseModel):
    """A stretch of time in which a person was seen in one source."""

    source_id: str
    source: str = Field(description="Path of the file, or address of the camera without what is secret.")
    camera: str | None = Field(description="Name of the camera, or null for files.")
    photo: bool
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    seconds: float = Field(description="Time seen, s; 0 in photos.")
    provisional: bool = Field(description="Whether some of it may still turn out to be somebody else's.")
    playable: bool = Field(description="Whether the file is still where it was.")


class PersonSighting(Sighting):
    """A sighting, and whose it is."""

    person_id: str
    person_name: str
    thumbnail: str | None = Field(description="Id of a sample with a picture, of that source if possible.")


class Person(BaseModel):
    """Somebody who was seen."""

    id: str
    name: str = Field(description="What people call them, or empty.")
    ignored: bool
    provisional: bool = Field(description="Whether no re-cluster has confirmed any of their tracks yet.")
    seconds: float = Field(
        description="Time seen in videos, s, in the sightings that match; what several sources with a date "
        "saw at once counts once."
    )
    faces: int
    tracks: int
    sightings: int = Field(description="Number of the sightings that match.")
    first: Sighting
    last: Sighting
    thumbnails: list[str] = Field(description="Ids of samples with pictures, the best first.")
    sources: list[str] = Field(description="Ids of sources, at most 20.")
    cameras: list[str] = Field(description="Names of the cameras.")


class TrackSample(BaseModel):
    """One of the few faces of a track that have a vector."""

    id: str
    time_s: float
    size_px: float
    quality: float
    score: float


class _TrackFacts(BaseModel):
    """What is told of a track wherever it stands."""

    id: str
    person_id: str | None = Field(description="Whose it is; null for nobody.")
    source_id: str
    source: str
    camera: str | None
    photo: bool
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    founder: bool = Field(description="Whether it is good enough to make a person of its own.")
    provisional: bool
    continues: str = Field(description="The track of the same face right before it, or empty.")
    samples: list[TrackSample]


class Track(_TrackFacts):
    """One face followed through one shot of a source."""

    faces: int = Field(description="Number of sampled frames that show it.")


class TrackFace(BaseModel):
    """A face of a track in one sampled frame."""

    frame: int
    time_s: float
    box_xyxy: Box
    score: float = Field(description="Detector's score; 0 where the box lies between its neighbours.")


class TrackInFull(_TrackFacts):
    """One face followed through one shot of a source, with where it is in each sampled frame."""

    faces: list[TrackFace]


class Source(BaseModel):
    """A video, a photo or a camera."""

    id: str
    kind: str
    path: str
    camera: str | None
    width_px: int
    height_px: int
    duration_s: float | None
    recorded_at: datetime | None
    complete: bool
    people: int = Field(description="How many people were seen in it.")
    playable: bool


class Decision(BaseModel):
    """What somebody decided about people; as in `docs/json.md`."""

    number: int
    kind: str
    made_at: datetime
    people: list[str]
    tracks: list[str]
    name: str
    name_before: str
    names_before: list[str]
    names_dropped: list[str]
    on: bool
    undoes: int | None
    undone_by: int | None
    about_forgotten: bool
    text: str


class Decided(BaseModel):
    """The decision that was made; null where it was so already."""

    decision: Decision | None


class Forgotten(BaseModel):
    """What was deleted of a person."""

    id: str
    older_ids: list[str]
    tracks: int
    sources: list[str]
    templates_kept: int
    templates_deleted: int
    history_erased: bool


class Recluster(BaseModel):
    """What a re-cluster did; as in `docs/json.md`."""

    ended_at: datetime
    reason: str
    tracks: int
    people: int
    unassigned_share: float
    churn: float
    earlier: int
    wide: int
    seconds: float
    clustering: str


class Stats(BaseModel):
    """How much is in the collection, and how steady its people are."""

    people: int
    named: int
    ignored: int
    provisional: int
    tracks: int
    sources: int
    cameras: int
    sightings: int
    vectors: int
    reclusters: list[Recluster]
    churn: float | None = Field(description="Of the last re-cluster that compared earlier tracks; else null.")


class NewName(Body):
    """What people call somebody; empty takes the name away."""

    name: str = Field(max_length=1000, description="At most 200 characters on one line.")


class Merge(Body):
    """Who are one person."""

    keep: PersonId
    others: list[PersonId] = Field(min_length=1, max_length=500)


class Split(Body):
    """Which tracks of a person are somebody else."""

    tracks: list[TrackId] = Field(min_length=1, max_length=10_000)


class Differs(Body):
    """Who are two people."""

    first: PersonId
    second: PersonId


class Ignore(Body):
    """Whether lists leave somebody out."""

    ignored: bool


class Cover(Body):
    """The track whose face shows somebody."""

    track: TrackId
