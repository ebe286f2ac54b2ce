"""What `people forget` does where it is about many: everybody, a time, a source, files that are gone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.erasure.erasing import Erased

UNPROVEN = (
    "This is a server of your own, and what can't be proven from here is yours to see to: its append-only "
    "file and snapshots keep what was in them until they are rewritten (CONFIG SET aof-use-rdb-preamble no, "
    "then BGREWRITEAOF and BGSAVE), its replicas and their files as well, and so do backups of all of them."
)
"""Said where files of a server of one's own may still hold what was deleted."""

_EXIT_INTERRUPTED = 130
# So many files are named before they are forgotten.
_NAMED = 10


def tell_nothing_gone(*, as_json: bool) -> None:
    """Say that no file is gone."""
    from facestream.output import print_json

    if as_json:
        print_json({"tracks": 0, "people": 0})
    else:
        click.echo("No file is gone from its folder: nothing was deleted.")


def erase(
    store: Store,
    extent: str,
    what: dict[str, Any],
    files: list[str],
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase what is meant, after a question; `files` are told where nobody has named them."""
    from facestream.output import print_json
    from facestream.people.people_view import counted
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    before, source = what["before"], what["source"]
    expected = store.expected_erasure(extent, before=before, source=source)
    tracks, people = counted(expected.tracks, "track"), counted(expected.people, "person", "people")
    kept = len(store.kept_out()) if extent == "all" else 0
    templates = (
        f" Templates kept of {counted(kept, 'forgotten person', 'forgotten people')} go as well."
        if kept
        else ""
    )
    if files:
        if not as_json:
            _name_files(files, store.hint("sources", "--gone"))
        tracks = f"{tracks} of {counted(len(files), 'file')}"
    if dry_run:
        if as_json:
            told = {"tracks": expected.tracks, "people": expected.people, "dry_run": True}
            print_json({**told, "files": files} if files else told)
        else:
            click.echo(f"{tracks} would be deleted, and {people} of whom nothing would be left.{templates}")
        return
    question = f"Delete {tracks}, with {people} of whom nothing is left then, for good?{templates}"
    _confirm_number(question, expected.tracks, yes=yes)
    try:
        with ProgressBar(stderr_console(), quiet=as_json) as bar:
            done: Erased = store.erase(
                extent, tell=lambda gone: bar.tell("deleted", gone, expected.tracks), **what
            )
    except KeyboardInterrupt:
        click.echo(
            "Stopped. What is left goes when this is asked for again, or as soon as anybody finds people in "
            "this collection (watch, serve, run).",
            err=True,
        )
        raise click.exceptions.Exit(_EXIT_INTERRUPTED) from None
    if as_json:
        print_json(
            {
                "tracks": done.tracks,
                "people": done.people,
                "uploads": done.uploads,
                "uploads_elsewhere": list(done.uploads_elsewhere),
                "history_erased": done.history_erased,
            }
        )
    else:
        people = counted(done.people, "person", "people")
        click.echo(f"{counted(done.tracks, 'track')} deleted; of {people} nothing is left.")
    if done.uploads_elsewhere:
        from facestream.collection.collections_view import uploads_elsewhere

        click.echo(uploads_elsewhere(done.uploads_elsewhere), err=True)
    if not done.history_erased:
        click.echo(UNPROVEN, err=True)


def _name_files(paths: list[str], rest: str) -> None:
    """Say which files are meant; `rest` is the command that names all of them."""
    from facestream.output import printable

    for path in paths[:_NAMED]:
        click.echo(printable(path), err=True)
    if len(paths) > _NAMED:
        click.echo(f"... and {len(paths) - _NAMED} more: `{rest}` names all.", err=True)


def _confirm_number(question: str, number: int, *, yes: bool) -> None:
    """Ask for the number of what goes, which nobody types by mistake.

    Raises:
        UsageError: If nobody is there to ask.
        click.exceptions.Exit: If it is another number.
    """
    from facestream.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nothing was done: nobody is there to ask. Say --yes.")
    typed: str = click.prompt(
        f"{question} Type the number of tracks to go on", default="", show_default=False, err=True
    )
    if typed.strip() != str(number):
        click.echo("Nothing was done.", err=True)
        raise click.exceptions.Exit(1)
