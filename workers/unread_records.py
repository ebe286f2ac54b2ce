"""What is left of tracks that could not be loaded: their records are gone, or damaged."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet

from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.strays import source_of
from workers.trace_search import TraceSearch

_log = logging.getLogger(__name__)

MOST_UNREAD = 5_000
"""Such tracks, and samples, that one step deletes."""


def delete_unread(
    store: IdentityStore,
    track_ids: AbstractSet[str],
    known: AbstractSet[str],
    effects: Effects,
    most: int | None = None,
) -> tuple[set[str], bool]:
    """Delete what is left of such tracks.

    Args:
        store: The collection.
        track_ids: All tracks that go.
        known: Ids of the tracks that were loaded, of which nothing is deleted here.
        effects: Takes in what changes.
        most: So many at once; None for all.

    Returns:
        The people who were said to have them, and whether that was all.
    """
    unread = sorted(track_ids - known - effects.tracks_removed.keys())
    if not unread:
        return set(), True
    gone = unread[:most]
    _log.warning("%d tracks can't be read; what is left of them goes.", len(gone))
    for key, entry_ids in TraceSearch(store, (), gone, ()).found((), gone).items():
        effects.erased.setdefault(key, []).extend(entry_ids)
    owners = store.strays.owners_of(gone)
    for track_id, owner in owners.items():
        effects.members_removed.setdefault(owner, set()).add(track_id)
    effects.tracks_removed.update((track_id, source_of(track_id)) for track_id in gone)
    effects.samples_removed |= store.strays.samples_of(gone)
    effects.forgotten_tracks.update(gone)
    return set(owners.values()), len(gone) == len(unread)


def delete_strays(store: IdentityStore, known: AbstractSet[str], effects: Effects) -> bool:
    """Delete some of all that is left of such tracks, and samples that no track names.

    Args:
        store: The collection.
        known: Ids of the tracks that were loaded.
        effects: With all that is known to go; takes in what changes.

    Returns:
        Whether that was all.
    """
    tracks = sorted(store.strays.tracks(known | effects.tracks_removed.keys()))[:MOST_UNREAD]
    kept = effects.samples_removed | store.unclaimed().keys()
    samples = [sample_id for sample_id in store.strays.samples() if sample_id not in kept][:MOST_UNREAD]
    effects.tracks_removed.update((track_id, source_of(track_id)) for track_id in tracks)
    effects.samples_removed.update(samples)
    if tracks:
        # Of the other streams nothing is left by now.
        search = TraceSearch(store, (), tracks, (), (store.keys.changes,))
        for key, entry_ids in search.found((), tracks).items():
            effects.erased.setdefault(key, []).extend(entry_ids)
    if tracks or samples:
        _log.warning("%d tracks and %d faces that nothing led to are deleted.", len(tracks), len(samples))
    return max(len(tracks), len(samples)) < MOST_UNREAD
