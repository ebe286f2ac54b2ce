"""facestream dead: what could not be taken in, to be looked at, tried again or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, own_models_option, place_options, verbosity_options

if TYPE_CHECKING:
    from facestream.dead_letters.dead_letter import DeadLetter

_COLUMNS = ("id", "put aside", "what", "of", "tries", "bytes", "reason")
# Ids of tracks are shorter, unless somebody else sends them.
_LONGEST = 60
_RIGHT = frozenset(("tries", "bytes"))


@click.group(
    name="dead",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream dead                          what could not be taken in, and why
  facestream dead show 1764255300000-0     one of them
  facestream dead retry --all              take them in after all, as after an update
  facestream dead drop --all               delete them for good
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """List, show, retry or drop dead letters: what was found and could not be taken in.

    A face that was made by other models, or a record that can't be read, is put aside with the reason, so
    that what comes after it is not held up. The latest 10,000 are kept.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all, limit=20)


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream dead list
  facestream dead list --limit 0 --json | jq -r '.[].reason' | sort | uniq -c
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
def list_all(ctx: click.Context, /, limit: int, **_: Any) -> None:
    """List what could not be taken in, the last one first."""
    from facestream.client import open_store
    from facestream.output import print_json, print_table

    with open_store(chosen_place(ctx)) as store:
        store.check_there()
        letters = store.dead_letters(limit or None)
    if chosen(ctx, "as_json"):
        print_json([_json(letter) for letter in letters])
    elif letters:
        print_table(_COLUMNS, [_row(letter) for letter in letters], _RIGHT)
    else:
        click.echo("There are no dead letters: everything was taken in.")


@command.command(
    name="show",
    epilog="""\b
Examples:
  facestream dead show 1764255300000-0
  facestream dead show 1764255300000-0 --json
""",
)
@click.argument("letter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, letter_id: str, **_: Any) -> None:
    """Show one dead letter: why it was put aside, and its fields; of vectors and pictures the size."""
    from facestream.client import open_store
    from facestream.output import print_json, printable

    with open_store(chosen_place(ctx)) as store:
        store.check_there()
        letter = store.dead_letter(letter_id)
    if chosen(ctx, "as_json"):
        print_json(_json(letter))
        return
    lines = [("id", letter.id), ("put aside", _when(letter)), ("tries", str(letter.tries))]
    lines += [("reason", letter.reason), *letter.fields.items()]
    lines += [(name, f"({size} bytes)") for name, size in letter.binary.items()]
    for what, how_much in lines:
        click.echo(f"{printable(what):<16}{printable(how_much)}")


@command.command(
    name="retry",
    epilog="""\b
Examples:
  facestream dead retry --all
  facestream dead retry 1764255300000-0 1764255300000-1 --json

\b
Exit codes: 0 all were taken in, 1 some failed again, 2 wrong usage.
""",
)
@click.argument("letter_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@own_models_option
@click.option("--json", "as_json", is_flag=True, help="Print what became of them as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def retry(
    ctx: click.Context, /, letter_ids: tuple[str, ...], everything: bool, pack: str | None, **_: Any
) -> int:
    """Take in dead letters after all, as after an update of facestream.

    Each stays where it is until it has had its effect, and has it once. One that fails again is put aside
    again, with the new reason and a new id.
    """
    from facestream.client import open_store
    from facestream.output import print_json, print_table
    from facestream.people.people_view import counted

    ids = _which(letter_ids, everything=everything)
    with open_store(chosen_place(ctx)) as store:
        store.check_there()
        done = store.retry_dead_letters(ids, models=pack)
    if chosen(ctx, "as_json"):
        print_json({"taken_in": list(done.taken_in), "failed": [_json(letter) for letter in done.failed]})
    else:
        if done.failed:
            print_table(_COLUMNS, [_row(letter) for letter in done.failed], _RIGHT)
        click.echo(
            f"{counted(len(done.taken_in), 'dead letter')} taken in, {len(done.failed)} failed again.",
            err=bool(done.failed),
        )
    return 1 if done.failed else 0


@command.command(
    name="drop",
    epilog="""\b
Examples:
  facestream dead drop 1764255300000-0
  facestream dead drop --all --yes
""",
)
@click.argument("letter_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was deleted as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def drop(ctx: click.Context, /, letter_ids: tuple[str, ...], everything: bool, yes: bool, **_: Any) -> None:
    """Delete dead letters for good: what they hold has no effect then.

    The embedded server's files hold nothing of them afterwards.
    """
    from facestream.client import open_store
    from facestream.output import confirm, print_json
    from facestream.people.people_view import counted

    ids = _which(letter_ids, everything=everything)
    with open_store(chosen_place(ctx)) as store:
        store.check_there()
        # Those that come while somebody thinks about the question are not meant.
        found = [store.dead_letter(i) for i in dict.fromkeys(ids)] if ids else store.dead_letters()
        if found:
            confirm(f"Delete {counted(len(found), 'dead letter')} for good?", yes=yes)
        done = store.drop_dead_letters([letter.id for letter in found])
    if chosen(ctx, "as_json"):
        print_json({"dropped": done.count, "history_erased": done.history_erased})
        return
    click.echo(f"{counted(done.count, 'dead letter')} deleted.")
    if not done.history_erased:
        click.echo(
            "The append-only file and the snapshots of your server keep what was in them until they are "
            "rewritten (BGREWRITEAOF, BGSAVE).",
            err=True,
        )


def _which(letter_ids: tuple[str, ...], *, everything: bool) -> tuple[str, ...] | None:
    """The ids that are meant; None for all."""
    if everything == bool(letter_ids):
        raise click.UsageError("Say which: ids of `facestream dead list`, or --all.")
    return letter_ids or None


def _when(letter: DeadLetter) -> str:
    from facestream.people.people_view import local_time

    return local_time(letter.at.timestamp()) if letter.at else "unknown"


def _row(letter: DeadLetter) -> list[str]:
    return [
        letter.id,
        _when(letter),
        letter.kind or "unknown",
        _about(letter),
        str(letter.tries),
        str(letter.size_bytes),
        letter.reason,
    ]


def _about(letter: DeadLetter) -> str:
    """What it is of. Whoever sent it may have written anything; `dead show` shows all of it."""
    from facestream.output import shortened

    return shortened(letter.track_id or letter.source_id or "-", _LONGEST)


def _json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "type": letter.kind,
        "reason": letter.reason,
        "at": letter.at.isoformat(timespec="milliseconds") if letter.at else None,
        "tries": letter.tries,
        "source_id": letter.source_id,
        "track_id": letter.track_id,
        "size_bytes": letter.size_bytes,
        "fields": letter.fields,
        "binary_bytes": letter.binary,
    }
