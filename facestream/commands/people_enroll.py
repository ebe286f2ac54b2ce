"""facestream people enroll: names from named photos."""

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
from facestream.parsing import MediaPath

if TYPE_CHECKING:
    from facestream.decisions.enrolling import Enrolled

_IN_WORDS = {
    "named": "named",
    "already": "has the name already",
    "added": "added from the photos",
    "conflict": "conflict: nothing was done",
    "several": "several people: nothing was done",
    "unclear": "no usable photo: nothing was done",
}
_WOULD = {"named": "would be named", "added": "would be added from the photos"}


@click.command(
    name="enroll",
    epilog="""\b
Examples:
  facestream people enroll staff/ --dry-run        what would happen
  facestream people enroll staff/                  staff/Ada Lovelace.jpg, staff/Bob/1.jpg, staff/Bob/2.jpg
  facestream people undo                           take the last name back

\b
Exit codes: 0 everybody has their name, 1 somebody has not, or a photo could not be read, 2 wrong usage.
""",
)
@click.argument("folder", type=MediaPath())
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@own_models_option
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def enroll(
    ctx: click.Context, /, folder: Path, dry_run: bool, pack: str | None, device: str, **_: Any
) -> int:
    """Give names by photos: FOLDER/NAME.jpg, and all photos in FOLDER/NAME/. Several of each are better.

    Who was seen before gets the name, where it is almost certain that they are who the photo shows. Photos
    that nobody is like are processed, as by `facestream run`: so there is somebody with that name, and who is
    seen later joins. Somebody who has another name keeps it, and is told. Names are decisions: `facestream
    people undo` takes them back.

    A photo must show one face, or one that is twice as large as all others.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.search.search import in_percent

    with open_store(place) as store:
        done = store.enroll(folder, dry_run=dry_run, models=pack, device=device)
    if chosen(ctx, "as_json"):
        print_json([enrolled_json(one) for one in done])
    else:
        words = _IN_WORDS | (_WOULD if dry_run else {})
        rows = [
            [
                one.name,
                words[one.state],
                " ".join(one.people) or "-",
                "-" if one.sureness is None else in_percent(one.sureness),
                str(one.photos),
                " ".join(map(str, one.decisions)) or "-",
            ]
            for one in done
        ]
        columns = ("name", "what", "person", "sure", "photos", "decisions")
        print_table(columns, rows, right={"sure", "photos"})
        if not chosen(ctx, "quiet"):
            _tell_notes(done)
    return 0 if all(one.is_done for one in done) else 1


def _tell_notes(done: list[Enrolled]) -> None:
    from facestream.output import printable

    for one in done:
        for note in one.notes:
            click.echo(printable(f"{one.name}: {note}"), err=True)


def enrolled_json(one: Enrolled) -> dict[str, Any]:
    """What became of a name, for machines."""
    return {
        "name": one.name,
        "state": one.state,
        "people": list(one.people),
        "sure": None if one.sureness is None else round(one.sureness, 6),
        "photos": one.photos,
        "decisions": list(one.decisions),
        "notes": list(one.notes),
        "unread": one.unread,
    }
