"""facestream stats: how steady the people of a collection are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options

if TYPE_CHECKING:
    from facestream.clusters.recluster import Recluster

_COLUMNS = ("done", "tracks", "people", "of nobody", "churn", "wide", "seconds", "by", "for")
_RIGHT = frozenset(_COLUMNS[1:-2])


@click.command(
    name="stats",
    epilog="""\b
Examples:
  facestream stats
  facestream stats --limit 0 --json | jq '.[].churn'

\b
Columns:
  people     people there were after it
  of nobody  share of tracks that were given to nobody
  churn      share of earlier tracks, of which nothing new was known, that are somebody else's now
  wide       people with a track that the others of theirs speak against: perhaps two people
  by         how tracks were grouped; `run --clustering` chooses
They belong together: who never merges anybody has no churn, and many people.
""",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many, the last ones; 0 is all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, limit: int, **_: Any) -> None:
    """Show what the latest re-clusters did to the people of the collection, the last one first.

    Whenever a file is done, all tracks are grouped anew. People keep their ids as far as they share tracks.
    How much is in a collection is what `facestream collections stats` shows.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.people.people_filter import PeopleFilter
    from facestream.people.people_view import nobody

    with open_store(place) as store:
        store.check_there()
        found, unsure = store.reclusters(limit or None), len(store.provisional_tracks())
        empty = "" if found or unsure else nobody(store)
        if empty and store.people(PeopleFilter(ignored=True)):
            empty = "Nobody was grouped anew here as yet: what came before is from a backup, say."
    if chosen(ctx, "as_json"):
        print_json([_json(recluster) for recluster in found])
    elif empty:
        click.echo(empty)
    else:
        if found:
            print_table(_COLUMNS, [_row(recluster) for recluster in found], _RIGHT)
        if unsure:
            click.echo(f"provisional tracks: {unsure}, which the next re-cluster confirms or corrects")


def _row(recluster: Recluster) -> list[str]:
    from facestream.people.people_view import local_time

    return [
        local_time(recluster.ended_at.timestamp()),
        str(recluster.tracks),
        str(recluster.people),
        f"{recluster.unassigned_share:.1%}",
        f"{recluster.churn:.1%}" if recluster.earlier else "-",
        str(recluster.wide),
        f"{recluster.seconds:.2f}",
        recluster.clustering,
        recluster.reason,
    ]


def _json(recluster: Recluster) -> dict[str, Any]:
    return {
        "ended_at": recluster.ended_at.isoformat(timespec="milliseconds"),
        "reason": recluster.reason,
        "tracks": recluster.tracks,
        "people": recluster.people,
        "unassigned_share": round(recluster.unassigned_share, 6),
        "churn": round(recluster.churn, 6),
        "earlier": recluster.earlier,
        "wide": recluster.wide,
        "seconds": recluster.seconds,
        "clustering": recluster.clustering,
    }
