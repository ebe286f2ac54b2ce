"""facestream sources: in what people were looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_options import sources_option, tell_unknown_source

if TYPE_CHECKING:
    from facestream.recorded.file_presence import SourceFile

_COLUMNS = ("source", "kind", "looked at", "people", "file")


@click.command(
    name="sources",
    epilog="""\b
Examples:
  facestream sources
  facestream sources --source holiday/
  facestream sources --gone                     then: facestream people forget --gone
  facestream sources --json | jq -r '.[] | select(.people == 0) | .path'
""",
)
@sources_option("Only this source")
@click.option(
    "--gone", is_flag=True, help="Only those whose file isn't in its folder any more, or is another now."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], gone: bool, **_: Any) -> None:
    """List the videos, photos and cameras in which people were looked for.

    How much of each was looked at, how many people were seen in it, and what became of its file: "there";
    "gone" from its folder; "folder away", where nothing that was processed is left in that, as of a disk that
    isn't mounted; or "other content", where another file was put in its place and processed as well. A file
    that was edited, but not processed again, is not noticed. Files are looked for on this machine alone.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.people.people_filter import PeopleFilter
    from facestream.people.people_view import counted, nobody

    with open_store(place) as store:
        store.check_there()
        tell_unknown_source(store, sources)
        every, where = store.source_files(), PeopleFilter(sources=sources)
        found = [
            file
            for file in every
            if (file.is_past or not gone) and where.means_source(file.source.source_id, file.source.path)
        ]
        empty = "" if found else "No such sources." if every else nobody(store)
        forget = store.hint("people", "forget", "--gone")
    if chosen(ctx, "as_json"):
        print_json([source_json(file) for file in found])
        return
    if empty:
        click.echo(empty)
        return
    print_table(_COLUMNS, [_row(file) for file in found], right={"people"})
    past = sum(file.is_past for file in found)
    if past and not chosen(ctx, "quiet"):
        click.echo(
            f"{counted(past, 'file')} gone or replaced: what was seen there stays. `{forget}` deletes it.",
            err=True,
        )


def _row(file: SourceFile) -> list[str]:
    from facestream.source_name import full_name

    source = file.source
    return [
        full_name(source.source_id, source.path),
        source.kind,
        _looked_at(file),
        str(file.people),
        file.presence or "-",
    ]


def _looked_at(file: SourceFile) -> str:
    """How much of it was."""
    from facestream.people.people_view import clock

    source = file.source
    seconds = sum(end - start for start, end in source.ranges)
    if source.kind == "camera":
        return clock(seconds)
    if source.complete:
        return "all"
    if not source.ranges:
        return "nothing"
    whole = "" if source.duration_s is None else f" of {clock(source.duration_s)}"
    return f"{clock(seconds)}{whole}"


def source_json(file: SourceFile) -> dict[str, Any]:
    """A source as the JSON has it; see docs/json.md."""
    from facestream.people.sighting import date_of
    from facestream.source_name import full_name

    source = file.source
    recorded_at, taken_in_at = date_of(source.recorded_at_s, 0.0), date_of(source.taken_in_s, 0.0)
    return {
        "id": source.source_id,
        "kind": source.kind,
        "path": source.path,
        "camera": full_name(source.source_id, source.path) if source.kind == "camera" else None,
        "width_px": source.width_px,
        "height_px": source.height_px,
        "duration_s": source.duration_s,
        "recorded_at": recorded_at.isoformat() if recorded_at else None,
        "taken_in_at": taken_in_at.isoformat() if taken_in_at else None,
        "ranges": [list(part) for part in source.ranges],
        "complete": source.complete,
        "sampled": source.sampled,
        "forgotten": source.forgotten,
        "people": file.people,
        "file": file.presence or None,
    }
