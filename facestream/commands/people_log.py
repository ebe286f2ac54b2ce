"""facestream people log and undo: what was decided, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.decisions.decision import Decision


@click.command(
    name="undo",
    epilog="""\b
Examples:
  facestream people undo           the last decision that counts
  facestream people undo 4
""",
)
@click.argument("number", metavar="[NUMBER]", type=click.IntRange(1), required=False)
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def undo(ctx: click.Context, /, number: int | None, pack: str | None, **_: Any) -> None:
    """Take a decision back, by default the last one that is not taken back.

    An undone merge brings the ids of those back who were taken over, with the tracks that they had then. An
    undone split puts the tracks back. Of names and faces, what was said before counts again.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, printable

    with open_store(place) as store:
        store.check_there()
        done = store.undo(number, models=pack)
        undone = next(decision for decision in store.decisions() if decision.number == done.undoes)
        now = [_as_of_now(store, person_id) for person_id in dict.fromkeys(undone.people)]
    if chosen(ctx, "as_json"):
        print_json(decision_json(done))
        return
    click.echo(
        f"Decision {undone.number} is taken back. It said: {printable(str(undone))}. "
        f"Now {printable('; '.join(now))}."
    )


def _as_of_now(store: Store, person_id: str) -> str:
    """What has become of somebody whom a decision was about."""
    from facestream.errors import NotFoundError
    from facestream.people.people_view import counted

    try:
        person = store.person(person_id)
    except NotFoundError:
        return f"{person_id} is no more"
    if person.id != person_id:
        return f"{person_id} leads to {person.id}"
    called = f"is called {person.name}" if person.name else "has no name"
    ignored = ", is ignored" if person.ignored else ""
    return f"{person_id} {called}{ignored} and has {counted(person.tracks, 'track')}"


def taken_back_by(ctx: click.Context, decision: Decision) -> str:
    """The number of a decision, and the command that takes it back."""
    from facestream.hint import command_line

    pack = ctx.params.get("pack")
    models = () if pack is None else ("--models", pack)
    undo = command_line(chosen_place(ctx), "people", "undo", str(decision.number), *models)
    return f"(decision {decision.number}; `{undo}` takes it back)"


@click.command(
    name="log",
    epilog="""\b
Examples:
  facestream people log
  facestream people log --limit 0 --json
""",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    metavar="N",
    help="Only the last N; 0 for all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def log(ctx: click.Context, /, limit: int, **_: Any) -> None:
    """List what was decided, the first first: names, merges, splits, who differs or is ignored, undos."""
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.people.people_view import counted, local_time

    with open_store(place) as store:
        store.check_there()
        decisions = store.decisions()
    shown = decisions[-limit:] if limit else decisions
    if chosen(ctx, "as_json"):
        print_json([decision_json(decision) for decision in shown])
        return
    if not shown:
        click.echo("Nothing was decided yet.")
        return
    rows = [
        [
            str(decision.number),
            local_time(decision.made_at.timestamp()),
            str(decision),
            f"by {decision.undone_by}" if decision.undone_by else "",
        ]
        for decision in shown
    ]
    print_table(("decision", "when", "what", "taken back"), rows, right={"decision"})
    if len(decisions) > len(shown) and not chosen(ctx, "quiet"):
        more = counted(len(decisions) - len(shown), "earlier decision")
        click.echo(f"{more}; --limit 0 shows all.", err=True)


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision for machines."""
    return {
        "number": decision.number,
        "kind": decision.kind,
        "made_at": decision.made_at.isoformat(),
        "people": list(decision.people),
        "tracks": list(decision.tracks),
        "name": decision.name,
        "name_before": decision.name_before,
        "names_before": list(decision.names_before),
        "names_dropped": list(decision.names_dropped),
        "on": decision.on,
        "undoes": decision.undoes,
        "undone_by": decision.undone_by,
        "about_forgotten": decision.about_forgotten,
        "text": str(decision),
    }
