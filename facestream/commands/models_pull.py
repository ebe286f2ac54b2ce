"""facestream models pull and add: packs into the models folder."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, verbosity_options
from facestream.commands.model_options import data_dir_of, models_place_option
from facestream.errors import UsageError
from facestream.output import print_json, printable

if TYPE_CHECKING:
    from facestream.models.pack_changes import Change
    from workers.models.catalogue import KnownPack


@click.command(
    name="pull",
    epilog="""\b
Examples:
  facestream models pull sface
  facestream models pull buffalo_l --accept-license
  facestream models pull buffalo_l --accept-license --from ~/Downloads/buffalo_l.zip
  facestream models pull sface --from https://mirror.example.com/opencv/
  HTTPS_PROXY=http://proxy.example.com:3128 facestream models pull sface
""",
)
@click.argument("name")
@click.option(
    "--accept-license",
    is_flag=True,
    help="Agree to a licence that allows no commercial use; else you are asked.",
)
@click.option(
    "--from",
    "source",
    metavar="FILE|URL|FOLDER",
    help="Take a zip file, or a folder with the pack's files, or a mirror: the URL of a zip file, or of a "
    "folder with a / at its end.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def pull(ctx: click.Context, /, name: str, accept_license: bool, source: str | None, **_: Any) -> None:
    """Download a pack that facestream knows of, after showing its licence.

    Files are compared with the size and checksum that their publisher states, and the pack appears when all
    of it is right and its models load. Interrupt it as you like: the same command goes on where it stopped.
    A proxy is taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
    """
    from facestream.models import pack_changes
    from facestream.models.model_packs import checked
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    data_dir, quiet = data_dir_of(ctx), bool(chosen(ctx, "quiet"))
    # As with Ctrl-C, what is there is kept for the next time.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pack, known = pack_changes.pullable(name, data_dir)
    if not pack_changes.is_whole(pack):
        _agree(known, accept=accept_license, quiet=quiet, local=source is not None and "://" not in source)
    with ProgressBar(stderr_console(), quiet=quiet) as bar:
        change = pack_changes.pull(name, data_dir, source=source, tell=bar.tell)
    for file, digest in change.seen:
        click.echo(f"{file}: nobody publishes its checksum. It has {digest} now, which is kept.", err=True)
    done = f"{len(checked(change.pack))} files, all as they should be"
    _tell(ctx, change, done, f"{name!r} is here already, in {change.pack.folder}.")


@click.command(
    name="add",
    epilog="""\b
Examples:
  facestream models add ~/packs/arcface
  facestream models add arcface.zip --name arcface-r100
  facestream run holiday.mp4 --models arcface-r100
""",
)
@click.argument("source", metavar="FOLDER|FILE.zip", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="What it is to be called.  [default: what it calls itself]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def add(ctx: click.Context, /, source: Path, name: str | None, **_: Any) -> None:
    """Copy a pack of your own into the models folder: ONNX models, and texts beside them.

    The models are loaded on the CPU and asked once before the pack is there. Formats whose reading could run
    a program (pickles, PyTorch files) are refused, and so are links and paths that lead out of the folder.
    """
    from facestream.models import pack_changes

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    change = pack_changes.add(source, data_dir_of(ctx), name=name)
    if not chosen(ctx, "quiet"):
        if change.left_out:
            click.echo(f"Left out: {printable(', '.join(change.left_out))}", err=True)
        for sentence in change.pack.manifest.assumed if change.pack.manifest else ():
            click.echo(f"Assumed: {printable(sentence)}", err=True)
    _tell(ctx, change, "copied", "")


def _agree(known: KnownPack, *, accept: bool, quiet: bool, local: bool) -> None:
    """Show the licence, and have it accepted where it allows no commercial use."""
    from facestream.models.models_view import source_line

    free = known.licence.commercial_use
    if not (quiet and (free or accept)):
        click.echo(f"{known.title} ({known.origin})", err=True)
        click.echo(f"Licence: {known.licence.spdx}\n{known.licence.text.strip()}", err=True)
        if not local:
            click.echo(f"Download: {source_line(known)}", err=True)
    if free or accept:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"the weights of {known.name!r} are not for commercial use. Nothing was done: if you agree to "
            "the licence above, say --accept-license."
        )
    if not click.confirm("Do you agree to this licence?", err=True):
        click.echo("Nothing was done.", err=True)
        raise click.exceptions.Exit(1)


def _tell(ctx: click.Context, change: Change, done: str, nothing: str) -> None:
    from facestream.models.models_view import change_json

    if chosen(ctx, "as_json"):
        print_json(change_json(change))
    elif not chosen(ctx, "quiet"):
        name = change.pack.name
        if change.changed:
            click.echo(f"Model pack {name!r} is in {change.pack.folder} ({done}).", err=True)
        else:
            click.echo(nothing, err=True)
        click.echo(f"Use it: facestream run VIDEO --models {name}", err=True)
