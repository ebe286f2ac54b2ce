"""facestream people forget: every trace of a person is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options
from facestream.commands.people_options import who_argument

if TYPE_CHECKING:
    from facestream.forgetting import Forgotten


@click.command(
    name="forget",
    epilog="""\b
Examples:
  facestream people forget p3
  facestream people forget p3 --yes --json
""",
)
@who_argument
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print what was deleted as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def forget(ctx: click.Context, /, person_id: str, yes: bool, pack: str | None, **_: Any) -> None:
    """Delete every trace of a person: tracks, vectors, faces, sightings, events, thumbnails, older ids.

    The files they were seen in stay marked as processed: running them again leaves the person out, and says
    so; `facestream run --include-forgotten` looks at them anew. In other files, and in a run that is looking
    at them right now, the person would be a new one: nothing is kept to know them by. Backups, reports and
    exports that you made are yours to delete. WHO is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import confirm, printable
    from facestream.people_view import counted, led_on

    with open_store(place) as store:
        if store.is_forgotten(person_id):
            # Their part in the server's files, where that could not be deleted the first time.
            _tell(store.forget(person_id, models=pack), as_json=chosen(ctx, "as_json"))
            return
        person = store.person(person_id)
        merged = led_on(person_id, person)
        was = f"{merged} " if merged else ""
        name = f" ({printable(person.name)})" if person.name else ""
        sources = len({sighting.source_id for sighting in person.sightings})
        confirm(
            f"{was}Forget {person.id}{name}: {counted(person.tracks, 'track')} in "
            f"{counted(sources, 'source')}, for good?",
            yes=yes,
        )
        done = store.forget(person.id, models=pack)
    _tell(done, as_json=chosen(ctx, "as_json"))


def _tell(done: Forgotten, *, as_json: bool) -> None:
    from facestream.output import print_json
    from facestream.people_view import counted

    if as_json:
        print_json(
            {
                "id": done.id,
                "older_ids": list(done.older_ids),
                "tracks": done.tracks,
                "sources": list(done.sources),
                "history_erased": done.history_erased,
            }
        )
        return
    if not done.tracks:
        click.echo(f"{done.id} was forgotten before; what was left of them in files is deleted now.")
        return
    older = f" (once also {', '.join(done.older_ids)})" if done.older_ids else ""
    click.echo(f"{done.id}{older} is forgotten: {counted(done.tracks, 'track')} deleted.")
    if not done.history_erased:
        click.echo(
            "The append-only file and the snapshots of your server keep what was in them until they are "
            "rewritten (BGREWRITEAOF, BGSAVE).",
            err=True,
        )
