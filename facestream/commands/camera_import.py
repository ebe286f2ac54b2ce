"""facestream camera import: cameras from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_options import opened_book
from facestream.output import print_json
from storage.errors import CameraExistsError

# Cameras that a message names.
_NAMED = 10


@click.command(
    name="import",
    epilog="""\b
Examples:
  facestream camera import cameras.toml --dry-run      is all of it right?
  facestream camera import cameras.toml --replace

\b
Example of a file:
  [[camera]]
  name = "door"
  url = "rtsp://user:{env:DOOR_PASSWORD}@192.168.1.20:554/stream1"
  fps = 5
  zones = ["0,0 50%,0 50%,100% 0,100%"]

\b
More keys: sub_url, masks, min_face, transport, hwaccel, keyframes_only.
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace",
    is_flag=True,
    help="Let them take the place of cameras that have their names; those that were paused stay so.",
)
@click.option("--dry-run", is_flag=True, help="Check all of it, and store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the cameras as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def import_cameras(ctx: click.Context, /, file: Path, replace: bool, dry_run: bool, **_: Any) -> None:
    """Add the cameras of a TOML FILE: all of them, or none if anything is wrong with one.

    All that is wrong is listed, with its line. Nothing is connected to; `facestream camera test` does that.
    """
    from facestream.cameras.camera_file import read_cameras
    from facestream.cameras.camera_view import camera_json
    from facestream.cameras.camera_wish import SETTINGS
    from facestream.configuration.setting_option import settings_of

    given = settings_of(ctx).values
    names = {name: "camera." + name.removesuffix("_px") for name in SETTINGS}
    usual = {name: given[key] for name, key in names.items() if given.get(key) is not None}
    wishes = read_cameras(file, usual)
    with opened_book(chosen_place(ctx)) as book:
        there = set(book.names())
        if taken := [name for name in wishes if name in there and not replace]:
            more = f" and {len(taken) - _NAMED} more" if len(taken) > _NAMED else ""
            raise CameraExistsError(
                f"there are some of {file} already: {', '.join(taken[:_NAMED])}{more}. Nothing was done; "
                "--replace puts these in their place.",
                name=taken[0],
            )
        records = book.add_all(wishes, replace=replace, dry_run=dry_run)
    if chosen(ctx, "as_json"):
        print_json([camera_json(record) for record in records])
        return
    if chosen(ctx, "quiet"):
        return
    replaced = sum(name in there for name in wishes)
    what = "would be added" if dry_run else "added"
    counted = f"{len(wishes)} camera{'s' if len(wishes) > 1 else ''} {what}"
    click.echo(f"{counted}{f', {replaced} of them in place of older ones' if replaced else ''}.", err=True)
