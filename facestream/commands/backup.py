"""facestream backup: a collection as one file."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.output import confirm, print_json, refuse_dash


@click.command(
    name="backup",
    epilog="""\b
Examples:
  facestream backup faces.facestream
  facestream backup ~/family-$(date +%F).facestream --collection family
  facestream restore faces.facestream --collection copy
""",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("-y", "--yes", is_flag=True, help="Don't ask before an older file is replaced.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
def command(
    file: Path,
    yes: bool,
    as_json: bool,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    **_: Any,
) -> None:
    """Write a collection to FILE: people, names, tracks, faces and what is still to do.

    FILE is a SQLite database, which other programs can read, and nobody but you may. It appears when it is
    complete. Nothing has to be stopped for it: `serve`, `watch` and runs find nobody new meanwhile, and take
    in what waited for them after that. Whoever is forgotten later is still in FILE.
    """
    from facestream.collection import archive
    from facestream.collection.collections_view import collection_json, contents, shown_size
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    refuse_dash(file)
    if file.exists():
        confirm(f"Replace {file}?", yes=yes)
    # As with Ctrl-C, no half of a file is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ProgressBar(stderr_console(), quiet=quiet) as bar:
        done = archive.backup(file, data_dir, redis=redis_url, collection=collection, tell=bar.tell)
    if as_json:
        print_json(
            {
                "file": str(done.path),
                "bytes": done.file_bytes,
                "seconds": round(done.seconds, 3),
                "collection": collection_json(done.info),
            }
        )
    elif not quiet:
        click.echo(f"{file}: {contents(done.info)} in {shown_size(done.file_bytes)}", err=True)
