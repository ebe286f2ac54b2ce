"""People as the sum of their tracks: sightings, seconds, thumbnails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.identity_record import Identity, Sighting
from storage.sample_record import Sample
from storage.track_record import TrackRecord
from workers.portraits import View, portraits, views_of

# A person who is out of sight for no longer has not left.
_BREAK_S = 3.0
_THUMBNAILS = 5


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """What a person's record needs to know of one of their tracks.

    Attributes:
        track_id: The track.
        source_id: Where it was seen.
        first_s: Media time of its first face.
        last_s: Media time of its last face.
        faces: Sampled frames that it was seen in.
        photo: Whether its source is a photo.
        best_sample: Id of its best sample, or empty.
        views: Its faces that can be shown, the best first.
    """

    track_id: str
    source_id: str
    first_s: float
    last_s: float
    faces: int
    photo: bool
    best_sample: str
    views: tuple[View, ...]

    @classmethod
    def of(cls, track: TrackRecord, samples: Sequence[Sample]) -> TrackSummary:
        """Summarise a track and its samples, of which there may be none."""
        best = max(samples, key=lambda sample: (sample.has_crop, sample.quality), default=None)
        return cls(
            track.track_id,
            track.source_id,
            track.first_s,
            track.last_s,
            len(track.observations),
            track.photo,
            best.sample_id if best else "",
            views_of(samples),
        )


def sightings_of(tracks: Iterable[TrackSummary]) -> tuple[Sighting, ...]:
    """Stretches of time per source, with breaks of up to three seconds closed."""
    result: list[Sighting] = []
    for track in sorted(tracks, key=lambda t: (t.source_id, t.first_s, t.last_s)):
        last = result[-1] if result else None
        if last and last.source_id == track.source_id and track.first_s - last.end_s <= _BREAK_S:
            result[-1] = Sighting(last.source_id, last.start_s, max(last.end_s, track.last_s))
        else:
            result.append(Sighting(track.source_id, track.first_s, track.last_s))
    return tuple(result)


def describe(
    identity_id: str,
    tracks: list[TrackSummary],
    recorded_at_s: Mapping[str, float | None],
    periods_s: Mapping[str, float],
    durations_s: Mapping[str, float],
    cover: str = "",
) -> Identity:
    """The record of a person.

    Args:
        identity_id: Who.
        tracks: Their tracks; none for a person who is no more.
        recorded_at_s: Unix time of the start of each source, where it is known.
        periods_s: Time between the sampled frames of each source, s: a face seen once was there for so long.
        durations_s: Length of each source that tells it, s: nobody is there for longer.
        cover: The track whose best face is to be shown first, or empty.
    """
    if not tracks:
        return Identity(identity_id)
    sightings = sightings_of(tracks)
    videos = {track.source_id for track in tracks if not track.photo}
    seconds = 0.0
    for s in sightings:
        if s.source_id in videos:
            until_s = s.end_s + periods_s.get(s.source_id, 0.0)
            seconds += min(until_s, max(durations_s.get(s.source_id, math.inf), s.end_s)) - s.start_s
    # Unix times only where every source has one: the two kinds of time can't be compared.
    starts = {source: recorded_at_s.get(source) for source in {track.source_id for track in tracks}}
    wall_clock = all(start is not None for start in starts.values())
    origin = {source: (start or 0.0) if wall_clock else 0.0 for source, start in starts.items()}
    return Identity(
        identity_id=identity_id,
        tracks=len(tracks),
        faces=sum(track.faces for track in tracks),
        seconds=seconds,
        sightings=sightings,
        first_seen_s=min(origin[s.source_id] + s.start_s for s in sightings),
        last_seen_s=max(origin[s.source_id] + s.end_s for s in sightings),
        wall_clock=wall_clock,
        thumbnails=_thumbnails(tracks, cover),
    )


def _thumbnails(tracks: Iterable[TrackSummary], cover: str) -> tuple[str, ...]:
    """The faces to show, the one that people chose first."""
    tracks = list(tracks)
    chosen = [best for track in tracks if track.track_id == cover for best in portraits(track.views, 1)]
    found = portraits([view for track in tracks for view in track.views], _THUMBNAILS)
    return tuple(dict.fromkeys([*chosen, *found]))[:_THUMBNAILS]
