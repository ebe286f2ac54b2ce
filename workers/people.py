"""People as the sum of their tracks: sightings, seconds, thumbnails, kept from track to track."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.identity_record import Identity
from storage.sample_record import Sample
from storage.seen_interval import US_PER_S, SeenInterval
from storage.sighting_record import Sighting
from storage.sighting_rows import SightingRows
from storage.track_record import TrackRecord
from workers.coverage import Coverage
from workers.portraits import Portraits, View, portraits, views_of
from workers.stretches import Span, Stretches

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
        ended: Whether it can no longer grow.
    """

    track_id: str
    source_id: str
    first_s: float
    last_s: float
    faces: int
    photo: bool
    best_sample: str
    views: tuple[View, ...]
    ended: bool = True

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
            track.ended,
        )


class SourceTimes(NamedTuple):
    """What tells when faces of a source were seen, and for how long.

    Attributes:
        recorded_at_s: Unix time of its start; None where nobody knows.
        period_s: Time between its sampled frames: a face seen once was there for so long.
        duration_s: Length of the source, infinite where it has none: nobody is there for longer.
    """

    recorded_at_s: float | None = None
    period_s: float = 0.0
    duration_s: float = math.inf


@dataclass(slots=True, eq=False)
class _Place:
    """A source that somebody was seen in.

    Attributes:
        times: Of the source.
        stretches: When.
        moving: Tracks of it that are of a video.
        still: Tracks of it that are of a photo.
    """

    times: SourceTimes
    stretches: Stretches = field(default_factory=Stretches)
    moving: int = 0
    still: int = 0

    def count(self, track: TrackSummary, more: int) -> bool:
        """Count a track, or no more; returns whether that changes how long the others lasted."""
        before = self.moving
        self.moving += 0 if track.photo else more
        self.still += more if track.photo else 0
        return bool(self.still) and bool(before) != bool(self.moving)

    def interval(self, sighting: Sighting) -> SeenInterval:
        """When they were seen in a stretch; for no time in photos."""
        # As it is written: whoever reads it comes to the same sum.
        start_s, end_s = round(sighting.start_s, 3), round(sighting.end_s, 3)
        until_s = min(end_s + self.times.period_s, max(self.times.duration_s, end_s))
        seconds = until_s - start_s if self.moving else 0.0
        return SeenInterval.of(sighting.source_id, start_s, seconds, self.times.recorded_at_s)


