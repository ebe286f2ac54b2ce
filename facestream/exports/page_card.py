"""A person's card of the report: what it says, and where the bars of its timelines stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from facestream.people.people_view import (
    counted,
    duration,
    interval,
    moment,
    stretch,
)
from facestream.people.person import Person
from facestream.people.sighting import Sighting, date_of
from facestream.source_name import is_camera
from storage.seen_interval import seconds_of

# Width of a timeline in units of its picture; a bar is never thinner or paler than can be seen.
_WIDTH = 1000.0
_THINNEST = 3.0
_PALEST = 0.3
# Bars that are closer look like one; short sightings are joined up to this width.
_GAP = 1.0
_WIDE = 10.0
_PHOTOS = 24
_INTERVALS = 200
# Timelines that are there at once, and those to be unfolded.
_TIMELINES = 6
_MORE_TIMELINES = 44


def card(
    person: Person,
    faces: list[str],
    durations_s: Mapping[str, float | None],
    names: Mapping[str, str],
    rank: int,
) -> dict[str, Any]:
    """What the template shows of one person.

    Args:
        person: With the sightings to show.
        faces: Pictures as base64, the best first.
        durations_s: Length of each source, where it is known.
        names: Of each source, see `names_apart`.
        rank: Place in the order of the first sighting.
    """
    photos = [s for s in person.sightings if s.photo]
    videos = [s for s in person.sightings if not s.photo]
    by_source: dict[str, list[Sighting]] = {}
    for sighting in videos:
        by_source.setdefault(sighting.source_id, []).append(sighting)
    lines = [
        timeline(seen, durations_s.get(source_id), names[source_id]) for source_id, seen in by_source.items()
    ]
    searched = sorted({names[source_id] for source_id in person.sources})
    return {
        "id": person.id,
        "name": person.name,
        "label": person.name or person.id,
        "provisional": person.provisional,
        "text": unicodedata.normalize("NFC", " ".join((person.id, person.name, *searched))).lower(),
        "seconds": round(person.seconds, 3),
        "first_rank": rank,
        "faces": faces,
        "seen": duration(person.seconds) if videos else counted(len(photos), "photo"),
        "summary": _summary(len(videos), len(photos), by_source),
        "when": _when(person),
        "timelines": lines[:_TIMELINES],
        "folded": lines[_TIMELINES:][:_MORE_TIMELINES],
        "folded_count": f"{len(lines) - _TIMELINES} more {_noun(by_source, len(lines) - _TIMELINES)}",
        "more_timelines": max(len(lines) - _TIMELINES - _MORE_TIMELINES, 0),
        "photo_count": counted(len(photos), "photo"),
        "photos": [{"path": s.source, "name": names[s.source_id]} for s in photos[:_PHOTOS]],
        "more_photos": max(len(photos) - _PHOTOS, 0),
        "sighting_count": f"{counted(len(videos), 'sighting')} with times",
        # In one video alone, its name is there already.
        "intervals": [
            {
                "time": interval(s),
                "path": s.source,
                "name": names[s.source_id] if len(lines) > 1 else "",
            }
            for s in videos[:_INTERVALS]
        ],
        "more_intervals": max(len(videos) - _INTERVALS, 0),
    }


def _noun(source_ids: Collection[str], number: int) -> str:
    """What so many of these sources are called."""
    cameras = sum(map(is_camera, source_ids))
    noun = "video" if not cameras else "camera" if cameras == len(source_ids) else "source"
    return noun if number == 1 else f"{noun}s"


def _summary(videos: int, photos: int, source_ids: Collection[str]) -> str:
    number = len(source_ids)
    parts = [f"{counted(videos, 'sighting')} in {number} {_noun(source_ids, number)}"] if videos else []
    parts += [f"in {counted(photos, 'photo')}"] if videos and photos else []
    return ", ".join(parts)


def _when(person: Person) -> str:
    """First and last time, where they can be told in the same way."""
    first, last = person.first, person.last
    told_by_date = first.start_at is not None and last.end_at is not None
    told_by_video = first.source_id == last.source_id and not first.photo
    return stretch(first, last) if told_by_date or told_by_video else ""


def timeline(sightings: Sequence[Sighting], duration_s: float | None, name: str) -> dict[str, Any]:
    """The timeline of a person in one video or camera; a camera's begins and ends with the person.

    Args:
        sightings: All of that source, in order.
        duration_s: Length of the video, or None where nobody knows.
        name: What it is called.
    """
    first, path = sightings[0], sightings[0].source
    live = is_camera(first.source_id)
    start_s = first.start_s if live else 0.0
    # As in the time seen, the last frame counts up to the next one: nobody is seen for longer than the whole.
    last_s = max(s.start_s + s.seconds if live else s.end_s for s in sightings) - start_s
    whole_s = max(duration_s or 0.0, last_s, 1e-3)
    end_at = date_of(first.recorded_at_s, start_s + whole_s) if live else None
    seconds = seconds_of(s.seen for s in sightings)
    return {
        "path": path,
        "name": name,
        "seen": duration(seconds),
        "label": f"{counted(len(sightings), 'sighting')} in {name}, "
        f"{duration(seconds)} {'within' if live else 'of'} {duration(whole_s)}",
        "start": moment(first.start_at if live else None, 0.0),
        "end": moment(end_at, whole_s),
        "bars": bars(sightings, whole_s, start_s),
    }


def bars(sightings: Sequence[Sighting], whole_s: float, start_s: float = 0.0) -> list[dict[str, Any]]:
    """Where the bars of a timeline stand.

    Short sightings that would touch share a bar, so that there are never too many; it is the paler, the less
    of its time the person was in sight.

    Args:
        sightings: In order of time.
        whole_s: What the whole width stands for, s.
        start_s: Where it begins.
    """
    result: list[dict[str, Any]] = []
    first, seen_s, left, right = sightings[0], 0.0, 0.0, -_GAP
    for sighting in sightings:
        start = min((sighting.start_s - start_s) / whole_s * _WIDTH, _WIDTH - _THINNEST)
        end = min((sighting.start_s - start_s + sighting.seconds) / whole_s * _WIDTH, _WIDTH)
        end = max(end, start + _THINNEST)
        touches = start < right + _GAP
        if touches and (right - left < _WIDE or right > _WIDTH - _THINNEST):
            right, seen_s = max(right, end), seen_s + sighting.seconds
            count = result[-1]["count"] + 1
            share = seen_s / ((right - left) / _WIDTH * whole_s)
            result[-1] = _bar(left, right, count, share, stretch(first, sighting))
            continue
        first, seen_s, left = sighting, sighting.seconds, max(start, right)
        right = max(end, left + _THINNEST)
        result.append(_bar(left, right, 1, 1.0, interval(sighting)))
    return result


def _bar(left: float, right: float, count: int, share: float, when: str) -> dict[str, Any]:
    return {
        "x": round(left, 1),
        "width": round(right - left, 1),
        "count": count,
        "opacity": round(min(max(share, _PALEST), 1.0), 2),
        "title": when if count == 1 else f"{when}, {count} sightings",
    }
