"""People, and what happened to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Self

import msgspec

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, flag, number, text
from storage.sighting_record import Moment, Sighting

_IDENTITY_ID = re.compile(r"p[0-9]{1,18}")


def is_identity_id(written: str) -> bool:
    """Whether a text is written as ids of people are: p and a number."""
    return _IDENTITY_ID.fullmatch(written) is not None


def number_of(identity_id: str) -> int:
    """Age rank of a person: lower is older."""
    return int(identity_id[1:])


class _Facts(msgspec.Struct, frozen=True, gc=False):
    """A value of the hash `people`, but for the sightings."""

    tracks: Annotated[int, msgspec.Meta(ge=0)]
    faces: Annotated[int, msgspec.Meta(ge=0)]
    seconds: float
    first_seen_s: float
    last_seen_s: float
    wall_clock: bool
    thumbnails: tuple[str, ...]


class _Overview(_Facts, frozen=True, gc=False):
    """A value of the hash `people`, checked as it is read: lists of thousands of people should be quick."""

    sightings: tuple[Sighting, ...]


class _Row(_Facts, frozen=True, gc=False):
    """A value of the hash `people` as it is written."""

    sightings: msgspec.Raw


_OVERVIEWS = msgspec.json.Decoder(_Overview)


@dataclass(frozen=True, slots=True)
class Identity:
    """One person.

    Attributes:
        identity_id: "p" and a number that is never used again.
        name: What people call them, or empty.
        tracks: Number of tracks.
        faces: Number of faces in sampled frames.
        seconds: Time seen, s; photos count nothing, and what several sources with a date saw at once counts
            once.
        sightings: Stretches of time in which they were seen, in order.
        first_seen_s: Start of the first sighting: unix time where every source has one, else media time.
        last_seen_s: End of the last sighting, likewise.
        wall_clock: Whether those two are unix times.
        thumbnails: Ids of the best samples, the best first.
        merged_into: The identity that took this one over, or None.
        forgotten: Whether nothing but the id is left, because somebody asked for it.
        ignored: Whether somebody said that lists should leave this person out.
        unsure: Where those of their tracks begin of which nobody has confirmed yet that they are theirs, in
            order; known by the tracks, and not written.
    """

    identity_id: str
    name: str = ""
    tracks: int = 0
    faces: int = 0
    seconds: float = 0.0
    sightings: tuple[Sighting, ...] = ()
    first_seen_s: float = 0.0
    last_seen_s: float = 0.0
    wall_clock: bool = False
    thumbnails: tuple[str, ...] = ()
    merged_into: str | None = None
    forgotten: bool = False
    ignored: bool = False
    unsure: tuple[Moment, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether nobody has confirmed yet that any of their tracks is theirs."""
        return 0 < self.tracks <= len(self.unsure)

    @property
    def number(self) -> int:
        """Age rank: lower is older."""
        return number_of(self.identity_id)

    def encode(self) -> Fields:
        """Fields of the hash without the name and `ignored`, which only people change."""
        return {
            "identity_id": self.identity_id,
            "tracks": self.tracks,
            "faces": self.faces,
            "seconds": f"{self.seconds:.3f}",
            "sightings": len(self.sightings),
            "first_seen_s": f"{self.first_seen_s:.3f}",
            "last_seen_s": f"{self.last_seen_s:.3f}",
            "wall_clock": int(self.wall_clock),
            "thumbnails": " ".join(self.thumbnails),
            "merged_into": self.merged_into or "",
        }

    def encode_overview(self, sightings: bytes) -> bytes:
        """The value of the hash `people`: one JSON object, with the sightings in the order of their set.

        Args:
            sightings: They as JSON, see `SightingRows.json`.
        """
        return msgspec.json.encode(
            _Row(
                self.tracks,
                self.faces,
                round(self.seconds, 3),
                round(self.first_seen_s, 3),
                round(self.last_seen_s, 3),
                self.wall_clock,
                self.thumbnails,
                msgspec.Raw(sightings),
            )
        )

    @classmethod
    def decode_overview(
        cls,
        identity_id: str,
        name: str,
        row: bytes,
        *,
        ignored: bool = False,
        unsure: tuple[Moment, ...] = (),
    ) -> Self:
        """A person from their value in the hash `people`; the others stand elsewhere.

        Args:
            identity_id: Who.
            name: What people call them, or empty.
            row: The value.
            ignored: Whether lists leave them out.
            unsure: Where their provisional tracks begin.

        Raises:
            RecordError: If it is malformed.
        """
        try:
            facts = _OVERVIEWS.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RecordError(f"field {identity_id!r} is malformed: {error}", field=identity_id) from error
        return cls(
            identity_id,
            name,
            facts.tracks,
            facts.faces,
            facts.seconds,
            facts.sightings,
            facts.first_seen_s,
            facts.last_seen_s,
            facts.wall_clock,
            facts.thumbnails,
            ignored=ignored,
            unsure=unsure,
        )

    @classmethod
    def decode(
        cls, raw: Raw, sightings: tuple[Sighting, ...] = (), *, unsure: tuple[Moment, ...] = ()
    ) -> Self:
        """Read the fields back.

        Args:
            raw: The fields.
            sightings: What the sorted set of sightings holds.
            unsure: Where their provisional tracks begin.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        identity_id = text(raw, "identity_id")
        if not is_identity_id(identity_id):
            raise RecordError(
                f"field 'identity_id' is not p and a number: {identity_id[:40]!r}", field="identity_id"
            )
        return cls(
            identity_id=identity_id,
            name=text(raw, "name", ""),
            tracks=count(raw, "tracks", "0"),
            faces=count(raw, "faces", "0"),
            seconds=number(raw, "seconds", "0"),
            sightings=sightings,
            first_seen_s=number(raw, "first_seen_s", "0"),
            last_seen_s=number(raw, "last_seen_s", "0"),
            wall_clock=flag(raw, "wall_clock", "0"),
            thumbnails=tuple(text(raw, "thumbnails", "").split()),
            merged_into=text(raw, "merged_into", "") or None,
            forgotten=flag(raw, "forgotten", "0"),
            ignored=flag(raw, "ignored", "0"),
            unsure=unsure,
        )


class ChangeKind(StrEnum):
    """What happened to an identity."""

    CREATED = "created"
    ASSIGNED = "assigned"
    MERGED = "merged"
    SPLIT = "split"
    VANISHED = "vanished"
    RENAMED = "renamed"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """An event of the `changes` stream.

    Attributes:
        kind: What happened.
        identity_id: To whom. For `assigned` and `split` the person who has the track now.
        track_id: The track it is about, or empty.
        thumbnail: Sample id of a face to show, or empty.
        event_s: When the track was seen last, media time.
        published_at_s: Unix time of publication.
        other_id: `merged`: who took over. `assigned`, `split`: who had the track before. Else empty.
        provisional: Whether nobody has confirmed yet whose the track is.
        entry_id: Id of the entry in the stream, such as "1700000000000-0"; empty where it is not one yet.
    """

    kind: ChangeKind
    identity_id: str
    track_id: str = ""
    thumbnail: str = ""
    event_s: float = 0.0
    published_at_s: float = 0.0
    other_id: str = ""
    provisional: bool = False
    entry_id: str = field(default="", compare=False)

    def encode(self) -> Fields:
        """Fields of the stream entry, which its id is none of."""
        return {
            "kind": self.kind.value,
            "identity_id": self.identity_id,
            "track_id": self.track_id,
            "thumbnail": self.thumbnail,
            "event_s": f"{self.event_s:.3f}",
            "published_at_s": f"{self.published_at_s:.3f}",
            "other_id": self.other_id,
            "provisional": int(self.provisional),
        }

    @classmethod
    def decode(cls, raw: Raw, entry_id: str = "") -> Self:
        """Read the fields back.

        Args:
            raw: The fields.
            entry_id: Id of the entry that they are of.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        kind = text(raw, "kind")
        if kind not in [*ChangeKind]:
            raise RecordError(f"field 'kind' is no kind of change: {kind[:40]!r}", field="kind")
        return cls(
            kind=ChangeKind(kind),
            identity_id=text(raw, "identity_id"),
            track_id=text(raw, "track_id", ""),
            thumbnail=text(raw, "thumbnail", ""),
            event_s=number(raw, "event_s", "0"),
            published_at_s=number(raw, "published_at_s", "0"),
            other_id=text(raw, "other_id", ""),
            provisional=flag(raw, "provisional", "0"),
            entry_id=entry_id,
        )
