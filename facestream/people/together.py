"""Who is visible at the same moment as whom, and for how long."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from facestream.people.sighting import Sighting
from facestream.people.track import Track

# Of a source with faces in a single frame nobody knows how often it was looked at; the usual rate.
_USUAL_S = 0.2


@dataclass(frozen=True, slots=True)
class Together:
    """Two people who were seen at the same moment of the same source.

    Attributes:
        people: Their ids, the older one first.
        seconds: For how long both were visible in videos, s: frames that show both, by how often it was
            looked.
        photos: Photos that show both.
    """

    people: tuple[str, str]
    seconds: float
    photos: int


def together(tracks: Iterable[Track], people: Collection[str]) -> list[Together]:
    """Pairs of people by how long they were seen at the same moment, the longest first.

    Memory holds who is in each frame of one source at a time.

    Args:
        tracks: Those of each source one after the other.
        people: Ids of those who are meant.
    """
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    photos: Counter[tuple[str, str]] = Counter()
    for _, group in itertools.groupby(tracks, lambda track: track.source_id):
        some = [track for track in group if track.identity in people]
        if not some:
            continue
        common = _common(some)
        if some[0].photo:
            photos.update(common.keys())
            continue
        period_s = _period_s(some)
        for pair, frames in common.items():
            seconds[pair] += frames * period_s
    found = [Together(pair, seconds.get(pair, 0.0), photos[pair]) for pair in seconds.keys() | photos.keys()]
    return sorted(found, key=lambda two: (-two.seconds, -two.photos, *map(_number, two.people)))


def beside_s(first: Iterable[Sighting], second: Iterable[Sighting]) -> float:
    """For how long two people were seen at the same moment, at most, s: what their sightings share.

    Quicker than `together`, as no track is read. It is more, as sightings go on over breaks of up to 3 s.
    """
    there: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for seen in second:
        there[seen.source_id].append((seen.start_s, seen.end_s))
    for spans in there.values():
        spans.sort()
    shared_s = 0.0
    for seen in first:
        spans = there.get(seen.source_id, [])
        # Those of one person lie one after the other.
        for start_s, end_s in spans[max(bisect_left(spans, (seen.start_s,)) - 1, 0) :]:
            if start_s >= seen.end_s:
                break
            shared_s += max(0.0, min(end_s, seen.end_s) - max(start_s, seen.start_s))
    return shared_s


def common_photos(first: Iterable[Sighting], second: Iterable[Sighting]) -> int:
    """How many photos show both."""
    one, other = ({seen.source_id for seen in sightings if seen.photo} for sightings in (first, second))
    return len(one & other)


def _common(tracks: Iterable[Track]) -> Counter[tuple[str, str]]:
    """In how many frames each two people are."""
    there: defaultdict[int, set[str]] = defaultdict(set)
    for track in tracks:
        for face in track.faces:
            there[face.frame].add(track.identity)
    common: Counter[tuple[str, str]] = Counter()
    for people in there.values():
        common.update(itertools.combinations(sorted(people, key=_number), 2))
    return common


def _period_s(tracks: Iterable[Track]) -> float:
    """How often a source was looked at."""
    times_s = np.unique([face.time_s for track in tracks for face in track.faces])
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else _USUAL_S


def _number(person_id: str) -> int:
    return int(person_id.removeprefix("p"))
