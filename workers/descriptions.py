"""The records of people, described from what is kept of them from step to step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable

from storage.effects import Effects
from workers.membership import Membership
from workers.people import Person
from workers.source_book import SourceBook
from workers.track_summaries import TrackSummaries

# So many tracks of people may be kept, which take 0.6 kB each: who has few is described soon enough.
_MOST_TRACKS = 100_000


class Descriptions:
    """Describes people. Of those who were described last it keeps what takes long to find out.

    Args:
        summaries: What is known of each track.
        membership: Who has which.
        sources: Where they were seen.
        cover_of: Gives the track of some by whose face people want its person to be shown, or nothing.
        most_tracks: People are kept who have so many tracks together, and one at least.
    """

    def __init__(
        self,
        summaries: TrackSummaries,
        membership: Membership,
        sources: SourceBook,
        cover_of: Callable[[Collection[str]], str],
        most_tracks: int = _MOST_TRACKS,
    ) -> None:
        self._summaries = summaries
        self._membership = membership
        self._sources = sources
        self._cover_of = cover_of
        self._most_tracks = most_tracks
        # Who was described last comes last.
        self._kept: OrderedDict[str, Person] = OrderedDict()
        # Of each track that somebody who is kept was described with, who that is.
        self._described: dict[str, str] = {}

    def write(self, identity_ids: Iterable[str], effects: Effects) -> None:
        """Add the records of people, as of now, to a step that is to be committed next.

        Args:
            identity_ids: Who; somebody who is no more has nothing but an id.
            effects: Takes them in; holds those of people who were merged into others.
        """
        self._heed_changes()
        # Of whom there is another record, that is written first, and leaves nothing of their sightings.
        for identity_id in {*(identity.identity_id for identity in effects.identities), *effects.forgotten}:
            self._drop(identity_id)
        for identity_id in identity_ids:
            person = self._person(identity_id)
            cover = self._cover_of(person.tracks.keys())
            effects.identities.append(person.describe(identity_id, cover))
            effects.sightings[identity_id] = person.rows

    def _person(self, identity_id: str) -> Person:
        person = self._kept.get(identity_id)
        if person is not None:
            self._kept.move_to_end(identity_id)
            return person
        tracks = (self._summaries[track_id] for track_id in self._membership.members(identity_id))
        person = Person(self._sources.times, tracks)
        if person.tracks:
            self._kept[identity_id] = person
            self._described.update(dict.fromkeys(person.tracks, identity_id))
            while len(self._described) > self._most_tracks and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))
        return person

    def _heed_changes(self) -> None:
        """Bring all who are kept up to date."""
        if self._sources.retimed:
            # Before tracks come: a source that is new is told of by its own times already.
            retimed = self._sources.retimed
            for identity_id in [i for i, p in self._kept.items() if not retimed.isdisjoint(p.sources)]:
                self._drop(identity_id)
            retimed.clear()
        for track_id in self._summaries.changed | self._membership.changed:
            before = self._described.pop(track_id, None)
            if before is not None:
                self._kept[before].remove(track_id)
            now = self._membership.identity_of.get(track_id)
            if now is not None and now in self._kept:
                self._kept[now].add(self._summaries[track_id])
                self._described[track_id] = now
            if before is not None and not self._kept[before].tracks:
                self._drop(before)
        self._summaries.changed.clear()
        self._membership.changed.clear()

    def _drop(self, identity_id: str) -> None:
        person = self._kept.pop(identity_id, None)
        for track_id in person.tracks if person else ():
            del self._described[track_id]
