"""facestream people name: what people call somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_log import taken_back_by
from facestream.commands.people_options import who_argument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facestream.client import Store
    from facestream.people.person import Person


@click.command(
    name="name",
    epilog="""\b
Examples:
  facestream people name p3 'Ada Lovelace'
  facestream people name p3 ''                take the name away
""",
)
@who_argument
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print the person as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def name_person(ctx: click.Context, /, person_id: str, name: str, **_: Any) -> None:
    """Say what people call somebody.

    The name stays with the person in later runs and re-clusters; when two are found to be one, the name stays
    with that one. At most 200 characters on one line. `facestream people undo` takes it back.
    WHO is an id, or the whole name that somebody has.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.hint import command_line
    from facestream.output import print_json, printable
    from facestream.people.people_view import person_json

    with open_store(place) as store:
        store.check_there()
        decision = store.name(person_id, name)
        person = store.person(person_id if decision is None else decision.people[0])
        others = _called_like(store, person)
    if chosen(ctx, "as_json"):
        print_json({**person_json(person), "decision": decision and decision.number})
        return
    called = f"{person.id} is called {printable(person.name)}" if person.name else f"{person.id} has no name"
    if decision is None:
        click.echo(f"Nothing to do: {called} already.")
    else:
        click.echo(f"{called} {taken_back_by(ctx, decision)}.")
    if others and not chosen(ctx, "quiet"):
        # The one with the lowest id is who is known longest.
        merge = command_line(place, "people", "merge", *_by_number([*others, person.id]))
        listed = f"{', '.join(others[:-1])} and {others[-1]} are" if len(others) > 1 else f"{others[0]} is"
        click.echo(f"{listed} called so, too. If they are one person: `{merge}`", err=True)


def _called_like(store: Store, person: Person) -> list[str]:
    """Ids of the others who have somebody's name, as upper and lower case are the same; the lowest first."""
    from facestream.people.people_filter import PeopleFilter, folded

    if not person.name:
        return []
    alike = store.people(PeopleFilter(name=person.name, ignored=True))
    return _by_number(
        other.id for other in alike if other.id != person.id and folded(other.name) == folded(person.name)
    )


def _by_number(ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=lambda person_id: int(person_id[1:]))
