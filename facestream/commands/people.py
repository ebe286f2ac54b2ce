"""facestream people: who was seen, and what people say of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_clip import clip
from facestream.commands.people_decide import cover, differs, ignore, merge, split
from facestream.commands.people_enroll import enroll
from facestream.commands.people_export import export_all
from facestream.commands.people_find import find
from facestream.commands.people_forget import forget
from facestream.commands.people_log import log, undo
from facestream.commands.people_name import name_person
from facestream.commands.people_options import (
    PeopleChoice,
    filter_options,
    refuse_list_options,
    tell_unknown_places,
    who_argument,
)
from facestream.commands.people_thumbnails import thumbnails
from facestream.commands.people_together import together
from facestream.log_format import tell_warning

if TYPE_CHECKING:
    from facestream.client import Store

# Faces are written to files for lists up to this length unless asked otherwise.
_FEW = 200


class PeopleGroup(click.Group):
    """A group that knows what somebody means who leaves `show` out."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look a subcommand up."""
        if args and args[0] not in self.commands and re.fullmatch(r"[pP][0-9]+", args[0]):
            from facestream.hint import command_line

            shown = command_line(chosen_place(ctx), "people", "show", *args)
            raise click.UsageError(f"To see {args[0]}: {shown}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    name="people",
    cls=PeopleGroup,
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream people
  facestream people --source lobby.mp4 --from 8:00 --to 12:30     from minute 8 of the video
  facestream people --from 2026-05-01 --min-seconds 10 --sort first
  facestream people --camera door --from 2026-05-01 --to 2026-05-01
  facestream people --name ada --json | jq '.[0].sightings'
  facestream people show p3
  facestream people name p3 'Ada Lovelace'
  facestream people merge p3 p8
  facestream people undo
  facestream people find photo.jpg
  facestream people clip p3 -o ada.mp4
""",
)
@filter_options
@click.option(
    "--thumbnails/--no-thumbnails",
    default=None,
    help=f"Write a face of each to a file.  [default: for lists of up to {_FEW} people]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(
    ctx: click.Context, /, thumbnails: bool | None, as_json: bool, quiet: bool, **options: Any
) -> None:
    """List the people who were seen, those seen longest first.

    A sighting goes on over breaks of up to 3 s. With a filter, the sightings and the time seen are those that
    match: of a sighting that touches the time asked for, all of it. A person must have been seen there and
    then. Seconds in which several cameras, or recordings with a date, saw somebody count once. Whoever is
    ignored is left out. A ~ marks people whom no re-cluster has confirmed yet.
    """
    if ctx.invoked_subcommand is not None:
        refuse_list_options(ctx)
        return
    place, choice = chosen_place(ctx), PeopleChoice.of(options)
    from facestream.client import open_store
    from facestream.errors import FacestreamError
    from facestream.hint import command_line
    from facestream.output import print_json
    from facestream.people.people_view import (
        counted,
        nobody,
        person_json,
        print_people,
        provisional_note,
    )
    from facestream.people.thumbnail_files import write_thumbnails
    from facestream.wiring import thumbnails_folder

    with open_store(place) as store:
        store.check_there()
        _drop_stale_pictures(store)
        people, total, hidden = choice.people(store)
        tell_unknown_places(store, choice.where)
        left_out = f"{counted(hidden, 'ignored person', 'ignored people')}; --ignored shows them, too."
        if not people and not as_json:
            filtered = choice.narrows and store.people()
            click.echo("Nobody matches." if filtered or hidden else nobody(store))
            if hidden and not quiet:
                click.echo(left_out, err=True)
            return
        files = None
        if thumbnails or (thumbnails is None and len(people) <= _FEW):
            try:
                files = write_thumbnails(store, people, thumbnails_folder(place))
            except FacestreamError as error:
                # Who was seen can still be told.
                tell_warning(str(error))
    if as_json:
        print_json([person_json(person, files or {}) for person in people])
        return
    print_people(people, files)
    if quiet:
        return
    if note := provisional_note(place, sum(person.provisional for person in people), "person", "people"):
        click.echo(note, err=True)
    if total > len(people):
        more = counted(total - len(people), "more person", "more people")
        click.echo(f"{more}; --limit 0 shows all.", err=True)
    if thumbnails is None and len(people) > _FEW:
        click.echo(
            "Faces were left out of this long list: --thumbnails writes them to files, "
            f"`{command_line(place, 'report')}` shows them.",
            err=True,
        )
    if hidden:
        click.echo(left_out, err=True)


def _drop_stale_pictures(store: Store) -> None:
    """Let no file show who was forgotten on another machine."""
    from facestream.errors import FacestreamError

    try:
        store.drop_stale_pictures()
    except FacestreamError as error:
        # Who was seen can still be told.
        tell_warning(str(error))


@command.command(name="show", epilog="\b\nExample:\n  facestream people show p3")
@who_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, person_id: str, **_: Any) -> None:
    """Show one person: every sighting, and a face to look at. WHO is an id, or the whole name of somebody."""
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.hint import command_line, shown_path
    from facestream.output import print_json, print_table, printable
    from facestream.people.people_view import (
        counted,
        duration,
        led_on,
        marked,
        moment,
        person_json,
        place_in_file,
        provisional_note,
    )
    from facestream.people.thumbnail_files import write_thumbnails
    from facestream.source_name import full_name
    from facestream.wiring import thumbnails_folder

    with open_store(place) as store:
        store.check_there()
        _drop_stale_pictures(store)
        person = store.person(person_id)
        files = write_thumbnails(store, [person], thumbnails_folder(place))
    if chosen(ctx, "as_json"):
        print_json(person_json(person, files))
        return
    if merged := led_on(person_id, person):
        click.echo(merged)
    name = f" ({printable(person.name)})" if person.name else ""
    photos = sum(sighting.photo for sighting in person.sightings)
    videos = len(person.sightings) - photos
    where = [f"seen {duration(person.seconds)} in {counted(videos, 'sighting')}"] if videos else []
    where += [f"in {counted(photos, 'photo')}"] if photos else []
    click.echo(
        f"{person.id}{name}: {', '.join(where)}; {counted(person.tracks, 'track')}, "
        f"{counted(person.faces, 'face')}{'; ignored' if person.ignored else ''}"
        f"{'; provisional' if person.provisional else ''}"
    )
    if person.id in files:
        click.echo(f"thumbnail: {shown_path(files[person.id])}")
    rows = []
    for sighting in person.sightings:
        moments = ((sighting.start_at, sighting.start_s), (sighting.end_at, sighting.end_s))
        times = ["-" if sighting.photo and at is None else moment(at, media_s) for at, media_s in moments]
        rows.append(
            [
                times[0],
                marked(times[1], provisional=sighting.provisional),
                full_name(sighting.source_id, sighting.source),
            ]
        )
    columns = ["from", "to", "source"]
    places = [place_in_file(sighting) for sighting in person.sightings]
    if any(places):
        # Whoever wants to look needs more than a date.
        columns.insert(2, "in the file")
        for row, at in zip(rows, places, strict=True):
            row.insert(2, at)
    print_table(columns, rows)
    if not chosen(ctx, "quiet"):
        if note := provisional_note(place, sum(s.provisional for s in person.sightings), "sighting"):
            click.echo(note, err=True)
        listed = command_line(place, "tracks", "list", "--person", person.id)
        click.echo(f"`{listed}` lists the tracks.", err=True)


for subcommand in (
    name_person,
    merge,
    split,
    differs,
    ignore,
    cover,
    undo,
    log,
    find,
    together,
    clip,
    enroll,
    export_all,
    forget,
    thumbnails,
):
    command.add_command(subcommand)
