"""What of a collection is to be erased: by its age, by when or where it was seen."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storage.requests import EraseRequest, Extent
from storage.retention_policy import RetentionPolicy, limit_s
from storage.source_record import SourceRecord


class SeenTrack(NamedTuple):
    """What the age of a track follows from.

    Attributes:
        track_id: The track.
        source_id: Where it was seen.
        last_s: Media time of its last face.
        identity_id: Whose it is, or None for nobody's.
        pictured: Whether there are pictures of it.
    """

    track_id: str
    source_id: str
    last_s: float
    identity_id: str | None
    pictured: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What is to go.

    Attributes:
        tracks: Tracks that go with all that belongs to them, those of one person one after the other.
        pictures: Tracks that stay without their pictures.
    """

    tracks: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of tracks that lose something."""
        return len(self.tracks) + len(self.pictures)


def due(
    request: EraseRequest,
    policy: RetentionPolicy,
    tracks: Sequence[SeenTrack],
    sources: Mapping[str, SourceRecord],
    named: Collection[str],
    now_s: float,
) -> Due:
    """What a request comes to at a moment.

    Args:
        request: What is to go.
        policy: How long is kept what; counts for `Extent.RETENTION` alone.
        tracks: All tracks there are.
        sources: All sources there are. What was seen in another one has no age.
        named: Ids of the people who have a name.
        now_s: Unix time.
    """
    match request.extent:
        case Extent.ALL:
            return Due(_in_order(tracks))
        case Extent.SOURCE:
            meant = frozenset(request.source_ids)
            return Due(_in_order(track for track in tracks if track.source_id in meant))
        case Extent.BEFORE:
            return Due(_in_order(track for track in tracks if _seen_at_s(track, sources) < request.before_s))
        case Extent.RETENTION:
            return _over_age(policy, tracks, sources, named, now_s)


def _over_age(
    policy: RetentionPolicy,
    tracks: Sequence[SeenTrack],
    sources: Mapping[str, SourceRecord],
    named: Collection[str],
    now_s: float,
) -> Due:
    """What is older than it is kept.

    Of whoever is seen in videos and photos as well, only what cameras saw has an age, unless files count.
    """
    limits_s = [limit_s(days) for days in (policy.unnamed, policy.named, policy.sightings, policy.pictures)]
    unnamed_s, named_s, sightings_s, pictures_s = limits_s
    if min(limits_s) == math.inf:
        return Due()
    counts = {source.source_id for source in sources.values() if policy.files or source.kind == "camera"}
    ages_s = {track: now_s - _seen_at_s(track, sources) for track in tracks if track.source_id in counts}
    # Of a person, the youngest track tells.
    absent_s: dict[str, float] = {}
    for track, age_s in ages_s.items():
        if track.identity_id is not None:
            absent_s[track.identity_id] = min(absent_s.get(track.identity_id, math.inf), age_s)
    gone: list[SeenTrack] = []
    bare: list[SeenTrack] = []
    for track, age_s in ages_s.items():
        owner = track.identity_id
        kept_s = named_s if owner in named else unnamed_s
        if age_s > sightings_s or (age_s if owner is None else absent_s[owner]) > kept_s:
            gone.append(track)
        elif track.pictured and age_s > pictures_s:
            bare.append(track)
    return Due(_in_order(gone), _in_order(bare))


def _seen_at_s(track: SeenTrack, sources: Mapping[str, SourceRecord]) -> float:
    """Unix time of a track; without an end where nobody knows, so that it is never too old."""
    source = sources.get(track.source_id)
    at_s = None if source is None else source.seen_at_s(track.last_s)
    return math.inf if at_s is None else at_s


def _in_order(tracks: Iterable[SeenTrack]) -> tuple[str, ...]:
    found = sorted(tracks, key=lambda track: (track.identity_id or "", track.track_id))
    return tuple(track.track_id for track in found)
