"""What streams tell of tracks that are to be deleted is looked for before they are, some of it at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from storage.collection_reader import CollectionReader
from storage.requests import EraseRequest
from storage.track_record import TrackRecord
from workers.membership import Membership
from workers.past_ids import PastIds
from workers.trace_search import TraceSearch

# A look takes as long for one track as for so many; their faces take tens of megabytes. One step reads so
# many entries, which takes some tenths of a second.
_AHEAD, _ENTRIES_AT_ONCE = 2_000, 10_000


class LookAhead:
    """Looks through streams for one request after the other.

    Args:
        store: The collection.
        membership: Who has which track.
        past: All ids of people.
    """

    def __init__(self, store: CollectionReader, membership: Membership, past: PastIds) -> None:
        self._store = store
        self._membership = membership
        self._past = past
        self._search: TraceSearch | None = None
        self._request: EraseRequest | None = None

    def is_done(self, request: EraseRequest) -> bool:
        """Read on, if there is anything to read yet; returns whether there is not."""
        if self._request is not request:
            self.end()
        return self._search is None or self._search.advance(_ENTRIES_AT_ONCE)

    def end(self) -> None:
        """Let go of what was found."""
        self._search = self._request = None

    def next(self, request: EraseRequest, tracks: Sequence[str], most: int) -> list[str] | None:
        """Which tracks are deleted now.

        Args:
            request: What asks for it.
            tracks: All that are to go.
            most: So many at once.

        Returns:
            Their ids; None where what tells of them is to be read first.
        """
        search = self._search
        if search is not None and (known := list(islice(filter(search.holds, tracks), most))):
            return known
        if not tracks:
            return []
        if self._request is request and len(tracks) <= most:
            # They came while others went, and so will more: read for at once, or that would never end.
            self._search = None
            return list(tracks)
        ahead = tracks[:_AHEAD]
        owners = {self._membership.identity_of.get(track_id) for track_id in ahead} - {None}
        people = self._past.of({owner for owner in owners if owner is not None}, {})
        self._search = TraceSearch(self._store, people, ahead, self._store.tracks(ahead))
        self._request = request
        return list(ahead[:most]) if self._search.advance(_ENTRIES_AT_ONCE) else None

    def search(
        self,
        identity_ids: Collection[str],
        track_ids: Collection[str],
        tracks: Collection[TrackRecord],
        streams: Collection[str] | None,
    ) -> TraceSearch:
        """What finds all that tells of some people and tracks; arguments are those of `TraceSearch`."""
        ready = self._search
        if ready is not None and streams is None and ready.knows(identity_ids, track_ids, tracks):
            return ready
        return TraceSearch(self._store, identity_ids, track_ids, tracks, streams)
