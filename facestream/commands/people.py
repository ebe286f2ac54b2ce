"""facestream people: who was seen."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.settings import Place


@click.group(
    name="people",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream people
  facestream people --json | jq '.[0].sightings'
  facestream people show p3
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
@verbosity_options
@click.pass_context
def command(
    ctx: click.Context, as_json: bool, data_dir: str | None, redis_url: str | None, collection: str, **_: Any
) -> None:
    """List the people who were seen, those seen longest first."""
    place = Place.of(data_dir, redis_url, collection)
    ctx.obj = (place, as_json)
    if ctx.invoked_subcommand is not None:
        return
    from rich.console import Console

    from facestream import connect
    from facestream.people_view import people_table, person_json, write_thumbnails
    from facestream.wiring import thumbnails_folder

    with connect(place.data_dir, redis=place.redis_url, collection=place.collection) as store:
        people = store.people()
        if not people and not as_json:
            click.echo(_nobody(store.meta(), collection))
            return
        files = write_thumbnails(store, people, thumbnails_folder(place))
    if as_json:
        click.echo(json.dumps([person_json(p, files) for p in people], ensure_ascii=False, indent=2))
        return
    Console(highlight=False, soft_wrap=not sys.stdout.isatty()).print(people_table(people, files))


@command.command(name="show", epilog="\b\nExample:\n  facestream people show p3")
@click.argument("person_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
@verbosity_options
@click.pass_context
def show(
    ctx: click.Context,
    person_id: str,
    as_json: bool,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    **_: Any,
) -> None:
    """Show one person: every sighting, and a face to look at."""
    place, group_json = ctx.obj
    if data_dir or redis_url or collection != "default":
        place = Place.of(data_dir, redis_url, collection)
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from facestream import connect
    from facestream.people_view import moment, person_json, shown_path, write_thumbnails
    from facestream.wiring import thumbnails_folder

    with connect(place.data_dir, redis=place.redis_url, collection=place.collection) as store:
        person = store.person(person_id)
        files = write_thumbnails(store, [person], thumbnails_folder(place))
    if as_json or group_json:
        click.echo(json.dumps(person_json(person, files), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if person.id != person_id:
        console.print(f"{escape(person_id)} was merged into {person.id}.")
    name = f" ({escape(person.name)})" if person.name else ""
    console.print(
        f"[bold]{person.id}[/bold]{name}: seen {person.seconds:.1f} s in {len(person.sightings)} sightings, "
        f"{person.tracks} tracks, {person.faces} faces"
    )
    if person.id in files:
        console.print(f"thumbnail: {escape(shown_path(files[person.id]))}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("from", "to", "source"):
        table.add_column(column, overflow="fold")
    for sighting in person.sightings:
        table.add_row(
            moment(sighting.start_at, sighting.start_s),
            moment(sighting.end_at, sighting.end_s),
            escape(sighting.source),
        )
    console.print(table)


def _nobody(meta: dict[str, str], collection: str) -> str:
    if meta:
        return f"No people in collection {collection!r} yet."
    return f"Nothing was processed into collection {collection!r} yet. Start with: facestream run VIDEO"
