"""facestream demo: a video made on the spot, and the people found in it beside those known to be there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.configuration.settings import DEFAULT_COLLECTION, Place

if TYPE_CHECKING:
    from facestream.demo_video import KnownFace
    from facestream.people.person import Face, Person

_SAME_FACE_IOU = 0.3


@click.command(
    name="demo",
    epilog="\b\nExamples:\n  facestream demo --data-dir /tmp/demo\n  facestream demo --device cuda",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@device_option
@place_options("demo")
@verbosity_options
def command(as_json: bool, quiet: bool, device: str, **options: Any) -> int:
    """Make a video of seven people from photographs and find the people in it.

    The photographs ship inside two of our dependencies. The video goes through the same code as `facestream
    run` and into a collection of its own.
    """
    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    from facestream.client import open_store
    from facestream.commands.run import EXIT_INTERRUPTED, perform
    from facestream.demo_video import FILE_NAME, FPS, SHOTS, known_faces, make_video
    from facestream.output import print_json
    from facestream.recorded.run_report import RunOptions
    from facestream.wiring import keys_of, open_folder

    keys_of(place)
    folder = open_folder(place).path / "demo"
    if not (quiet or (folder / FILE_NAME).is_file()):
        click.echo(f"Making a video of {sum(shot.seconds for shot in SHOTS):.0f} s ...", err=True)
    video = make_video(folder)
    with open_store(place) as store:
        report, people, files = perform(place, RunOptions(paths=(video,), device=device), quiet=quiet)
        if report.interrupted or not report.sources:
            return EXIT_INTERRUPTED if report.interrupted else 1
        known = known_faces()
        rows = compare(known, store.faces(report.sources[0]), people, 1 / FPS)
        stats = {"frames": report.frames, "seconds": round(report.seconds, 2)}
    if as_json:
        result = [
            {
                "known": r.known,
                "known_seconds": round(r.known_s, 1),
                "found": [p.id for p in r.found],
                "found_seconds": round(r.found_s, 1),
            }
            for r in rows
        ]
        print_json({"video": str(video), "people": result, **stats})
    else:
        _show(rows, files, video, place)
    return 0


@dataclass(frozen=True, slots=True)
class Row:
    """A known person beside those found in their place.

    Attributes:
        known: Name, or empty for found people who are nobody known.
        known_s: How long they are in the picture, s.
        found: Who was found for them, most faces first.
        found_s: How long those were seen, s.
    """

    known: str
    known_s: float
    found: tuple[Person, ...]
    found_s: float


def compare(known: list[KnownFace], faces: Iterable[Face], people: list[Person], frame_s: float) -> list[Row]:
    """Match found people to known ones by where their faces lie.

    Args:
        known: Faces that are there.
        faces: Faces that were found.
        people: Their people.
        frame_s: Time from one frame to the next, s.

    Returns:
        A row for each known person, and one for each found person who lies on no known face.
    """
    there: dict[int, list[KnownFace]] = defaultdict(list)
    for face in known:
        there[face.frame].append(face)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for found in faces:
        best = max(
            ((_overlap(found.box_xyxy, face.box_xyxy), face.name) for face in there[found.frame]),
            default=(0.0, ""),
        )
        if found.identity:
            votes[found.identity][best[1] if best[0] >= _SAME_FACE_IOU else ""] += 1
    by_id = {person.id: person for person in people}
    chosen = {identity: count.most_common(1)[0][0] for identity, count in votes.items()}
    shown = Counter(face.name for face in known)
    rows = []
    for name in [*shown, ""]:
        found_here = sorted(
            (i for i, known_name in chosen.items() if known_name == name and i in by_id),
            key=lambda i: -votes[i].total(),
        )
        if name or found_here:
            seconds = sum(by_id[i].seconds for i in found_here)
            rows.append(Row(name, shown[name] * frame_s, tuple(by_id[i] for i in found_here), seconds))
    return rows


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _show(rows: list[Row], files: dict[str, Path], video: Path, place: Place) -> None:
    from facestream.hint import command_line, shown_path
    from facestream.output import print_table
    from facestream.people.people_view import counted

    lines = []
    for row in rows:
        paths = [shown_path(files[p.id]) for p in row.found if p.id in files]
        lines.append(
            [
                row.known or "(nobody known)",
                f"{row.known_s:.1f} s",
                " ".join(p.id for p in row.found) or "not found",
                f"{row.found_s:.1f} s" if row.found else "-",
                str(sum(len(p.sightings) for p in row.found)) if row.found else "-",
                " ".join(paths) or "-",
            ]
        )
    print_table(
        ("known to be there", "for", "found", "seen", "sightings", "a face to look at"),
        lines,
        right={"for", "seen", "sightings"},
    )
    found = sum(len(row.found) for row in rows)
    own = replace(place, collection=DEFAULT_COLLECTION)
    known = sum(1 for row in rows if row.known)
    click.echo(f"\n{counted(found, 'person', 'people')} found, {known} known to be there.")
    click.echo("\nWhere to look next:")
    for command, what in (
        (command_line(place, "serve"), "everybody in a browser, until Ctrl-C"),
        (command_line(place, "people"), "everybody, with times"),
        (command_line(place, "export", "-o", "faces.csv"), "one row per face"),
        (command_line(place, "redis", collection=False), "the server's socket, for redis-cli"),
        (command_line(own, "run", "YOUR_VIDEO"), "your own video or photo folder"),
    ):
        click.echo(f"  {command}\n      {what}")
    click.echo(f"\nThe video: {shown_path(video)}")
