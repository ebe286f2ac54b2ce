"""facestream camera show: one camera, with all that is set."""

from __future__ import annotations

import time
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.camera_options import opened_cameras
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
    """Show a camera: how it is looked at, its zones and masks, how it is doing, and its gaps.

    Gaps are when nothing was seen for ten seconds or more, as it was down or paused, or nobody watched: who
    was there then is not counted. They are known within five minutes after their end, and for as long as
    there are no more than 255.

    URLs are shown without what could be a secret.
    """
    from facestream.cameras.camera_book import camera_name
    from facestream.cameras.camera_gaps import gap_lines, gaps_of
    from facestream.cameras.camera_view import camera_json, camera_lines, is_streaming
    from storage.errors import RecordError

    with opened_cameras(chosen_place(ctx)) as (book, reader):
        record = book.get(camera_name(name))
        status = book.status(record.name)
        streams = is_streaming(record, status)
        try:
            source = reader.source(record.source_id)
            gaps = gaps_of(source, added_s=record.created_at_s, streams=streams, now_s=time.time())
            seen = gap_lines(gaps)
        except RecordError as error:
            gaps, seen = None, [("nothing seen", f"not known: {error}")]
    if chosen(ctx, "as_json"):
        told = None if gaps is None else [gap.json for gap in gaps]
        print_json({**camera_json(record, status), "gaps": told})
        return
    for what, value in [*camera_lines(record, status), *seen]:
        click.echo(f"{what:<14}{printable(value)}")
