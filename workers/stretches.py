"""When somebody is seen in one source, kept from track to track."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import NamedTuple

# A person who is out of sight for no longer has not left.
_BREAK_S = 3.0


class Span(NamedTuple):
    """A stretch of media time.

    Attributes:
        start_s: From.
        end_s: To, no earlier.
    """

    start_s: float
    end_s: float


class Stretches:
    """The stretches in which tracks of one source lie, with breaks of up to three seconds closed.

    A track more costs a search among them, one less a look at those of its stretch.

    Args:
        tracks: Those that it begins with.

    Attributes:
        starts_s: When each begins, ascending.
        ends_s: When each ends, ascending.
    """

    def __init__(self, tracks: Iterable[Span] = ()) -> None:
        parts = list(_parts(sorted(tracks)))
        self.starts_s = [span.start_s for span, _ in parts]
        self.ends_s = [span.end_s for span, _ in parts]
        # Ascending as well.
        self._tracks = [inside for _, inside in parts]

    def spans(self) -> list[Span]:
        """All stretches, ascending."""
        return list(map(Span, self.starts_s, self.ends_s))

    def add(self, track: Span) -> tuple[list[Span], list[Span]]:
        """Take in a track; returns the stretches that are no more, and those that are new."""
        at = bisect_right(self.starts_s, track.start_s) - 1
        gone: list[Span] = []
        if at >= 0 and track.start_s - self.ends_s[at] <= _BREAK_S:
            if track.end_s <= self.ends_s[at]:
                insort(self._tracks[at], track)
                return [], []
            gone.append(Span(self.starts_s[at], self.ends_s[at]))
            insort(self._tracks[at], track)
            self.ends_s[at] = track.end_s
        else:
            at += 1
            self._insert(at, track, [track])
        while at + 1 < len(self.starts_s) and self.starts_s[at + 1] - self.ends_s[at] <= _BREAK_S:
            gone.append(Span(self.starts_s[at + 1], self.ends_s[at + 1]))
            self.ends_s[at] = max(self.ends_s[at], self.ends_s[at + 1])
            self._tracks[at] += self._tracks[at + 1]
            self._delete(at + 1)
        return gone, [Span(self.starts_s[at], self.ends_s[at])]

    def remove(self, track: Span) -> tuple[list[Span], list[Span]]:
        """Take out a track that is there; returns what `add` does."""
        at = bisect_right(self.starts_s, track.start_s) - 1
        tracks = self._tracks[at]
        tracks.remove(track)
        before = Span(self.starts_s[at], self.ends_s[at])
        parts = list(_parts(tracks))
        if [span for span, _ in parts] == [before]:
            return [], []
        self._delete(at)
        for place, (span, inside) in enumerate(parts, at):
            self._insert(place, span, inside)
        return [before], [span for span, _ in parts]

    def _insert(self, at: int, span: Span, tracks: list[Span]) -> None:
        self.starts_s.insert(at, span.start_s)
        self.ends_s.insert(at, span.end_s)
        self._tracks.insert(at, tracks)

    def _delete(self, at: int) -> None:
        for values in (self.starts_s, self.ends_s, self._tracks):
            del values[at]


def _parts(tracks: Iterable[Span]) -> Iterable[tuple[Span, list[Span]]]:
    """The stretches in which tracks, ascending, lie, and the tracks of each."""
    inside: list[Span] = []
    end_s = 0.0
    for track in tracks:
        if inside and track.start_s - end_s > _BREAK_S:
            yield Span(inside[0].start_s, end_s), inside
            inside = []
        end_s = max(end_s, track.end_s) if inside else track.end_s
        inside.append(track)
    if inside:
        yield Span(inside[0].start_s, end_s), inside
