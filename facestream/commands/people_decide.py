"""facestream people merge, split, differs, ignore and cover: what people decide about who is whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options
from facestream.commands.people_log import decision_json, taken_back_by
from facestream.commands.people_options import who_argument

if TYPE_CHECKING:
    from facestream.decisions.decision import Decision
    from facestream.people.person import Person

# What two have in common for less may be a break that their sightings go on over.
_TELLING_S = 3.0


def _tell(ctx: click.Context, decision: Decision | None, already: str = "") -> None:
    """Say what was decided, in one line, and how to take it back; or that it was so `already`."""
    from facestream.output import print_json, printable

    if chosen(ctx, "as_json"):
        print_json(decision and decision_json(decision))
    elif decision is None:
        click.echo(f"Nothing to do: {printable(already)} already.")
    else:
        click.echo(f"{printable(str(decision))} {taken_back_by(ctx, decision)}.")


def _doubt(keep: Person, other: Person) -> None:
    """Say that two who were made one were seen side by side, where they were."""
    from facestream.people.people_view import counted, duration
    from facestream.people.together import beside_s, common_photos

    shared_s = beside_s(keep.sightings, other.sightings)
    photos = common_photos(keep.sightings, other.sightings)
    where = [f"for up to {duration(shared_s)}"] if shared_s >= _TELLING_S else []
    where += [f"on {counted(photos, 'photo')}"] if photos else []
    if where:
        click.echo(
            f"{keep.id} and {other.id} were seen side by side, {' and '.join(where)}: in a mirror or on a "
            "screen, or else they are two.",
            err=True,
        )


@click.command(
    name="merge",
    epilog="""\b
Examples:
  facestream people merge p1 p4
  facestream people merge 'Ada Lovelace' p4 p7
""",
)
@click.argument("keep", metavar="KEEP")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def merge(ctx: click.Context, /, keep: str, others: tuple[str, ...], pack: str | None, **_: Any) -> None:
    """Say that people are one: KEEP, who gets all that the OTHERs have.

    It holds from now on, at every re-cluster, also where they were seen together, as in a mirror. Whoever is
    seen beside them again after that, in that mirror, is somebody new all the same, to be merged as well. The
    ids of the others lead to KEEP; a name goes over where KEEP has none. Of different names, that of KEEP
    stays; the others are kept in the log, and an undo gives them back. A wrong track can be split off again;
    the rest stays one person. Each is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store

    with open_store(place) as store:
        people = [store.person(who) for who in (keep, *others)]
        decision = store.merge(keep, *others, models=pack)
    _tell(ctx, decision)
    if not chosen(ctx, "quiet"):
        for other in people[1:]:
            _doubt(people[0], other)


@click.command(
    name="split",
    epilog="""\b
Examples:
  facestream people thumbnails p3 --tracks -o faces/   a face of each track
  facestream people split p3 v-0123456789abcdef.250.0
""",
)
@who_argument
@click.argument("track_ids", metavar="TRACK...", nargs=-1, required=True)
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def split(
    ctx: click.Context, /, person_id: str, track_ids: tuple[str, ...], pack: str | None, **_: Any
) -> None:
    """Say that TRACKs of a person are somebody else: they get an id of their own.

    From now on they stay together, and apart from the other tracks that the person has at this moment. Merges
    before hold for all but them; where nothing would be left of one of those who were merged, it is refused.
    WHO is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store

    with open_store(place) as store:
        _tell(ctx, store.split(person_id, track_ids, models=pack))


@click.command(name="differs", epilog="\b\nExample:\n  facestream people differs p3 p5")
@click.argument("first", metavar="WHO")
@click.argument("second", metavar="WHO")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def differs(ctx: click.Context, /, first: str, second: str, pack: str | None, **_: Any) -> None:
    """Say that two people are two, however alike they look: no re-cluster will take them for one.

    Each is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store

    with open_store(place) as store:
        _tell(ctx, store.differs(first, second, models=pack), f"{first} and {second} are kept apart")


@click.command(
    name="ignore",
    epilog="""\b
Examples:
  facestream people ignore p7
  facestream people ignore p7 --off
  facestream people --ignored             the list with those who are ignored
""",
)
@who_argument
@click.option("--off", is_flag=True, help="No longer ignore this person.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def ignore(ctx: click.Context, /, person_id: str, off: bool, **_: Any) -> None:
    """Leave a person out of lists and reports, such as a face on a poster.

    Everything that is known of them stays, and they are followed as before: what is added to them later is
    ignored as well. WHO is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store

    with open_store(place) as store:
        _tell(
            ctx, store.ignore(person_id, on=not off), f"{person_id} is {'not ignored' if off else 'ignored'}"
        )


@click.command(
    name="cover",
    epilog="""\b
Examples:
  facestream people thumbnails p3 --tracks -o faces/   a face of each track
  facestream people cover p3 v-0123456789abcdef.250.0
""",
)
@who_argument
@click.argument("track_id", metavar="TRACK")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def cover(ctx: click.Context, /, person_id: str, track_id: str, pack: str | None, **_: Any) -> None:
    """Show a person by the best face of TRACK first.

    WHO is an id, or the whole name of somebody. Should the track turn out to be of another person, that one
    is shown by it.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store

    with open_store(place) as store:
        _tell(ctx, store.cover(person_id, track_id, models=pack), f"{person_id} is shown by that track")
