"""facestream readers: who reads the streams of a collection, and how far behind they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.output import print_json, print_table, printable

if TYPE_CHECKING:
    from storage.stream_readers import StreamReaders

_COLUMNS = ("stream", "kind", "name", "behind", "silent", "")


@click.group(
    name="readers",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream readers
  facestream readers drop changes billing
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Who reads what happens: webhooks, and consumer groups of the streams `changes` and `faces`.

    What they have not read is kept beyond the 100,000 latest entries and beyond `retention.streams`: for
    500,000 entries at most, and no longer for who has been silent for `retention.readers` days (7).
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream readers list
  facestream readers list --json | jq '.[] | select(.holds | not)'

\b
Columns:
  behind   age of the oldest entry that it has not done with
  silent   for how long it has read nothing, though there was something
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List them, and how far behind they are."""
    with _opened(ctx) as (readers, silent_after_s):
        found = readers.all()
    if chosen(ctx, "as_json"):
        print_json(
            [
                {
                    "stream": reader.stream,
                    "kind": reader.kind,
                    "name": reader.name,
                    "behind_s": round(reader.behind_s, 3),
                    "silent_s": round(reader.silent_s, 3),
                    "holds": reader.silent_s <= silent_after_s,
                }
                for reader in found
            ]
        )
    elif found:
        rows = [
            [
                reader.stream,
                reader.kind,
                printable(reader.name),
                _span(reader.behind_s),
                _span(reader.silent_s),
                "" if reader.silent_s <= silent_after_s else "too long: nothing is kept for it",
            ]
            for reader in found
        ]
        print_table(_COLUMNS, rows)
    else:
        click.echo("Nobody reads the streams of this collection by a webhook or a consumer group.")


@command.command(
    name="drop",
    epilog="""\b
Examples:
  facestream readers drop changes billing
  facestream readers drop faces archive --json
""",
)
@click.argument("stream", type=click.Choice(("changes", "faces")))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def drop(ctx: click.Context, /, stream: str, name: str, **_: Any) -> None:
    """Delete the consumer group NAME of a stream, whatever it has not read.

    A webhook goes with `facestream webhook remove`.
    """
    from facestream.errors import NotFoundError

    with _opened(ctx) as (readers, _after):
        if not readers.drop_group(stream, name):
            raise NotFoundError(f"there is no consumer group {name[:64]!r} on {stream!r}.", what=name)
    if chosen(ctx, "as_json"):
        print_json({"stream": stream, "name": name, "dropped": True})
    elif not chosen(ctx, "quiet"):
        click.echo(f"The consumer group {printable(name)} of {stream} is gone.", err=True)


@contextlib.contextmanager
def _opened(ctx: click.Context) -> Iterator[tuple[StreamReaders, float]]:
    from facestream.collection.catalogue import check_there
    from facestream.wiring import keys_of, make_store, open_handle

    place = chosen_place(ctx)
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        check_there(handle, place)
        store = make_store(handle, keys)
        yield store.readers, store.retention().silent_after_s


def _span(seconds: float) -> str:
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds else "-"
