"""facestream people export-all: everything that is held on a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_options import who_argument


@click.command(
    name="export-all",
    epilog="""\b
Examples:
  facestream people export-all p3 -o ada.zip
  facestream people export-all 'Ada Lovelace' -o ada/
""",
)
@who_argument
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER|ZIP",
    help="A file that ends in .zip, or a folder that is empty or not there yet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def export_all(ctx: click.Context, /, person_id: str, out: Path, **_: Any) -> None:
    """Write everything that is held on a person, for whoever has a right to see it, such as themselves.

    JSON files with who it is, sightings, tracks with every box, samples with their vectors, decisions and
    events; the pictures of their face as JPEG; manifest.json says what is in each, and its SHA-256. Nothing
    of other people is in it: where a decision or an event is about somebody else as well, it says no more
    than that. The videos themselves are not in it. WHO is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.hint import shown_path
    from facestream.output import print_json, refuse_dash
    from facestream.people.people_view import counted

    refuse_dash(out)
    with open_store(place) as store:
        store.check_there()
        done = store.export_person(person_id, out)
    if chosen(ctx, "as_json"):
        print_json(
            {
                "person": done.person,
                "path": str(done.path.resolve()),
                "counts": done.counts,
                "sha256": done.files,
            }
        )
        return
    what = ", ".join(counted(number, name.removesuffix("s"), name) for name, number in done.counts.items())
    click.echo(f"{shown_path(done.path)}: all that is held on {done.person}: {what}")
