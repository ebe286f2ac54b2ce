"""facestream encryption: vectors and pictures of faces, encrypted where they are stored."""

from __future__ import annotations

import dataclasses
import signal
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options

if TYPE_CHECKING:
    from facestream.collection.encrypting import Action, EncryptionChange, EncryptionStatus


@click.group(
    name="encryption",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream encryption                          whether it is on, and whether its key is here
  facestream encryption on
  facestream encryption rotate --collection lobby
  FACESTREAM_DATA_KEY_FILE=/run/secrets/faces facestream encryption on

\b
Exit codes: 0 all is well, 1 the key is missing or a change is unfinished, 2 wrong usage.
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Encrypt vectors and pictures of faces where they are stored (AES-256-GCM), or say whether they are.

    Off by default. What is not encrypted: names, times, places, and videos. The key is the first one of
    FACESTREAM_DATA_KEY, FACESTREAM_DATA_KEY_FILE or `data.key` in the data folder; every process of the
    collection needs it. Without it, the faces are lost. docs/privacy.md tells what it costs and protects.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@command.command(
    name="status",
    epilog="""\b
Examples:
  facestream encryption status
  facestream encryption status --json | jq -r .key_id

\b
Exit codes: 0 all is well, 1 the key is missing or a change is unfinished, 2 wrong usage.
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, **_: Any) -> None:
    """Say whether a collection is encrypted, with which key, and whether that is here."""
    from facestream.collection.encrypting import status
    from facestream.output import print_json

    found = status(chosen_place(ctx))
    if chosen(ctx, "as_json"):
        print_json({**dataclasses.asdict(found), "encrypted": bool(found.key_id)})
    else:
        click.echo("\n".join(_lines(found)))
    if found.problem or found.changing:
        raise click.exceptions.Exit(1)


@command.command(
    name="on",
    epilog="""\b
Examples:
  facestream encryption on
  FACESTREAM_DATA_KEY_FILE=/run/secrets/faces facestream encryption on --collection lobby
""",
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask before entries of the log `faces` are deleted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def turn_on(ctx: click.Context, /, **_: Any) -> None:
    """Encrypt a collection, with all that is in it; it may be empty still.

    Where no key is named, one is made in `data.key` of the data folder. What was stopped half way is gone on
    with by the same command. Stop `watch`, `serve` and workers meanwhile. Thumbnail files are deleted and not
    written any more: faces are seen in `serve`, `report` and exports.
    """
    _change(ctx, "on")


@command.command(
    name="rotate",
    epilog="""\b
Examples:
  facestream encryption rotate
  facestream encryption rotate --collection lobby --yes --json
""",
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask before entries of the log `faces` are deleted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def rotate(ctx: click.Context, /, **_: Any) -> None:
    """Encrypt everything with a new key: the first one that is here.

    In `data.key` one is made and put in front. In a file or variable of your own, put it there yourself and
    leave the old key behind it until this is done. What was stopped half way is gone on with by the same
    command. Backups that were made before need the old key still.
    """
    _change(ctx, "rotate")


@command.command(
    name="off",
    epilog="""\b
Examples:
  facestream encryption off
  facestream encryption off --collection lobby --yes
""",
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def turn_off(ctx: click.Context, /, **_: Any) -> None:
    """Store the faces of a collection readable again."""
    _change(ctx, "off")


def _change(ctx: click.Context, action: Action) -> None:
    from facestream.collection.encrypting import change
    from facestream.output import confirm, print_json
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    # As with Ctrl-C, the collection is let go of at once.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    as_json, quiet = chosen(ctx, "as_json"), chosen(ctx, "quiet")
    with ProgressBar(stderr_console(), quiet=quiet) as bar:

        def ask(logged: int) -> None:
            questions = []
            if action == "off":
                questions.append("Vectors and pictures of faces will be stored readable.")
            if logged:
                questions.append(f"{logged} entries of the log `faces` will be deleted.")
            if questions:
                bar.pause()
                confirm(f"{' '.join(questions)} Go on?", yes=ctx.params["yes"])

        done = change(chosen_place(ctx), action, ask, bar.tell)
    if as_json:
        print_json(
            {
                **dataclasses.asdict(done),
                "encrypted": bool(done.key_id),
                "key_made": None if done.key_made is None else str(done.key_made),
                "seconds": round(done.seconds, 3),
            }
        )
    elif not quiet:
        click.echo("\n".join(_told(done)), err=True)
    if done.changed and not done.history_erased:
        from facestream.commands.people_erase import UNPROVEN

        click.echo(UNPROVEN, err=True)


def _lines(found: EncryptionStatus) -> list[str]:
    lines = [
        f"Collection {found.collection!r} is encrypted with the data key {found.key_id}."
        if found.key_id
        else f"Collection {found.collection!r} is not encrypted."
    ]
    if found.changing:
        was = f"the key {found.before}" if found.before else "no key"
        finish = ("rotate" if found.before else "on") if found.key_id else "off"
        lines.append(
            f"A change from {was} was stopped half way, or is under way: `encryption {finish}` finishes it."
        )
    if found.key_id or found.keys:
        lines.append(f"Keys that are here ({found.place}): {', '.join(found.keys) or 'none'}.")
    return [*lines, *([found.problem] if found.problem else [])]


def _told(done: EncryptionChange) -> list[str]:
    from facestream.people.people_view import counted

    state = f"is encrypted with the data key {done.key_id}" if done.key_id else "is not encrypted"
    if not done.changed:
        return [f"Collection {done.collection!r} {state} already: nothing to do."]
    what = done.rewritten
    lines = [
        f"Collection {done.collection!r} {state}. Written anew: {counted(what.samples, 'face')}, "
        f"{counted(what.templates, 'template')}, {counted(what.dead, 'dead letter')}."
    ]
    if what.damaged:
        lines.append(f"{counted(what.damaged, 'value')} could not be opened and stayed as they were.")
    if done.key_made is not None:
        lines.append(
            f"A new key is the first one of {done.key_made}. Keep a copy elsewhere: without it the faces are "
            "lost. As it lies beside the data, it protects backups and copies of Redis, and not the folder "
            "as a whole: FACESTREAM_DATA_KEY_FILE names a file in another place."
        )
    if done.before:
        lines.append(
            f"The key {done.before} can go once no other collection and no backup needs it any more."
        )
    return lines
