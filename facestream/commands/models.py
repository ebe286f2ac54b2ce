"""facestream models: which model packs there are, and what they are."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, verbosity_options
from facestream.commands.model_options import data_dir_of, models_place_option
from facestream.commands.models_pull import add, pull
from facestream.output import confirm, print_json, print_table, printable


@click.group(
    name="models",
    invoke_without_command=True,
    epilog="""\b
Examples:
  facestream models                             which there are
  facestream models show buffalo_l              its licence, files and thresholds
  facestream models pull sface                  download one, licence first
  facestream run holiday.mp4 --models sface

Exit codes: 0 done, 1 something failed or is not there, 2 wrong usage, 130 interrupted.
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """List the model packs: a detector that finds faces and an embedder that compares them.

    `open` is built in. Others are pulled, added, or used as they lie in InsightFace's model root
    (~/.insightface/models). Nothing is downloaded but by `facestream models pull`.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@command.command(
    name="list",
    epilog="""\b
Examples:
  facestream models list
  facestream models list --json | jq -r '.[] | select(.commercial_use) | .name'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def list_all(ctx: click.Context, /, **_: Any) -> None:
    """List all packs: detector, embedder, length of a vector, licence, commercial use, and where it is.

    Long cells are cut; `show` and --json have all of them.

    State: built-in; ready, in the models folder; InsightFace, in that library's model root; damaged, as far
    as sizes and beginnings of files show; not pulled; or by hand, which `show` explains.
    """
    from facestream.models.model_packs import model_packs
    from facestream.models.models_view import COLUMNS, RIGHT, pack_json, pack_row

    packs = model_packs(data_dir_of(ctx))
    if chosen(ctx, "as_json"):
        print_json([pack_json(pack) for pack in packs])
    else:
        print_table(COLUMNS, [pack_row(pack) for pack in packs], RIGHT)


@command.command(
    name="show",
    epilog="""\b
Examples:
  facestream models show open
  facestream models show scrfd+dlib             the detector of one pack, the embedder of another
  facestream models show buffalo_l --json | jq .download
  facestream models show facenet --json | jq -r .manifest_example
""",
)
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, name: str, **_: Any) -> None:
    """Show all of a pack: licence, origin, files, thresholds and what those were measured on."""
    from facestream.models.model_packs import model_pack
    from facestream.models.models_view import detail_lines, licence_text, pack_details
    from workers.models.manifest_example import manifest_example

    pack = model_pack(name, data_dir_of(ctx))
    if chosen(ctx, "as_json"):
        print_json(pack_details(pack))
        return
    for what, text in detail_lines(pack):
        click.echo(f"{what:<13}{printable(text)}".rstrip())
    known = pack.known
    paragraphs = (known.by_hand.strip(), manifest_example(known)) if known else ()
    for paragraph in (licence_text(pack), *paragraphs):
        if paragraph:
            click.echo(f"\n{paragraph}")


@command.command(
    name="verify",
    epilog="""\b
Examples:
  facestream models verify
  facestream models verify sface --json
""",
)
@click.argument("name", metavar="[NAME|FOLDER]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def verify(ctx: click.Context, /, name: str | None, **_: Any) -> None:
    """Read all files of a pack, or of all that are here, compare them with their checksums, and load them.

    Models are loaded on the CPU and asked once. Ends with 1 if a file is missing or another one than it
    should be, or a model can't be used, and says what to do.
    """
    from facestream.models.model_packs import checked, mend, model_pack, model_packs, try_checked
    from facestream.models.models_view import checked_json
    from workers.errors import ModelError

    data_dir = data_dir_of(ctx)
    packs = [model_pack(name, data_dir)] if name else [pack for pack in model_packs(data_dir) if pack.folder]
    results = []
    for pack in packs:
        files, problem = [], None
        loads: bool | None = None
        try:
            files = checked(pack)
            loads = try_checked(pack, files) or None
        except ModelError as error:
            problem = str(error)
            loads = False if files else None
        results.append(checked_json(pack.name, str(pack.folder), files, problem, loads))
    good = all(result["ok"] for result in results)
    if chosen(ctx, "as_json"):
        print_json(results)
    else:
        for result in results:
            _print_result(result, quiet=chosen(ctx, "quiet"))
        for pack, result in zip(packs, results, strict=True):
            if not result["ok"]:
                click.echo(mend(pack, data_dir), err=True)
    if not good:
        raise click.exceptions.Exit(1)


@command.command(
    name="remove",
    epilog="""\b
Examples:
  facestream models remove buffalo_l
  facestream models remove buffalo_l --yes --json
""",
)
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@models_place_option
@verbosity_options
@click.pass_context
def remove(ctx: click.Context, /, name: str, yes: bool, **_: Any) -> None:
    """Delete a pack from the models folder.

    Collections that were made with it keep their people; what compares faces in them needs the pack again.
    """
    from facestream.collection.collections_view import shown_size
    from facestream.models.model_packs import check_removable, model_pack, users_of
    from facestream.models.model_packs import remove as remove_pack

    # As with Ctrl-C, what is held is let go of.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data_dir: Path | None = data_dir_of(ctx)
    pack = model_pack(name, data_dir)
    check_removable(pack, data_dir)
    users = users_of(pack, data_dir)
    used = f" It is used by the collections {', '.join(users)}." if users else ""
    confirm(f"Delete the model pack {name!r}?{used}", yes=yes)
    size_bytes = remove_pack(pack, data_dir)
    if chosen(ctx, "as_json"):
        print_json({"name": name, "bytes": size_bytes, "used_by": users})
    elif not chosen(ctx, "quiet"):
        click.echo(f"Model pack {name!r} is gone ({shown_size(size_bytes)}).{used}", err=True)


def _print_result(result: dict[str, Any], *, quiet: bool) -> None:
    if result["problem"]:
        click.echo(f"{result['name']}: {printable(result['problem'])}")
    for file in result["files"]:
        good = file["state"] not in ("missing", "differs")
        if not (quiet and good):
            click.echo(f"{result['name']}/{printable(file['name'])}: {file['state']}")
    if result["loads"] and not quiet:
        click.echo(f"{result['name']}: detector and embedder load and answer")


for subcommand in (pull, add):
    command.add_command(subcommand)
