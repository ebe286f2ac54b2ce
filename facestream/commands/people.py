"""facestream people: who was seen."""

from __future__ import annotations

import json
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
@place_options()
@verbosity_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    as_json: bool,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    **_: Any,
) -> None:
    """List the people who were seen, those seen longest first."""
    place = Place.of(data_dir, redis_url, collection)
    if ctx.invoked_subcommand is not None:
        return
    from facestream import connect
    from facestream.people_view import nobody, people_table, person_json, print_table, write_thumbnails
    from facestream.wiring import thumbnails_folder

    with connect(place.data_dir, redis=place.redis_url, collection=place.collection) as store:
        people = store.people()
        if not people and not as_json:
            click.echo(nobody(store.meta(), collection))
            return
        files = write_thumbnails(store, people, thumbnails_folder(place))
    if as_json:
        click.echo(json.dumps([person_json(p, files) for p in people], ensure_ascii=False, indent=2))
        return
    print_table(people_table(people, files))


@command.command(name="show", epilog="\b\nExample:\n  facestream people show p3")
@click.argument("person_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, person_id: str, **_: Any) -> None:
    """Show one person: every sighting, and a face to look at."""
    data_dir, redis_url, collection, as_json = (
        _chosen(ctx, name) for name in ("data_dir", "redis_url", "collection", "as_json")
    )
    place = Place.of(data_dir, redis_url, collection)
    from rich.markup import escape
    from rich.table import Table

    from facestream import connect
    from facestream.people_view import counted, moment, person_json, print_table, shown_path, write_thumbnails
    from facestream.wiring import thumbnails_folder

    with connect(place.data_dir, redis=place.redis_url, collection=place.collection) as store:
        person = store.person(person_id)
        files = write_thumbnails(store, [person], thumbnails_folder(place))
    if as_json:
        click.echo(json.dumps(person_json(person, files), ensure_ascii=False, indent=2))
        return
    if person.id != person_id:
        click.echo(f"{person_id} was merged into {person.id}.")
    name = f" ({person.name})" if person.name else ""
    photos = sum(sighting.photo for sighting in person.sightings)
    videos = len(person.sightings) - photos
    where = [f"seen {person.seconds:.1f} s in {counted(videos, 'sighting')}"] if videos else []
    where += [f"in {counted(photos, 'photo')}"] if photos else []
    click.echo(
        f"{person.id}{name}: {', '.join(where)}; {counted(person.tracks, 'track')}, "
        f"{counted(person.faces, 'face')}"
    )
    if person.id in files:
        click.echo(f"thumbnail: {shown_path(files[person.id])}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("from", "to", "source"):
        table.add_column(column, no_wrap=True)
    for sighting in person.sightings:
        table.add_row(
            *(
                "-" if sighting.photo and at is None else moment(at, media_s)
                for at, media_s in (
                    (sighting.start_at, sighting.start_s),
                    (sighting.end_at, sighting.end_s),
                )
            ),
            escape(sighting.source),
        )
    print_table(table)


def _chosen(ctx: click.Context, name: str) -> Any:
    """An option's value wherever it stands: behind `show`, or else behind `people`."""
    source = ctx.get_parameter_source(name)
    given = source is not None and source.name != "DEFAULT"
    return ctx.params[name] if given or ctx.parent is None else ctx.parent.params[name]
