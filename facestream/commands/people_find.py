"""facestream people find: who is in this photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import (
    chosen,
    chosen_place,
    device_option,
    own_models_option,
    place_options,
    verbosity_options,
)

if TYPE_CHECKING:
    from facestream.configuration.settings import Place
    from facestream.search.search import FoundFace, Match

# Sightings shown of each person.
_INTERVALS = 10
# Below this, a person is named only as the closest one.
_WORTH_SHOWING = 0.02


@click.command(
    name="find",
    epilog="""\b
Examples:
  facestream people find photo.jpg
  facestream people find --limit 1 --json group.jpg | jq '.[].matches[0].person.id'

\b
What "sure" means: the probability that it is the same person, allowing for the size of the faces and for the
number of people in the collection. docs/benchmarks.md says how often it was right.
""",
)
@click.argument("photo", type=click.Path(path_type=Path))
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    metavar="N",
    help="Most people for each face of the photo.",
)
@own_models_option
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def find(ctx: click.Context, /, photo: Path, limit: int, pack: str | None, device: str, **_: Any) -> None:
    """Search everybody for the faces of PHOTO: who it may be, how sure that is, when they were seen where.

    Each face of the photo is searched for by itself. The photo is not stored.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json
    from facestream.people.people_view import nobody
    from facestream.people.thumbnail_files import write_thumbnails
    from facestream.wiring import thumbnails_folder

    with open_store(place) as store:
        store.check_there()
        faces = store.find(photo, models=pack, device=device, limit=limit)
        empty = "" if any(face.matches for face in faces) else nobody(store)
        people = {match.person.id: match.person for face in faces for match in face.matches}
        files = write_thumbnails(store, list(people.values()), thumbnails_folder(place))
    if chosen(ctx, "as_json"):
        print_json([face_json(face, files) for face in faces])
    elif empty:
        click.echo(empty)
    else:
        for number, face in enumerate(faces, 1):
            _show(face, number, len(faces), files, place)


def face_json(face: FoundFace, files: dict[str, Path]) -> dict[str, Any]:
    """A face of the photo and who it may be, for machines."""
    from facestream.people.people_view import person_json
    from facestream.search.search import in_words

    return {
        "box": [round(side, 1) for side in face.box_xyxy],
        "score": round(face.score, 4),
        "matches": [
            {
                "similarity": round(match.similarity, 4),
                "sure": round(match.sureness, 6),
                "verdict": in_words(match.sureness),
                "track": match.track,
                "person": person_json(match.person, files),
            }
            for match in face.matches
        ],
    }


def _show(face: FoundFace, number: int, count: int, files: dict[str, Path], place: Place) -> None:
    from facestream.hint import shown_path
    from facestream.output import print_table
    from facestream.search.search import in_percent

    left, top, right, bottom = face.box_xyxy
    which = f"Face {number} of {count}, " if count > 1 else "One face, "
    click.echo(
        f"{'' if number == 1 else chr(10)}{which}{right - left:.0f} px wide at {left:.0f},{top:.0f}"
        f" to {right:.0f},{bottom:.0f}:"
    )
    shown = [match for match in face.matches if match.sureness >= _WORTH_SHOWING]
    if not shown:
        closest = "".join(
            f"; closest is {match.person.id} (similarity {match.similarity:.2f}, "
            f"{in_percent(match.sureness)} sure)"
            for match in face.matches[:1]
        )
        click.echo(f"Nobody here looks like this{closest}.")
        return
    rows = [row for match in shown for row in _rows(match, place)]
    columns = ("person", "name", "similarity", "sure", "", "seen", "where")
    print_table(columns, rows, right={"similarity", "sure"})
    first = shown[0].person.id
    if first in files:
        click.echo(f"{first} looks like this: {shown_path(files[first])}")


def _rows(match: Match, place: Place) -> list[list[str]]:
    """A person's row, and one more for each further sighting."""
    from facestream.hint import command_line
    from facestream.people.people_view import counted, interval
    from facestream.search.search import in_percent, in_words
    from facestream.source_name import full_name

    person = match.person
    facts = [
        person.id,
        (person.name or "-") + (" (ignored)" if person.ignored else ""),
        f"{match.similarity:.2f}",
        in_percent(match.sureness),
        in_words(match.sureness),
    ]
    rows = []
    for sighting in person.sightings[:_INTERVALS]:
        rows.append([*facts, interval(sighting), full_name(sighting.source_id, sighting.source)])
        facts = [""] * len(facts)
    more = len(person.sightings) - _INTERVALS
    if more > 0:
        rows.append(
            [
                *facts,
                f"and {counted(more, 'more sighting')}",
                command_line(place, "people", "show", person.id),
            ]
        )
    return rows
