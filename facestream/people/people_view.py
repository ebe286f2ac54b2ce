"""People as tables and JSON."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from facestream.client import Store
from facestream.configuration.settings import Place
from facestream.hint import command_line, shown_path
from facestream.output import print_table, shortened
from facestream.people.person import Person
from facestream.people.sighting import Sighting
from facestream.source_name import names_apart, short_name

# So many places for names, where a row is to fit into a terminal.
_NAMES_WIDTH = 18


def nobody(store: Store) -> str:
    """What to say of a collection in which nobody is."""
    if store.meta():
        return f"No people in collection {store.collection!r} yet."
    others = store.collections()
    more = f" and {len(others) - 10} more" if len(others) > 10 else ""
    there = f" There is: {', '.join(others[:10])}{more}." if others else ""
    return (
        f"Nothing was processed into collection {store.collection!r} yet.{there} "
        f"Start with: {store.hint('run', 'VIDEO')}"
    )


def led_on(asked: str, person: Person) -> str:
    """What to say where an older id was asked for, or empty."""
    older = re.fullmatch(r"[pP][0-9]+", asked.strip()) and asked.strip().lower() != person.id
    return f"{asked} was merged into {person.id}." if older else ""


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def clock(seconds: float) -> str:
    """A media time as H:MM:SS.s, without hours where there are none."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest / 10:04.1f}"
    return f"{hours}:{text}" if hours else text


def duration(seconds: float) -> str:
    """How long somebody was seen: in seconds, and from two minutes on as people say it."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(at: datetime | None, media_s: float) -> str:
    """A date where it is known, else the media time."""
    return local_time(at.timestamp()) if at else clock(media_s)


def place_in_file(sighting: Sighting) -> str:
    """Where in its video a sighting begins that is told by its date; empty for all others."""
    if sighting.start_at is None or sighting.photo or sighting.camera:
        return ""
    return clock(sighting.start_s)


def local_time(unix_s: float) -> str:
    """A date and time in the zone of this machine, to the second."""
    return datetime.fromtimestamp(unix_s).isoformat(" ", "seconds")


def print_people(people: Sequence[Person], files: dict[str, Path] | None) -> None:
    """Print who was seen, how long, when, with a face to look at; `provisional_note` says what a ~ means.

    Args:
        people: In the order of the rows. Times have their file where these are of several.
        files: Thumbnail file of each; None leaves the column out.
    """
    columns = ["person", "name", "seen", "sightings", "first", "last"]
    names = names_apart({i: path for person in people for i, path in person.sources.items()})
    rows = [_row(person, names) for person in people]
    if files is not None:
        columns.append("thumbnail")
        for row, person in zip(rows, people, strict=True):
            row.append(shown_path(files[person.id]) if person.id in files else "-")
    print_table(columns, rows, right={"seen", "sightings"})


def print_watched(people: Sequence[Person]) -> None:
    """Print who was seen by cameras, where and when; days are left out where there is one alone.

    Args:
        people: In the order of the rows; all of their sightings have a date.
    """
    moments = [at for person in people for at in (person.first.start_at, person.last.end_at) if at]
    one_day = len({at.astimezone().date() for at in moments}) <= 1
    rows = []
    for person in people:
        spent: defaultdict[str, float] = defaultdict(float)
        for sighting in person.sightings:
            spent[short_name(sighting.source_id, sighting.source)] += sighting.seconds
        ends = (person.first.start_at, person.first.start_s), (person.last.end_at, person.last.end_s)
        first, last = (moment(*end).rpartition(" ")[2] if one_day else moment(*end) for end in ends)
        rows.append(
            [
                marked(person.id, provisional=person.provisional),
                shortened(person.name or "-", _NAMES_WIDTH),
                duration(person.seconds),
                first,
                last,
                listed_within(sorted(spent, key=lambda name: -spent[name]), _NAMES_WIDTH),
            ]
        )
    print_table(("person", "name", "seen", "first", "last", "cameras"), rows, right={"seen"})


def listed_within(names: Sequence[str], places: int) -> str:
    """As many names as there is room for, and how many more there are; the first one in any case."""
    shown = shortened(names[0], places) if names else ""
    for at, name in enumerate(names[1:], start=1):
        more = f" +{len(names) - at}"
        if len(shown) + len(name) + 2 + len(more) > places:
            return shortened(shown, places - len(more)) + more
        shown += f", {name}"
    return shown


def _row(person: Person, names: Mapping[str, str]) -> list[str]:
    first, last = person.first, person.last
    seen = f"{person.seconds:.1f} s"
    if not person.seconds and all(sighting.photo for sighting in person.sightings):
        seen = counted(len(person.sightings), "photo")
    return [
        marked(person.id, provisional=person.provisional),
        person.name or "-",
        seen,
        str(len(person.sightings)),
        _place(first, first.start_s, names),
        _place(last, last.end_s, names),
    ]


def marked(cell: str, *, provisional: bool) -> str:
    """A cell of a table, with a mark where a re-cluster may still correct it."""
    return f"{cell} ~" if provisional else cell


def provisional_note(place: Place, number: int, one: str, many: str = "") -> str:
    """What to say of those whom a table marks as provisional, or nothing where there are none."""
    if not number:
        return ""
    return (
        f"~ {counted(number, one, many)} provisional: not confirmed by a re-cluster yet; a watch that "
        f"goes on, or the next `{command_line(place, 'run', 'VIDEO')}`, confirms or corrects."
    )


def _place(sighting: Sighting, media_s: float, names: Mapping[str, str]) -> str:
    """When, and where that isn't known in which file; a time within a file among several names the file."""
    if sighting.recorded_at_s is not None:
        return local_time(sighting.recorded_at_s + media_s)
    if len(names) == 1 and not sighting.photo:
        return clock(media_s)
    name = names[sighting.source_id]
    return name if sighting.photo else f"{name} {clock(media_s)}"


def interval(sighting: Sighting) -> str:
    """From when to when, as people read it; a photo has one moment, or none that is known."""
    if sighting.photo:
        return moment(sighting.start_at, 0.0) if sighting.start_at else "photo"
    return stretch(sighting, sighting)


def stretch(first: Sighting, last: Sighting) -> str:
    """From the start of a sighting to the end of another one, with the day once where it is the same."""
    start, end = moment(first.start_at, first.start_s), moment(last.end_at, last.end_s)
    day, _, time = end.rpartition(" ")
    return start if start == end else f"{start} - {time if day and start.startswith(day) else end}"


def sighting_json(sighting: Sighting) -> dict[str, Any]:
    """A sighting for machines; times in seconds and, where known, ISO 8601."""
    return {
        "source": sighting.source,
        "source_id": sighting.source_id,
        "camera": sighting.camera or None,
        "start_s": round(sighting.start_s, 3),
        "end_s": round(sighting.end_s, 3),
        "start_at": sighting.start_at.isoformat() if sighting.start_at else None,
        "end_at": sighting.end_at.isoformat() if sighting.end_at else None,
        "provisional": sighting.provisional,
    }


def person_json(person: Person, files: dict[str, Path] | None = None) -> dict[str, Any]:
    """A person for machines."""
    result: dict[str, Any] = {
        "id": person.id,
        "name": person.name,
        "seconds": round(person.seconds, 3),
        "faces": person.faces,
        "tracks": person.tracks,
        "ignored": person.ignored,
        "provisional": person.provisional,
        "sightings": [sighting_json(s) for s in person.sightings],
    }
    if files is not None:
        result["thumbnail"] = str(files[person.id]) if person.id in files else None
    return result
