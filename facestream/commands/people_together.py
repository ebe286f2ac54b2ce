"""facestream people together: who is visible at the same moment as whom."""

from __future__ import annotations

from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_options import sources_option, tell_unknown_source
from facestream.people.people_filter import PeopleFilter


@click.command(
    name="together",
    epilog="""\b
Examples:
  facestream people together
  facestream people together --source lobby.mp4 --json
""",
)
@sources_option("Seen in this file")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def together(ctx: click.Context, /, sources: tuple[str, ...], **_: Any) -> None:
    """List pairs of people by how long they were visible at the same moment, the longest first.

    Counted are the frames that show both, at the rate at which they were looked at, and photos that do. So
    it is less than the sightings of both have in common, which go on over breaks of up to 3 s. Whoever is
    ignored is left out.
    """
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.people.people_view import duration
    from facestream.people.together import together as pairs_of

    with open_store(chosen_place(ctx)) as store:
        store.check_there()
        tell_unknown_source(store, sources)
        where = PeopleFilter(sources=sources)
        names = {person.id: person.name for person in store.people(where)}
        meant = [s.source_id for s in store.sources() if where.means_source(s.source_id, s.path)]
        pairs = pairs_of((t for source_id in meant for t in store.tracks(source_id=source_id)), names)
    if chosen(ctx, "as_json"):
        print_json(
            [
                {
                    "people": [{"id": i, "name": names[i]} for i in pair.people],
                    "seconds": round(pair.seconds, 3),
                    "photos": pair.photos,
                }
                for pair in pairs
            ]
        )
        return
    if not pairs:
        click.echo("No two people were seen at the same moment.")
        return
    rows = [
        [
            pair.people[0],
            names[pair.people[0]] or "-",
            pair.people[1],
            names[pair.people[1]] or "-",
            duration(pair.seconds),
            str(pair.photos or ""),
        ]
        for pair in pairs
    ]
    print_table(("person", "name", "with", "name", "together", "photos"), rows, right={"together", "photos"})
