"""facestream collections: which sets of people there are, how large they are, and dropping one."""

from __future__ import annotations

import signal
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.configuration.setting_option import was_typed
from facestream.errors import UsageError
from facestream.output import confirm, print_json, print_table, printable


@click.group(
    name="collections",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream collections                   which there are
  facestream collections stats family      how much is in one
  facestream collections drop family       delete one for good
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """List the collections: sets of people that know nothing of each other.

    `facestream run --collection NAME` begins a new one.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream collections list
  facestream collections list --json | jq -r '.[].name'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List all collections: people, tracks, sources, date of the first run, model pack."""
    from facestream.collection.catalogue import collections
    from facestream.collection.collections_view import COLUMNS, RIGHT, collection_json, collection_row
    from facestream.hint import command_line

    place = chosen_place(ctx)
    infos = collections(place.data_dir, redis=place.redis_url)
    if chosen(ctx, "as_json"):
        print_json([collection_json(info) for info in infos])
    elif infos:
        print_table(COLUMNS, [collection_row(info) for info in infos], RIGHT)
    else:
        click.echo(f"There is no collection yet. Start with: {command_line(place, 'run', 'VIDEO')}")


@command.command(
    name="stats",
    epilog="""\b
Examples:
  facestream collections stats
  facestream collections stats family --json
""",
)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def stats(ctx: click.Context, /, name: str | None, **_: Any) -> None:
    """Show how much is in a collection, and what of it is not done yet.

    NAME is the collection, unless --collection says it. Its memory is an estimate from some of its records.
    """
    from facestream.collection.catalogue import collection_stats
    from facestream.collection.collections_view import stats_json, stats_lines

    place = chosen_place(ctx)
    found = collection_stats(_only(ctx, name, place.collection), place.data_dir, redis=place.redis_url)
    if chosen(ctx, "as_json"):
        print_json(stats_json(found))
        return
    for what, how_much in stats_lines(found):
        click.echo(f"{what:<14}{printable(how_much)}")


@command.command(
    name="drop",
    epilog="""\b
Examples:
  facestream backup family.facestream --collection family
  facestream collections drop family
""",
)
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def drop(ctx: click.Context, /, name: str, yes: bool, **_: Any) -> None:
    """Delete a collection for good: people, tracks, faces, pictures, and what was uploaded into it.

    The embedded server's files hold nothing of it afterwards. Backups keep what they hold. If this is
    interrupted, drop the collection again.
    """
    from facestream.collection import catalogue
    from facestream.collection.collections_view import contents, uploads_elsewhere
    from facestream.people.people_view import counted
    from storage.catalogue import CollectionInfo

    def ask(info: CollectionInfo) -> None:
        confirm(f"Delete collection {info.name!r} for good ({contents(info)})?", yes=yes)

    # As with Ctrl-C, what is held is let go of.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = chosen_place(ctx)
    name = _only(ctx, name, place.collection)
    dropped = catalogue.drop(name, place.data_dir, redis=place.redis_url, before=ask)
    info = dropped.info
    if chosen(ctx, "as_json"):
        numbers = {"people": info.people, "tracks": info.tracks, "sources": info.sources}
        print_json(
            {
                "collection": info.name,
                **numbers,
                "uploads": dropped.uploads,
                "uploads_elsewhere": list(dropped.uploads_elsewhere),
                "history_erased": dropped.history_erased,
            }
        )
    elif not chosen(ctx, "quiet"):
        uploads = f", and {counted(dropped.uploads, 'uploaded file')}" if dropped.uploads else ""
        click.echo(f"Collection {info.name!r} is gone ({contents(info)}){uploads}.", err=True)
    if dropped.uploads_elsewhere:
        click.echo(uploads_elsewhere(dropped.uploads_elsewhere), err=True)
    if not dropped.history_erased:
        click.echo(
            "Your server's append-only file and snapshots keep it until they are rewritten (BGREWRITEAOF, "
            "BGSAVE).",
            err=True,
        )


def _only(ctx: click.Context, name: str | None, option: str) -> str:
    """The collection that is meant: by its name alone, or by --collection as everywhere else."""
    if name is None:
        return option
    is_typed = any(was_typed(each, "collection") for each in (ctx, ctx.parent) if each is not None)
    if is_typed and option != name:
        raise UsageError(f"{name!r} and --collection {option!r} are two collections. Name one.")
    return name
