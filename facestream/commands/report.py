"""facestream report: a page with everybody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen_place, place_options, verbosity_options
from facestream.commands.people_options import PeopleChoice, filter_options, tell_unknown_places


@click.command(
    name="report",
    epilog="""\b
Examples:
  facestream report
  facestream report -o lobby.html --source lobby.mp4 --min-seconds 2
  facestream report --from 2026-05-01 --to 2026-05-01 --sort first
""",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default=Path("facestream-report.html"),
    show_default=True,
    metavar="FILE",
    help="Write here; - is standard output.",
)
@filter_options
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, output: Path, as_json: bool, quiet: bool, **options: Any) -> None:
    """Write one HTML file with a card for each person: faces, timelines, times.

    The file needs nothing beside itself: it works offline, on a phone and in print, and loads nothing from
    anywhere. The people are those that `facestream people` lists with the same options.
    """
    place, choice = chosen_place(ctx), PeopleChoice.of(options)
    from facestream.client import open_store
    from facestream.errors import NotFoundError
    from facestream.exports.page import render, write_page
    from facestream.hint import shown_path
    from facestream.output import print_json
    from facestream.people.people_view import counted, nobody

    if as_json and output == Path("-"):
        raise click.UsageError("--json and -o - can't both write to standard output.")
    if output.suffix.lower() not in ("", ".html", ".htm", ".xhtml") and output != Path("-"):
        raise click.UsageError(
            f"{output}: a report is HTML. Name a file that ends in .html; a browser prints it as PDF."
        )
    with open_store(place) as store:
        store.check_there()
        if not store.meta():
            # An older report must not give way to an empty page because of a misspelt name.
            raise NotFoundError(nobody(store), what=store.collection)
        people, total, hidden = choice.people(store)
        tell_unknown_places(store, choice.where)
        left_out = f"{len(people)} of {total} people" if total > len(people) else ""
        ignored = f"without {counted(hidden, 'ignored person', 'ignored people')}" if hidden else ""
        selection = ", ".join(filter(None, ("a selection" if choice.narrows else "", left_out, ignored)))
        if output == Path("-"):
            # As UTF-8, which the page says it is, whatever the terminal's encoding.
            for piece in render(store, people, selection):
                sys.stdout.buffer.write(piece.encode())
            return
        write_page(store, people, output, selection)
    size = output.stat().st_size if output.is_file() else 0
    if as_json:
        print_json({"report": str(output.resolve()), "people": len(people), "bytes": size})
    elif not quiet:
        click.echo(f"{shown_path(output)}: {counted(len(people), 'person', 'people')}, {size / 1e6:.1f} MB")
