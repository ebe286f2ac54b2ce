"""What tracks tell of a person, told from all of them at once, as what is kept of people must say."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from storage.identity_record import Identity
from storage.seen_interval import SeenInterval, seconds_of
from storage.sighting_record import Sighting
from workers.people import Person, SourceTimes, TrackSummary
from workers.portraits import View, choose

POOL, POOL_PER_SOURCE = 256, 16


def sightings_of(tracks: Iterable[tuple[str, float, float]]) -> list[Sighting]:
    """Stretches of time per source, with breaks of up to three seconds closed."""
    result: list[Sighting] = []
    for source_id, first_s, last_s in sorted(tracks):
        last = result[-1] if result else None
        if last and last.source_id == source_id and first_s - last.end_s <= 3.0:
            result[-1] = Sighting(source_id, last.start_s, max(last.end_s, last_s))
        else:
            result.append(Sighting(source_id, first_s, last_s))
    return result


def described(
    identity_id: str,
    tracks: Iterable[TrackSummary],
    recorded_at_s: Mapping[str, float | None],
    periods_s: Mapping[str, float],
    durations_s: Mapping[str, float],
    cover: str = "",
) -> Identity:
    """What a person who gets these tracks, one after the other, is described as."""

    def times(source_id: str) -> SourceTimes:
        return SourceTimes(
            recorded_at_s.get(source_id),
            periods_s.get(source_id, 0.0),
            durations_s.get(source_id, math.inf),
        )

    person = Person(times)
    for track in tracks:
        person.add(track)
    return person.describe(identity_id, cover)


def described_in_full(
    identity_id: str,
    tracks: Sequence[TrackSummary],
    times: Callable[[str], SourceTimes],
    cover: str = "",
    count: int = 5,
) -> Identity:
    if not tracks:
        return Identity(identity_id)
    sightings = sightings_of((track.source_id, track.first_s, track.last_s) for track in tracks)
    videos = {track.source_id for track in tracks if not track.photo}
    intervals = []
    for s in sightings:
        if s.source_id in videos:
            recorded_at_s, period_s, duration_s = times(s.source_id)
            start_s, end_s = round(s.start_s, 3), round(s.end_s, 3)
            seconds = min(end_s + period_s, max(duration_s, end_s)) - start_s
            intervals.append(SeenInterval.of(s.source_id, start_s, seconds, recorded_at_s))
    starts = {track.source_id: times(track.source_id).recorded_at_s for track in tracks}
    wall_clock = all(start is not None for start in starts.values())
    origin = {source: (start or 0.0) if wall_clock else 0.0 for source, start in starts.items()}
    shown = portraits_in_full([view for track in tracks for view in track.views], count)
    first = [portraits_in_full(track.views, 1) for track in tracks if track.track_id == cover]
    return Identity(
        identity_id,
        tracks=len(tracks),
        faces=sum(track.faces for track in tracks),
        seconds=seconds_of(intervals),
        sightings=tuple(sorted(sightings, key=lambda s: (s.start_s, s.encode()))),
        first_seen_s=min(origin[s.source_id] + s.start_s for s in sightings),
        last_seen_s=max(origin[s.source_id] + s.end_s for s in sightings),
        wall_clock=wall_clock,
        thumbnails=tuple(dict.fromkeys([*(i for ids in first for i in ids), *shown]))[:count],
    )


def portraits_in_full(
    views: Sequence[View], count: int, most: int = POOL, most_per_source: int = POOL_PER_SOURCE
) -> tuple[str, ...]:
    if not views:
        return ()
    surest = max(max(view.score for view in views), 1e-6)

    def rank(view: View) -> tuple[float, str]:
        return (-view.quality * view.score**4, view.sample_id)

    if len(views) > most:
        by_source: dict[str, list[View]] = {}
        for view in views:
            by_source.setdefault(view.source_id, []).append(view)
        share = max(most_per_source, most // len(by_source))
        views = [view for group in by_source.values() for view in heapq.nsmallest(share, group, key=rank)]
    return choose(heapq.nsmallest(most, views, key=rank), surest, count)