class Person:
    """What the tracks of a person tell of them. One track more or less costs little, however many they have.

    Args:
        times: Gives what is known of a source, which must not change.
        tracks: Those that they begin with.

    Attributes:
        tracks: Their tracks by id.
        rows: Their sightings as they are written.
    """

    def __init__(self, times: Callable[[str], SourceTimes], tracks: Iterable[TrackSummary] = ()) -> None:
        self.tracks = {track.track_id: track for track in tracks}
        self._times = times
        self._faces = sum(track.faces for track in self.tracks.values())
        by_source: dict[str, list[TrackSummary]] = {}
        for track in self.tracks.values():
            by_source.setdefault(track.source_id, []).append(track)
        views = (view for track in self.tracks.values() for view in track.views)
        self._portraits = Portraits(_THUMBNAILS, views)
        self._places = {
            source_id: _Place(
                times(source_id),
                Stretches(map(_span, own)),
                sum(not track.photo for track in own),
                sum(track.photo for track in own),
            )
            for source_id, own in by_source.items()
        }
        # Sources of which nobody knows when they were recorded.
        self._undated = sum(place.times.recorded_at_s is None for place in self._places.values())
        # When each sighting was, how much of each line of time they cover, and when the first began and the
        # last ended in each source.
        self._seen: dict[Sighting, SeenInterval] = {}
        self._coverage: dict[str, Coverage] = {}
        self._began_s: dict[str, float] = {}
        self._ended_s: dict[str, float] = {}
        come: dict[str, list[SeenInterval]] = {}
        for source_id, place in self._places.items():
            for span in place.stretches.spans():
                sighting = Sighting(source_id, *span)
                interval = self._seen[sighting] = place.interval(sighting)
                come.setdefault(interval.line, []).append(interval)
            self._time(source_id, place)
        for line, intervals in come.items():
            self._cover(line, [], intervals)
        self.rows = SightingRows(self._seen)

    @property
    def sources(self) -> Collection[str]:
        """Where they were seen."""
        return self._places.keys()

    def add(self, track: TrackSummary) -> None:
        """Take in a track that isn't there."""
        self.tracks[track.track_id] = track
        self._faces += track.faces
        for view in track.views:
            self._portraits.add(view)
        place = self._places.get(track.source_id)
        if place is None:
            place = self._places[track.source_id] = _Place(self._times(track.source_id))
            self._date(place, 1)
        turns = place.count(track, 1)
        self._restretch(track.source_id, place, place.stretches.add(_span(track)))
        if turns:
            self._remeasure(track.source_id, place)

    def remove(self, track_id: str) -> None:
        """Take out a track that is there."""
        track = self.tracks.pop(track_id)
        self._faces -= track.faces
        for view in track.views:
            self._portraits.remove(view)
        place = self._places[track.source_id]
        turns = place.count(track, -1)
        self._restretch(track.source_id, place, place.stretches.remove(_span(track)))
        if turns:
            self._remeasure(track.source_id, place)
        if not place.stretches.starts_s:
            for values in (self._places, self._began_s, self._ended_s):
                del values[track.source_id]
            self._date(place, -1)

    def describe(self, identity_id: str, cover: str = "") -> Identity:
        """Their record; that of somebody who is no more where they have no track.

        Args:
            identity_id: Who they are.
            cover: The track whose best face is to be shown first, or empty.
        """
        if not self.tracks:
            return Identity(identity_id)
        return Identity(
            identity_id=identity_id,
            tracks=len(self.tracks),
            faces=self._faces,
            seconds=sum(coverage.total_us for coverage in self._coverage.values()) / US_PER_S,
            sightings=self.rows.sightings,
            first_seen_s=min(self._began_s.values()),
            last_seen_s=max(self._ended_s.values()),
            wall_clock=not self._undated,
            thumbnails=self._thumbnails(cover),
        )

    def _thumbnails(self, cover: str) -> tuple[str, ...]:
        """The faces to show, the one that people chose first."""
        track = self.tracks.get(cover)
        chosen = portraits(track.views, 1) if track else ()
        return tuple(dict.fromkeys([*chosen, *self._portraits.chosen()]))[:_THUMBNAILS]

    def _restretch(self, source_id: str, place: _Place, changed: tuple[list[Span], list[Span]]) -> None:
        gone, come = ([Sighting(source_id, *span) for span in spans] for spans in changed)
        for sighting in gone:
            self.rows.remove(sighting)
        for sighting in come:
            self.rows.add(sighting)
        self._measure(place, gone, come)
        if place.stretches.starts_s:
            self._time(source_id, place)

    def _remeasure(self, source_id: str, place: _Place) -> None:
        """Measure a source anew that has become a video, or a photo."""
        all_of_it = [Sighting(source_id, *span) for span in place.stretches.spans()]
        self._measure(place, all_of_it, all_of_it)

    def _measure(self, place: _Place, gone: Iterable[Sighting], come: Iterable[Sighting]) -> None:
        before = [self._seen.pop(sighting) for sighting in gone]
        now = [self._seen.setdefault(sighting, place.interval(sighting)) for sighting in come]
        # One source lies on one line.
        for interval in (*before, *now)[:1]:
            self._cover(interval.line, before, now)

    def _cover(self, line: str, gone: Iterable[SeenInterval], come: Iterable[SeenInterval]) -> None:
        """Let a line of time be covered by other intervals of it."""
        coverage = self._coverage.setdefault(line, Coverage())
        coverage.change((interval[1:] for interval in gone), (interval[1:] for interval in come))
        if not coverage.total_us:
            del self._coverage[line]

    def _date(self, place: _Place, more: int) -> None:
        """Count a source, or no more, and tell all times anew where they are of another kind then."""
        if place.times.recorded_at_s is not None:
            return
        before = self._undated
        self._undated += more
        if bool(before) != bool(self._undated):
            for source_id, other in self._places.items():
                if other is not place:
                    self._time(source_id, other)

    def _time(self, source_id: str, place: _Place) -> None:
        # Unix times only where every source has one: the two kinds of time can't be compared.
        origin_s = 0.0 if self._undated else place.times.recorded_at_s or 0.0
        self._began_s[source_id] = origin_s + place.stretches.starts_s[0]
        self._ended_s[source_id] = origin_s + place.stretches.ends_s[-1]


def _span(track: TrackSummary) -> Span:
    return Span(track.first_s, track.last_s)
