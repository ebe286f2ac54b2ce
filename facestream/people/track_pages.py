"""The tracks of a person, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.collection.open_collection import OpenCollection

if TYPE_CHECKING:
    from facestream.people.track import Track


@dataclass(slots=True, eq=False)
class TrackPages(OpenCollection):
    """An open collection whose tracks are looked at some at a time."""

    def track_page(self, person_id: str, offset: int, limit: int) -> tuple[list[Track], int]:
        """Some of the tracks of a person with their samples, by id, and how many there are in all.

        Args:
            person_id: Who.
            offset: So many are passed over.
            limit: At most so many.

        Raises:
            NotFoundError: If there is no such person.
        """
        with self._errors():
            ids = self._identities.track_ids(identity_id=self._identity(person_id).identity_id)
        return self.tracks_by_id(ids[offset : offset + limit]), len(ids)

    def tracks_by_id(self, track_ids: Sequence[str]) -> list[Track]:
        """Tracks with their samples, in the order given; those that are no more are left out."""
        from facestream.people.track import track_of

        with self._errors():
            records = list(self._identities.tracks(track_ids))
            sources = {s.source_id: s for s in self._reader.sources({record.source_id for record in records})}
            unsure = self._reader.provisional()
            samples = {
                sample.sample_id: sample
                for sample in self._identities.bare_samples([i for r in records for i in r.sample_ids])
            }
        return [
            track_of(
                record,
                sources.get(record.source_id),
                [samples[i] for i in record.sample_ids if i in samples],
                provisional=record.track_id in unsure,
            )
            for record in records
        ]
