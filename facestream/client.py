"""The Python client: people, sightings and faces of a collection."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from facestream.errors import NotFoundError
from storage.connection import RedisHandle
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord

_ID = re.compile(r"p[0-9]+")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stretch of time in which a person was seen in one source.

    Attributes:
        source_id: The source.
        source: Path of the source when it was last processed.
        start_s: From, seconds from the start of the source.
        end_s: To.
        start_at: From, as a date, where the time of the recording is known.
        end_at: To, likewise.
        seconds: Time seen, s: up to the sampled frame after the last one. 0 in photos.
        photo: Whether the source is a photo.
    """

    source_id: str
    source: str
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    seconds: float
    photo: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was seen.

    Attributes:
        id: Stable id, such as "p3"; never given to anyone else.
        name: What people call them, or empty.
        seconds: Time seen in videos, s.
        faces: Number of faces in sampled frames.
        tracks: Number of tracks.
        sightings: When and where: those with a date by their date, then the others by their source.
        thumbnails: Sample ids of their best faces, the best first; see `Store.thumbnail`.
    """

    id: str
    name: str
    seconds: float
    faces: int
    tracks: int
    sightings: tuple[Sighting, ...]
    thumbnails: tuple[str, ...]

    @property
    def first(self) -> Sighting:
        """The first of the sightings: the earliest, where all have a date."""
        return self.sightings[0]

    @property
    def last(self) -> Sighting:
        """The sighting that ended last."""
        return latest(self.sightings)


def latest(sightings: Sequence[Sighting]) -> Sighting:
    """The sighting that ended last; those without a date count as later, by their source."""
    return max(sightings, key=lambda s: _order(s, s.end_at, s.end_s))


def _order(sighting: Sighting, at: datetime | None, media_s: float) -> tuple[bool, float, str, float]:
    """Sort key of a moment of a sighting: dates and times within a file can't be compared."""
    return (at is None, at.timestamp() if at else 0.0, sighting.source, media_s)


@dataclass(frozen=True, slots=True)
class Face:
    """One face in one sampled frame.

    Attributes:
        source_id: The source.
        source: Its path.
        frame: Frames decoded before this one, from 0; 0 for photos.
        time_s: Seconds from the start of the source.
        box_xyxy: Left, top, right, bottom, px.
        score: Detector's score; 0 where the box lies between those of the frames around.
        track: Track id.
        identity: Person id, or empty for a face that was given to nobody.
    """

    source_id: str
    source: str
    frame: int
    time_s: float
    box_xyxy: tuple[float, float, float, float]
    score: float
    track: str
    identity: str


@dataclass(slots=True, eq=False)
class Store:
    """An open collection; a context manager that closes it.

    Made by `facestream.connect`. Methods raise `storage.errors.StorageError` when Redis fails.
    """

    _handle: RedisHandle = field(repr=False)
    _identities: IdentityStore = field(repr=False)

    @property
    def collection(self) -> str:
        """Name of the collection."""
        return self._identities.keys.collection

    @property
    def where(self) -> str:
        """Which server it is in, without secrets."""
        return self._handle.where

    def meta(self) -> dict[str, str]:
        """Facts of the collection: model_id, pack, licence, created_at_s; empty before the first run."""
        with self._errors():
            return self._identities.meta()

    def people(self) -> list[Person]:
        """Everybody, those seen longest first."""
        with self._errors():
            paths = self._source_records()
            people = [_person(identity, paths) for identity in self._identities.people()]
        return sorted(people, key=lambda p: (-p.seconds, -p.faces, int(p.id[1:])))

    def person(self, person_id: str) -> Person:
        """One person; an id that was merged into another gives the other.

        Raises:
            NotFoundError: If nobody has or had this id, or its bearer is no more.
        """
        with self._errors():
            paths = self._source_records()
            # Other names could be those of keys that hold something else.
            identity = self._identities.person(person_id) if _ID.fullmatch(person_id) else None
            passed: set[str] = set()
            while identity and identity.merged_into and identity.identity_id not in passed:
                passed.add(identity.identity_id)
                identity = self._identities.person(identity.merged_into)
        if identity is None or not identity.tracks:
            raise NotFoundError(
                f"no person {person_id!r} in collection {self.collection!r}. `facestream people` lists "
                "everybody.",
                what=person_id,
            )
        return _person(identity, paths)

    def sources(self) -> list[SourceRecord]:
        """All sources, sorted by path."""
        with self._errors():
            return self._identities.sources()

    def thumbnail(self, sample_id: str) -> bytes | None:
        """JPEG of a face with margin, at most 256 px, or None if there is none."""
        with self._errors():
            return self._identities.crop(sample_id)

    def faces(self, source_id: str | None = None) -> Iterator[Face]:
        """Every face of every sampled frame, source by source in order of time.

        Args:
            source_id: Only this source.
        """
        with self._errors():
            sources = [s for s in self._identities.sources() if source_id in (None, s.source_id)]
        for source in sources:
            rows: list[Face] = []
            with self._errors():
                for track in self._identities.tracks(self._identities.track_ids(source.source_id)):
                    for observation in track.observations:
                        left, top, right, bottom = observation["box_xyxy"].tolist()
                        rows.append(
                            Face(
                                source.source_id,
                                source.path,
                                int(observation["frame"]),
                                float(observation["media_s"]),
                                (left, top, right, bottom),
                                float(observation["score"]),
                                track.track_id,
                                track.identity_id or "",
                            )
                        )
            yield from sorted(rows, key=lambda face: (face.frame, face.box_xyxy))

    def close(self) -> None:
        """Close the connection. Closing twice does nothing."""
        self._handle.close()

    def __enter__(self) -> Self:
        """Enter a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close at the end of a `with` block."""
        self.close()

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return self._handle.errors()

    def _source_records(self) -> dict[str, SourceRecord]:
        return {source.source_id: source for source in self._identities.sources()}


def _person(identity: Identity, sources: dict[str, SourceRecord]) -> Person:
    sightings = []
    for seen in identity.sightings:
        source = sources.get(seen.source_id)
        origin = source.recorded_at_s if source else None
        is_video = source is not None and source.kind == "video"
        period_s = 1 / source.fps if source and source.fps else 0.0
        sightings.append(
            Sighting(
                seen.source_id,
                source.path if source else "",
                seen.start_s,
                seen.end_s,
                None if origin is None else datetime.fromtimestamp(origin + seen.start_s, UTC),
                None if origin is None else datetime.fromtimestamp(origin + seen.end_s, UTC),
                seen.end_s - seen.start_s + period_s if is_video else 0.0,
                photo=source is not None and source.kind == "photo",
            )
        )
    return Person(
        identity.identity_id,
        identity.name,
        identity.seconds,
        identity.faces,
        identity.tracks,
        tuple(sorted(sightings, key=lambda s: _order(s, s.start_at, s.start_s))),
        identity.thumbnails,
    )
