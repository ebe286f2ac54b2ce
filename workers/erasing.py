"""Deletes every trace of tracks, and of people who have no others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import replace

from storage.effects import Effects
from storage.erasure_record import ErasureRecord
from storage.errors import RecordError
from storage.identity_record import ChangeKind
from storage.identity_store import IdentityStore
from storage.requests import EraseRequest, Extent, ForgetRequest
from storage.retention_policy import RetentionPolicy
from workers.erasing_entries import EntryErasing
from workers.expiry import Due, SeenTrack, due
from workers.forgetting import bearer_of, vanished_bearer_of
from workers.look_ahead import LookAhead
from workers.membership import Membership
from workers.past_ids import PastIds
from workers.people import TrackSummary
from workers.returns import Returns
from workers.source_book import SourceBook
from workers.unread_records import MOST_UNREAD, delete_strays, delete_unread

_log = logging.getLogger(__name__)

# People of the past of whom one step lets nothing be left.
_MOST_PAST = 2_000

Remove = Callable[[list[str], Effects], set[str]]


class Erasing:
    """Deletes what is asked for. Methods write what they change into `Effects`.

    Args:
        store: The collection.
        summaries: What is known of each track.
        membership: Who has which.
        sources: Where they were seen.
        remove: Deletes tracks with their samples, and returns the people who lose them.
        returns: What is kept of the forgotten.
    """

    def __init__(
        self,
        store: IdentityStore,
        summaries: MutableMapping[str, TrackSummary],
        membership: Membership,
        sources: SourceBook,
        remove: Remove,
        returns: Returns,
    ) -> None:
        self._store = store
        self._summaries = summaries
        self._membership = membership
        self._sources = sources
        self._remove = remove
        self._returns = returns
        self._entries = EntryErasing(store, sources)
        self._past = PastIds(store)
        self._ahead = LookAhead(store, membership, self._past)

    def committed(self, effects: Effects) -> None:
        """A step is in Redis."""
        self._past.committed(effects)

    def forget(self, request: ForgetRequest, founders: Collection[str], effects: Effects) -> bool:
        """Delete every trace of a person, also of this step; returns whether there was one.

        Args:
            request: Whom, and whether a few templates of theirs are kept.
            founders: Tracks that may found a person.
            effects: Takes in what changes.
        """
        merged = {i.identity_id: i.merged_into for i in effects.identities if i.merged_into}
        found = bearer_of(self._store, request.identity_id, merged, set(self._membership.alive()))
        if request.exactly and found not in (None, request.identity_id):
            return False
        if found is None:
            found = vanished_bearer_of(self._store, request.identity_id, merged)
            said = self._store.strays.tracks_of([request.identity_id])
            if found is None and said - self._summaries.keys() - effects.tracks_removed.keys():
                # None of their tracks can be read; others have those that can.
                found = request.identity_id
            if found is not None and found not in effects.forgotten:
                self._delete([], {found}, effects)
                effects.erasures.append(ErasureRecord("person", 0, 1))
                return True
            if not request.ignore_return:
                _tell_let_go(self._returns.let_go(request.identity_id, effects), effects)
            return False
        track_ids = sorted(self._membership.members(found))
        rows = self._returns.chosen(track_ids, founders, effects) if request.ignore_return else b""
        gone, _ = self._delete(track_ids, {found}, effects)
        older = sorted(gone - {found}, key=lambda identity_id: (len(identity_id), identity_id))
        self._returns.keep([found, *older], rows, effects)
        effects.erasures.append(ErasureRecord("person", len(track_ids), 1))
        return True

    def leave_out(self, effects: Effects) -> set[str]:
        """Delete every trace of tracks of the forgotten that came in a step, and store none of them.

        What waits behind the step is left out when it comes.

        Args:
            effects: Of the step, with what came in it.

        Returns:
            The people who go on without one of them.
        """
        doomed = sorted(track_id for track_id in effects.returned if track_id in self._summaries)
        if not doomed:
            return set()
        keys, owner_of = self._store.keys, self._membership.identity_of
        owners = {owner_of[track_id] for track_id in doomed if track_id in owner_of}
        ended = {owner for owner in owners if self._membership.members(owner) <= set(doomed)}
        # Unless somebody gives them a name in this very moment.
        effects.nameless |= ended
        # Events tell only of tracks that somebody had.
        streams = (keys.faces, keys.dead, *((keys.changes,) if owners else ()))
        _, touched = self._delete(doomed, ended, effects, streams)
        effects.tracks = [track for track in effects.tracks if track.track_id not in effects.returned]
        effects.samples_removed |= {s.sample_id for s in effects.samples if s.track_id in effects.returned}
        effects.samples = [s for s in effects.samples if s.track_id not in effects.returned]
        return touched

    def erase(self, request: EraseRequest, most: int, effects: Effects) -> tuple[set[str], bool]:
        """Delete some of what a request asks for.

        Args:
            request: What is to go.
            most: So many tracks at a time.
            effects: Of a step that holds nothing else.

        Returns:
            The people who go on and are others now, and whether nothing is left to do.
        """
        if not self._ahead.is_done(request):
            return set(), False
        policy, named, now_s = RetentionPolicy(), set[str](), time.time()
        if request.extent is Extent.RETENTION:
            policy = self._policy()
            if not policy.ends:
                return set(), True
            named = set(self._store.names())
        found = self._due(request, policy, named, now_s, effects)
        track_ids = self._ahead.next(request, found.tracks, most)
        if track_ids is None:
            return set(), False
        bare = found.pictures[: most - len(track_ids)]
        owners = {self._membership.identity_of.get(track_id) for track_id in track_ids} - {None}
        doomed = {o for o in owners if o is not None and self._membership.members(o) <= set(track_ids)}
        if request.extent is Extent.RETENTION:
            effects.nameless |= doomed - named
        # Of everything, what can't be read goes in the end.
        is_all = request.extent is Extent.ALL
        _, touched = self._delete(track_ids, doomed, effects, with_unread=not is_all)
        touched |= self._remove_pictures(bare, effects)
        over = len(track_ids) + len(bare) == len(found)
        entries = 0
        if over:
            self._ahead.end()
            entries, over = self._entries.erase(request, policy, now_s, effects)
        if over and request.extent is Extent.SOURCE:
            there = {t for source_id in request.source_ids for t in self._store.track_ids(source_id)}
            known = self._summaries.keys()
            losing, over = delete_unread(self._store, there, known, effects, MOST_UNREAD)
            touched |= {loser for loser in losing if self._membership.members(loser)}
        if over and request.extent is Extent.SOURCE:
            for source in map(self._sources.fresh, request.source_ids):
                # A camera's media time counts from its first registration; it goes on.
                if source is not None and source.kind != "camera":
                    self._sources.remove(source.source_id, effects)
        past: set[str] = set()
        if over and request.extent is Extent.ALL:
            # Of who was merged or vanished, what was said may be left.
            past = self._store.remembered(_MOST_PAST, effects.forgotten)
            self._delete([], past, effects, with_unread=False)
            over = len(past) < _MOST_PAST
        if over and request.extent is Extent.ALL:
            over = delete_strays(self._store, self._summaries.keys(), effects)
        if over and request.extent is Extent.ALL:
            _tell_let_go(self._returns.let_all_go(effects), effects)
        gone = effects.tracks_removed or effects.samples_removed or effects.sources_removed
        if gone or bare or entries or past:
            tracks = len(effects.tracks_removed)
            effects.erasures.append(ErasureRecord(request.extent, tracks, len(doomed), len(bare), entries))
        return touched, over

    def _policy(self) -> RetentionPolicy:
        try:
            return self._store.retention()
        except RecordError as error:
            # Found again and again, it would stop everything else.
            _log.warning("%s Nothing goes by its age until then.", error)
            return RetentionPolicy()

    def _due(
        self,
        request: EraseRequest,
        policy: RetentionPolicy,
        named: Collection[str],
        now_s: float,
        effects: Effects,
    ) -> Due:
        for source in [*self._sources.values()]:
            if source.seen_at_s(0.0) is None:
                # Of an earlier version: its age counts from now.
                self._sources.write(replace(source, taken_in_s=now_s), effects)
        owner_of = self._membership.identity_of
        tracks = [
            SeenTrack(t.track_id, t.source_id, t.last_s, owner_of.get(t.track_id), bool(t.views))
            for t in self._summaries.values()
        ]
        found = due(request, policy, tracks, self._sources, named, now_s)
        if not found:
            return found
        # Their dates may be others by now.
        concerned = {self._summaries[i].source_id for i in (*found.tracks, *found.pictures)}
        before = [self._sources.get(source_id) for source_id in concerned]
        if [self._sources.fresh(source_id) for source_id in concerned] == before:
            return found
        return due(request, policy, tracks, self._sources, named, now_s)

    def _delete(
        self,
        track_ids: list[str],
        doomed: Collection[str],
        effects: Effects,
        streams: Collection[str] | None = None,
        *,
        with_unread: bool = True,
    ) -> tuple[set[str], set[str]]:
        """Delete every trace of tracks.

        Args:
            track_ids: The tracks.
            doomed: Their people who have no others, of whom nothing may be left.
            effects: Takes in what changes.
            streams: Keys of the streams that may tell of them, where that is not all of them.
            with_unread: Whether tracks of the doomed that can't be read go as well.

        Returns:
            All ids of the doomed, and the people who go on without some of their tracks.
        """
        if not (track_ids or doomed):
            return set(), set()
        merged = {i.identity_id: i.merged_into for i in effects.identities if i.merged_into}
        alive = set(self._membership.alive())
        # Who was brought back to life in this very step is somebody else again.
        gone = self._past.of(doomed, merged) - (alive - set(doomed)) if doomed else set()
        wanted = set(track_ids)
        written = [track for track in effects.tracks if track.track_id in wanted]
        seen = [*self._store.tracks(track_ids), *written]
        search = self._ahead.search(gone, track_ids, seen, streams)
        for key, entry_ids in search.found(gone, track_ids).items():
            effects.erased.setdefault(key, []).extend(entry_ids)
        self._count_forgotten(track_ids, effects)
        touched = self._remove(track_ids, effects)
        if with_unread:
            theirs = self._store.strays.tracks_of(gone)
            delete_unread(self._store, theirs, self._summaries.keys(), effects)
        self._membership.forget(gone)
        effects.forget(gone, track_ids)
        effects.changes += [self._membership.change(ChangeKind.FORGOTTEN, i) for i in sorted(doomed)]
        return gone, touched - gone

    def _count_forgotten(self, track_ids: list[str], effects: Effects) -> None:
        """Let sources know of how many people they show nothing any more."""
        wanted = set(track_ids)
        shown: dict[tuple[str, str], bool] = {}
        for track_id in track_ids:
            owner = self._membership.identity_of.get(track_id)
            if owner is not None:
                shown.setdefault((self._summaries[track_id].source_id, owner), False)
        for owner in {owner for _, owner in shown}:
            for left in self._membership.members(owner) - wanted:
                shown[self._summaries[left].source_id, owner] = True
        for source_id, _ in (at for at, is_left in shown.items() if not is_left):
            source = self._sources.fresh(source_id)
            if source is not None:
                self._sources.write(replace(source, forgotten=source.forgotten + 1), effects)

    def _remove_pictures(self, track_ids: Collection[str], effects: Effects) -> set[str]:
        """Delete the pictures of tracks; returns the people who lose some."""
        for track in self._store.tracks(track_ids):
            effects.pictures_removed.update(track.sample_ids)
        for track_id in track_ids:
            self._summaries[track_id] = replace(self._summaries[track_id], views=(), best_sample="")
        owners = (self._membership.identity_of.get(track_id) for track_id in track_ids)
        return {owner for owner in owners if owner is not None}


def _tell_let_go(people: int, effects: Effects) -> None:
    """Keep that templates went which were kept of people who were forgotten."""
    if people:
        effects.erasures.append(ErasureRecord("kept_out", people=people))
