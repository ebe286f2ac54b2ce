"""facestream token: who may use the HTTP API from elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.errors import UsageError
from facestream.output import print_json, print_table

if TYPE_CHECKING:
    from storage.token_store import TokenStore

_SCOPES = ("read", "write", "admin")
_COLUMNS = ("name", "scope", "made", "last used")


@click.group(
    name="token",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream token add tablet                    may look
  facestream token add family --scope write      may also name people and process videos
  facestream token                               which there are, and when they were used
  facestream token remove tablet
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Tokens of the page and the HTTP API (`facestream serve`): add, list or remove them.

    Each belongs to one collection. Only a hash of it is stored.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="add",
    epilog="""\b
Examples:
  facestream token add tablet
  facestream token add family --scope write
  facestream token add script --scope admin > token.txt
""",
)
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(_SCOPES),
    default="read",
    show_default=True,
    help="read looks; write also decides about people and processes videos; admin also adds and removes "
    "cameras and webhooks, and forgets people.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def add(ctx: click.Context, /, name: str, scope: str, **_: Any) -> None:
    """Make a token called NAME and print it. It can't be shown again."""
    from storage.token_record import Scope

    with _opened(ctx) as store, _names():
        token = store.add(name, Scope(scope))
    if chosen(ctx, "as_json"):
        print_json({"name": name, "scope": scope, "token": token})
        return
    click.echo(token)
    if not chosen(ctx, "quiet"):
        click.echo(
            f"That is the token {name!r}, with the scope {scope}. Keep it: it can't be shown again.", err=True
        )


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream token list
  facestream token list --json
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List tokens, what they allow, and when they were last used."""
    from facestream.hint import command_line

    place = chosen_place(ctx)
    with _opened(ctx) as store:
        tokens = store.all()
    if chosen(ctx, "as_json"):
        print_json(
            [
                {
                    "name": record.name,
                    "scope": record.scope,
                    "created_at": _iso(record.created_at_s),
                    "last_used_at": None if used_s is None else _iso(used_s),
                }
                for record, used_s in tokens
            ]
        )
    elif tokens:
        rows = [
            [record.name, record.scope, _short(record.created_at_s), _short(used_s)]
            for record, used_s in tokens
        ]
        print_table(_COLUMNS, rows)
    else:
        click.echo(f"There are no tokens. `{command_line(place, 'token', 'add', 'NAME')}` makes one.")


@command.command(
    name="remove",
    epilog="""\b
Examples:
  facestream token remove tablet
""",
)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def remove(ctx: click.Context, /, name: str, **_: Any) -> None:
    """Take the token NAME away: from now on it lets nobody in, and logins with it end."""
    with _opened(ctx) as store, _names():
        store.remove(name)
    if chosen(ctx, "as_json"):
        print_json({"name": name, "removed": True})
    elif not chosen(ctx, "quiet"):
        click.echo(f"Token {name!r} is removed.", err=True)


@contextlib.contextmanager
def _opened(ctx: click.Context) -> Iterator[TokenStore]:
    from facestream.wiring import keys_of, make_token_store, open_handle

    place = chosen_place(ctx)
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        yield make_token_store(handle, keys)


@contextlib.contextmanager
def _names() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise UsageError(f"{error}.") from error


def _iso(unix_s: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix_s, UTC).isoformat()


def _short(unix_s: float | None) -> str:
    from datetime import datetime

    return "never" if unix_s is None else f"{datetime.fromtimestamp(unix_s).astimezone():%Y-%m-%d %H:%M}"
