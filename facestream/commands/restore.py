"""facestream restore: a collection back from a backup."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.log_format import tell_warning
from facestream.output import confirm, print_json, printable


@click.command(
    name="restore",
    epilog="""\b
Examples:
  facestream restore faces.facestream                       under its own name
  facestream restore faces.facestream --collection copy     beside the one that it was made of
  facestream restore faces.facestream --replace             instead of that one
""",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Delete a collection of that name first.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before a collection is replaced.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options(None)
@verbosity_options
def command(
    file: Path,
    replace: bool,
    yes: bool,
    as_json: bool,
    data_dir: str | None,
    redis_url: str | None,
    collection: str | None,
    quiet: bool,
    **_: Any,
) -> None:
    """Read a collection back from FILE, a backup.

    It becomes the collection that it was made of, unless --collection names another. FILE is checked to its
    end before anything is changed, and a collection that is there is left alone without --replace. People
    keep their ids, and the same videos are not looked at again.
    """
    from facestream.collection import archive
    from facestream.collection.collections_view import collection_json, contents
    from facestream.configuration.settings import Place
    from facestream.hint import command_line
    from facestream.people.people_view import counted
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar
    from storage.catalogue import CollectionInfo

    # As with Ctrl-C, no half of a collection is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ProgressBar(stderr_console(), quiet=quiet) as bar:

        def ask(info: CollectionInfo) -> None:
            bar.pause()
            confirm(f"Delete collection {info.name!r} ({contents(info)}) and restore {file}?", yes=yes)

        done = archive.restore(
            file,
            data_dir,
            redis=redis_url,
            collection=collection,
            replace=replace,
            before=ask,
            tell=bar.tell,
        )
    if as_json:
        print_json(
            {
                "file": str(done.path),
                "seconds": round(done.seconds, 3),
                "collection": collection_json(done.info),
                "replaced": None if done.replaced is None else collection_json(done.replaced),
                "history_erased": done.history_erased,
                "sealed_cameras": done.sealed_cameras,
                "sealed_webhooks": done.sealed_webhooks,
                "sealed_faces": done.sealed_faces,
                "encryption_ended": done.encryption_ended,
                "uploads": done.uploads,
                "groups": [{"stream": stream, "name": name} for stream, name in done.groups],
            }
        )
    elif not quiet:
        click.echo(f"Collection {done.info.name!r}: {contents(done.info)} from {file}", err=True)
        if done.uploads:
            gone = counted(done.uploads, "uploaded file")
            click.echo(f"Deleted with the one that was replaced: {gone}.", err=True)
    if done.uploads_left:
        tell_warning(
            f"what was uploaded into the one that was replaced is not all deleted: {done.uploads_left}"
        )
    if done.sealed_cameras:
        tell_warning(
            f"URLs of cameras can't be opened here: {', '.join(done.sealed_cameras)}. Set "
            "FACESTREAM_SECRET_KEY, or copy camera.key from the data folder that they were added from, and "
            "restore again; or remove them and add them anew."
        )
    if done.sealed_webhooks:
        tell_warning(
            f"URLs of webhooks can't be opened here: {', '.join(done.sealed_webhooks)}. The same "
            "key is missing; or remove them and add them anew."
        )
    if done.sealed_faces:
        tell_warning(done.sealed_faces)
    if done.encryption_ended:
        again = command_line(Place.of(data_dir, redis_url, done.info.name), "encryption", "on")
        tell_warning(
            "the collection that was replaced was encrypted, and the backup is from before that: "
            f"faces stand open now. `{again}` encrypts them."
        )
    if done.groups and not quiet:
        names = ", ".join(f"{printable(name)} of {stream}" for stream, name in done.groups)
        click.echo(f"Consumer groups read what comes from now on: {names}.", err=True)
    if done.replaced is not None and not done.history_erased:
        click.echo(
            "Your server's append-only file and snapshots keep the one that was replaced until they are "
            "rewritten (BGREWRITEAOF, BGSAVE).",
            err=True,
        )
