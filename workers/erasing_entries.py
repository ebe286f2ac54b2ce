"""Deletes what is kept beside tracks and people: entries of streams, and samples that no track names."""

from __future__ import annotations

import math

from storage.commands import Hash
from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.requests import EraseRequest, Extent
from storage.retention_policy import RetentionPolicy, limit_s
from storage.stream_readers import lower_id
from workers.source_book import SourceBook

# Entries and samples that one step deletes, but for those that are cut off by their age, and entries that it
# reads: that many take some tenths of a second.
_MOST_DELETED, _MOST_READ = 5_000, 10_000


class EntryErasing:
    """Deletes faces that belong to nobody's track: of the streams `faces` and `dead`, and unclaimed samples.

    Args:
        store: The collection.
        sources: Where they were seen.
    """

    def __init__(self, store: IdentityStore, sources: SourceBook) -> None:
        self._store = store
        self._sources = sources
        # Up to which entry of each stream those were looked at that are over age, and by which policy.
        self._swept: dict[str, bytes] = {}
        self._policy = RetentionPolicy()
        # The same of the request that is being carried out.
        self._looked_at: dict[str, bytes] = {}
        self._request: EraseRequest | None = None

    def erase(
        self, request: EraseRequest, policy: RetentionPolicy, now_s: float, effects: Effects
    ) -> tuple[int, bool]:
        """Delete some of what a request asks for.

        Args:
            request: What is to go.
            policy: How long is kept what; counts for `Extent.RETENTION` alone.
            now_s: Unix time.
            effects: Takes in what changes.

        Returns:
            How many entries and samples go, but for those that are cut off by age, and whether none is left.
        """
        keys = self._store.keys
        if request is not self._request:
            self._request, self._looked_at = request, {}
        logs = (keys.faces, keys.dead)
        match request.extent:
            case Extent.ALL:
                effects.trimmed |= dict.fromkeys(logs, "")
            case Extent.RETENTION:
                if policy != self._policy:
                    self._policy, self._swept = policy, {}
                kept_s = limit_s(policy.streams)
                if kept_s < now_s:
                    below = _first_id(now_s - kept_s)
                    effects.trimmed |= dict.fromkeys((*logs, keys.changes, keys.reclusters), below)
                    for key in (keys.faces, keys.changes):
                        # A log is kept for its readers a while longer; who is erased is not.
                        needed = self._store.readers.first_needed(key, policy.silent_after_s)
                        effects.trimmed[key] = lower_id(below, needed)
            case Extent.BEFORE:
                effects.trimmed |= dict.fromkeys((*logs, keys.changes), _first_id(request.before_s))
        # Faces that are nobody's are kept as long as people without a name.
        nobody_s = min(limit_s(policy.unnamed), limit_s(policy.sightings))
        oldest_s = now_s - nobody_s if request.extent is Extent.RETENTION else math.inf
        found = self._erase_unclaimed(request, policy, oldest_s, effects)
        over = found < _MOST_DELETED
        if request.extent is not Extent.ALL:
            for key in logs:
                gone, ended = self._erase_faces(
                    key, request, policy, oldest_s, _MOST_DELETED - found, effects
                )
                found, over = found + gone, over and ended
        if over:
            self._request = None
        return found, over

    def _erase_unclaimed(
        self, request: EraseRequest, policy: RetentionPolicy, oldest_s: float, effects: Effects
    ) -> int:
        unclaimed = self._store.unclaimed()
        over_age = {sample_id for sample_id, taken_in_s in unclaimed.items() if taken_in_s < oldest_s}
        samples = list(self._store.bare_samples(sorted(over_age)))
        # A worker that died may have left the note of one that a track had named all along.
        tracks = self._store.tracks({sample.track_id for sample in samples})
        named = {sample_id for track in tracks for sample_id in track.sample_ids}
        # What can't be read is no use to anybody.
        doomed = over_age - {sample.sample_id for sample in samples}
        for sample in samples:
            if sample.sample_id in named:
                continue
            if request.extent is Extent.RETENTION:
                wanted = self._ages(sample.source_id, policy)
            else:
                wanted = self._is_meant(sample.source_id, sample.media_s, request)
            if wanted:
                doomed.add(sample.sample_id)
        chosen = sorted(doomed)[:_MOST_DELETED]
        effects.samples_removed.update(chosen)
        return len(chosen)

    def _erase_faces(
        self,
        key: str,
        request: EraseRequest,
        policy: RetentionPolicy,
        oldest_s: float,
        most: int,
        effects: Effects,
    ) -> tuple[int, bool]:
        """Delete entries of a stream, so many at most; returns how many, and whether none is left."""
        if oldest_s <= 0:
            return 0, True
        is_expiry = request.extent is Extent.RETENTION
        looked_at = self._swept if is_expiry else self._looked_at
        below = b"" if oldest_s == math.inf else _first_id(oldest_s).encode()
        found: list[bytes] = []
        ended = True
        for number, (entry_id, raw) in enumerate(self._store.stream(key, looked_at.get(key, b""), below)):
            if len(found) >= most or number == _MOST_READ:
                ended = False
                break
            source_id = raw.get(b"source_id", b"").decode("utf-8", "replace")
            if is_expiry:
                wanted = self._ages(source_id, policy)
            else:
                wanted = self._is_meant(source_id, _media_s(raw), request)
            if wanted:
                found.append(entry_id)
            looked_at[key] = entry_id
        if found:
            effects.erased.setdefault(key, []).extend(found)
        return len(found), ended

    def _ages(self, source_id: str, policy: RetentionPolicy) -> bool:
        """Whether what was seen in a source is kept for its time alone."""
        source = self._sources.get(source_id)
        return bool(policy.files) or (source is not None and source.kind == "camera")

    def _is_meant(self, source_id: str, media_s: float | None, request: EraseRequest) -> bool:
        """Whether a face was seen in the source, or before the moment, of a request."""
        if request.extent is Extent.ALL:
            return True
        if request.extent is Extent.SOURCE:
            return source_id in request.source_ids
        source = self._sources.get(source_id)
        seen_s = None if source is None or media_s is None else source.seen_at_s(media_s)
        return seen_s is not None and seen_s < request.before_s


def _first_id(at_s: float) -> str:
    """The lowest id that an entry of that moment could have."""
    return f"{max(int(at_s * 1000), 0)}-0"


def _media_s(raw: Hash) -> float | None:
    try:
        return float(raw.get(b"media_s", b""))
    except ValueError:
        return None
