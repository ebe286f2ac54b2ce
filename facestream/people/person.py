"""People and their faces, as commands and the Python client give them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from facestream.people.sighting import Order, Sighting, Sightings, end_order, start_order
from storage.identity_record import Identity
from storage.seen_interval import seconds_of
from storage.source_record import SourceRecord


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was seen.

    Attributes:
        id: Stable id, such as "p3"; never given to anyone else.
        name: What people call them, or empty.
        seconds: Time seen in videos, s. Seconds in which several cameras, or recordings with a date, saw
            them count once.
        faces: Number of faces in sampled frames.
        tracks: Number of tracks.
        sightings: When and where: those with a date by their date, then the others by their source.
        thumbnails: Sample ids of their best faces, the best first; see `Store.thumbnail`.
        ignored: Whether somebody said that lists should leave them out.
        provisional: Whether all of their tracks are: no re-cluster has confirmed this person yet.
    """

    id: str
    name: str
    seconds: float
    faces: int
    tracks: int
    sightings: Sequence[Sighting]
    thumbnails: tuple[str, ...]
    ignored: bool = False
    provisional: bool = False

    @property
    def first(self) -> Sighting:
        """The first of the sightings: the earliest, where all have a date."""
        return self.sightings[0]

    @property
    def last(self) -> Sighting:
        """The sighting that ended last; those without a date count as earlier, by their source."""
        if isinstance(self.sightings, Sightings):
            return self.sightings.latest()
        return max(self.sightings, key=end_order)

    @property
    def first_order(self) -> Order:
        """Sort key of the start of the first sighting."""
        seen = self.sightings
        return seen.first_order() if isinstance(seen, Sightings) else start_order(self.first)

    @property
    def last_order(self) -> Order:
        """Sort key of the end of the last sighting."""
        seen = self.sightings
        return seen.latest_order() if isinstance(seen, Sightings) else end_order(self.last)

    @property
    def sources(self) -> dict[str, str]:
        """Paths of the sources they were seen in, by id, in the order of the sightings."""
        if isinstance(self.sightings, Sightings):
            return self.sightings.sources()
        return {seen.source_id: seen.source for seen in self.sightings}

    def within(
        self, holds: Callable[[Sighting], bool], source_ids: Collection[str] | None = None
    ) -> Person | None:
        """The person with those sightings alone, and the time seen in them; None where there are none.

        Args:
            holds: Which.
            source_ids: Of these sources alone; None for all.
        """
        seen: Sequence[Sighting] = self.sightings
        if source_ids is not None:
            seen = (
                seen.in_sources(source_ids)
                if isinstance(seen, Sightings)
                else [one for one in seen if one.source_id in source_ids]
            )
        matching = tuple(filter(holds, seen))
        if not matching:
            return None
        # Not `replace`, which takes ten times as long.
        return Person(
            self.id,
            self.name,
            seconds_of(s.seen for s in matching),
            self.faces,
            self.tracks,
            matching,
            self.thumbnails,
            self.ignored,
            self.provisional,
        )


@dataclass(frozen=True, slots=True)
class Face:
    """One face in one sampled frame.

    Attributes:
        source_id: The source.
        source: Its path.
        frame: Frames of the source before this one, from 0; 0 for photos.
        time_s: Seconds from the start of the source.
        box_xyxy: Left, top, right, bottom, px.
        score: Detector's score; 0 where the box lies between those of the frames around.
        track: Track id.
        identity: Person id, or empty for a face that was given to nobody.
        provisional: Whether a re-cluster may still correct whose its track is.
    """

    source_id: str
    source: str
    frame: int
    time_s: float
    box_xyxy: tuple[float, float, float, float]
    score: float
    track: str
    identity: str
    provisional: bool = False


def person_of(identity: Identity, sources: Mapping[str, SourceRecord]) -> Person:
    """A person from their record and those of the sources they were seen in."""
    return Person(
        identity.identity_id,
        identity.name,
        identity.seconds,
        identity.faces,
        identity.tracks,
        Sightings(identity.sightings, sources, identity.unsure),
        identity.thumbnails,
        identity.ignored,
        identity.provisional,
    )
