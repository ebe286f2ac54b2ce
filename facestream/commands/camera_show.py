"""facestream camera show: one camera, with all that is set."""

from __future__ import annotations

from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_options import opened_book
from facestream.output import print_json, printable


@click.command(
    name="show",
    epilog="""\b
Examples:
  facestream camera show door
  facestream camera show door --json | jq .zones
""",
)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the camera as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, name: str, **_: Any) -> None:
    """Show a camera: how it is looked at, its zones and masks, and how it is doing.

    URLs are shown without what could be a secret.
    """
    from facestream.cameras.camera_book import camera_name
    from facestream.cameras.camera_view import camera_json, camera_lines

    with opened_book(chosen_place(ctx)) as book:
        record = book.get(camera_name(name))
        found = book.cameras().get(record.name)
    # One that was removed in between is shown as it was.
    status = None if found is None else found[1]
    if chosen(ctx, "as_json"):
        print_json(camera_json(record, status))
        return
    for what, value in camera_lines(record, status):
        click.echo(f"{what:<14}{printable(value)}")
