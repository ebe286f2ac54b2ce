"""Who is visible, as captions of a video: WebVTT for browsers and players, SubRip for players and editors.

W3C, "WebVTT: The Web Video Text Tracks Format", https://www.w3.org/TR/webvtt1/. SubRip has no standard: it is
written as FFmpeg and VLC read it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from facestream.people.track import Track

# A face that is missed for a moment would make captions flicker.
_BREAK_MS = 500
# Frames are looked at a little earlier or later than every period.
_JITTER = 1.25


@dataclass(frozen=True, slots=True)
class Cue:
    """A stretch of time in which the same people are visible.

    Attributes:
        start_ms: From.
        end_ms: To; later than `start_ms`.
        people: Ids, the oldest first.
    """

    start_ms: int
    end_ms: int
    people: tuple[str, ...]


def cues(tracks: Iterable[Track], period_s: float, duration_s: float | None = None) -> Iterator[Cue]:
    """Who is visible when, in order; no two cues overlap, and none is empty.

    Args:
        tracks: Of one source. Those of nobody count as nobody.
        period_s: Time between two sampled frames, s: so long a face is taken to stay, or until the next one
            comes: at a cut, nobody is there with whom the next shot shows.
        duration_s: Length of the source, where it is known: nobody stays for longer.
    """
    known = [track for track in tracks if track.identity]
    starts_s = sorted(track.start_s for track in known)
    stretches: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for track in known:
        until_s = track.end_s + period_s
        after = bisect_right(starts_s, track.end_s)
        if after < len(starts_s) and starts_s[after] <= track.end_s + _JITTER * period_s:
            until_s = starts_s[after]
        if duration_s is not None:
            until_s = min(until_s, max(duration_s, track.end_s))
        stretches[track.identity].append(_ms(track.start_s, until_s))
    changes: defaultdict[int, list[tuple[str, bool]]] = defaultdict(list)
    for person, own in stretches.items():
        for start_ms, end_ms in _joined(own):
            changes[start_ms].append((person, True))
            changes[end_ms].append((person, False))
    visible: set[str] = set()
    since_ms = 0
    for at_ms in sorted(changes):
        if visible:
            yield Cue(since_ms, at_ms, tuple(sorted(visible, key=lambda person: int(person[1:]))))
        since_ms = at_ms
        for person, comes in changes[at_ms]:
            (visible.add if comes else visible.discard)(person)


def write_vtt(found: Iterable[Cue], names: Mapping[str, str], file: IO[str]) -> int:
    """Write cues; returns how many.

    Args:
        found: The cues, in order.
        names: Name of each person who has one; the others are told by their id.
        file: Where to.
    """
    file.write("WEBVTT\n")
    count = 0
    for cue in found:
        shown = ", ".join(_escaped(names.get(person, person)) for person in cue.people)
        file.write(f"\n{_timestamp(cue.start_ms)} --> {_timestamp(cue.end_ms)}\n{shown}\n")
        count += 1
    return count


def write_srt(found: Iterable[Cue], names: Mapping[str, str], file: IO[str]) -> int:
    """The same as SubRip."""
    count = 0
    for count, cue in enumerate(found, 1):
        shown = ", ".join(_plain(names.get(person, person)) for person in cue.people)
        start, end = (_timestamp(moment_ms).replace(".", ",") for moment_ms in (cue.start_ms, cue.end_ms))
        file.write(f"{count}\n{start} --> {end}\n{shown}\n\n")
    return count


def _ms(start_s: float, end_s: float) -> tuple[int, int]:
    start_ms = max(round(start_s * 1000), 0)
    return start_ms, max(round(end_s * 1000), start_ms + 1)


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start_ms, end_ms in sorted(stretches):
        if found and start_ms <= found[-1][1] + _BREAK_MS:
            found[-1] = (found[-1][0], max(found[-1][1], end_ms))
        else:
            found.append((start_ms, end_ms))
    return found


def _timestamp(moment_ms: int) -> str:
    seconds, ms = divmod(moment_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"


def _escaped(name: str) -> str:
    """A name as the text of a cue: no tag, no arrow, no line of its own."""
    text = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(text.split())


def _plain(name: str) -> str:
    """A name where nothing can be escaped: what players would take for a tag or an arrow looks like it."""
    return " ".join(name.replace("<", "‹").replace(">", "›").split())
