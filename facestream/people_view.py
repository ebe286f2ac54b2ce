"""People as tables, JSON and thumbnail files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.client import Person, Sighting, Store, latest

if TYPE_CHECKING:
    from rich.table import Table

# Columns that no table needs.
_WIDEST = 100_000


def write_thumbnails(store: Store, people: Iterable[Person], folder: Path) -> dict[str, Path]:
    """Write the best face of each person as a JPEG file.

    Args:
        store: Where the faces are.
        people: Whose faces to write.
        folder: Where to write; made if it isn't there.

    Returns:
        The file of each person who has one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written: dict[str, Path] = {}
    for person in people:
        data = store.thumbnail(person.thumbnails[0]) if person.thumbnails else None
        if data is None:
            continue
        path = folder / f"{person.id}.jpg"
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
        written[person.id] = path
    return written


def remove_thumbnails(folder: Path, but: Iterable[Person]) -> None:
    """Delete the files of people who are no more, or were merged into others.

    Args:
        folder: Where `write_thumbnails` wrote.
        but: Everybody there is.
    """
    kept = {f"{person.id}.jpg" for person in but}
    for path in folder.glob("p*.jpg"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def print_table(table: Table) -> None:
    """Print a table as wide as it needs to be.

    Where it doesn't fit, the terminal wraps its lines, and a path can still be copied in one piece.
    """
    from rich.console import Console

    lines = Console(file=sys.stdout, highlight=False, width=_WIDEST)
    with lines.capture() as captured:
        lines.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def program() -> str:
    """How this program can be started from here: by its name, or by its path where that isn't searched."""
    if shutil.which("facestream"):
        return "facestream"
    started = Path(sys.argv[0])
    return shown_path(started) if started.name == "facestream" else f"{sys.executable} -m facestream"


def nobody(meta: dict[str, str], collection: str) -> str:
    """What to say of a collection in which nobody is."""
    if meta:
        return f"No people in collection {collection!r} yet."
    return f"Nothing was processed into collection {collection!r} yet. Start with: {program()} run VIDEO"


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


def moment(at: datetime | None, media_s: float) -> str:
    """A date where it is known, else the media time."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else clock(media_s)


def people_table(
    people: Sequence[Person], files: dict[str, Path], only: frozenset[str] | None = None
) -> Table:
    """Who was seen, how long, when, with a face to look at.

    Args:
        people: In the order of the rows.
        files: Thumbnail file of each.
        only: Count only sightings in these sources.
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (
        ("person", "left"),
        ("name", "left"),
        ("seen", "right"),
        ("sightings", "right"),
        ("first", "left"),
        ("last", "left"),
        ("thumbnail", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for person in people:
        row = person_row(person, only)
        table.add_row(
            person.id,
            escape(person.name) or "-",
            f"{row['seconds']:.1f} s" if row["videos"] else counted(row["photos"], "photo"),
            str(len(row["sightings"])),
            row["first"],
            row["last"],
            escape(shown_path(files[person.id])) if person.id in files else "-",
        )
    return table


def person_row(person: Person, only: frozenset[str] | None) -> dict[str, Any]:
    """What a row of the table shows: of all sightings, or of those in some sources."""
    sightings = [s for s in person.sightings if only is None or s.source_id in only]
    videos = [s for s in sightings if not s.photo]
    first, last = sightings[0], latest(sightings)
    several = len({s.source_id for s in sightings}) > 1
    return {
        "seconds": sum(s.seconds for s in videos),
        "sightings": sightings,
        "videos": len(videos),
        "photos": len(sightings) - len(videos),
        "first": _place(first, first.start_at, first.start_s, several=several),
        "last": _place(last, last.end_at, last.end_s, several=several),
    }


def _place(sighting: Sighting, at: datetime | None, media_s: float, *, several: bool) -> str:
    """When, and where that isn't known in which file; a time within a file among several names the file."""
    name = Path(sighting.source).name
    if at is None and sighting.photo:
        return name
    return f"{name} {clock(media_s)}" if several and at is None else moment(at, media_s)


def shown_path(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def person_json(person: Person, files: dict[str, Path] | None = None) -> dict[str, Any]:
    """A person for machines; times in seconds and, where known, ISO 8601."""
    result: dict[str, Any] = {
        "id": person.id,
        "name": person.name,
        "seconds": round(person.seconds, 3),
        "faces": person.faces,
        "tracks": person.tracks,
        "sightings": [
            {
                "source": s.source,
                "source_id": s.source_id,
                "start_s": round(s.start_s, 3),
                "end_s": round(s.end_s, 3),
                "start_at": s.start_at.isoformat() if s.start_at else None,
                "end_at": s.end_at.isoformat() if s.end_at else None,
            }
            for s in person.sightings
        ],
    }
    if files is not None:
        result["thumbnail"] = str(files[person.id]) if person.id in files else None
    return result
