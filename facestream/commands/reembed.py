"""facestream reembed: a collection from one model to another."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.errors import UsageError
from facestream.output import confirm, print_json, printable

if TYPE_CHECKING:
    from facestream.models.model_change import ModelChange, Reembedded


@click.command(
    name="reembed",
    epilog="""\b
Examples:
  facestream reembed --models ~/packs/arcface --collection family
  facestream reembed --models open --yes --json
  facestream reembed --cancel
""",
)
@click.option(
    "--models",
    "pack",
    metavar="NAME|FOLDER",
    help="Model pack that the collection gets: one of `facestream models`, or a folder with one.",
)
@device_option
@click.option("--cancel", is_flag=True, help="Delete what an interrupted change has got ready.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before faces are left out or templates deleted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
def command(
    pack: str | None,
    device: str,
    cancel: bool,
    yes: bool,
    as_json: bool,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    **_: Any,
) -> None:
    """Change a collection to other models.

    All faces are recomputed from their stored pictures, and people are grouped anew. Ids, names, decisions
    and pictures stay; no video or photo is needed. Faces without a picture, which are the least of the four
    that a track may have, are left out. The collection keeps its old models, and can be used, until all is
    recomputed; if this is interrupted, the same command goes on from there. Templates that `people forget
    --and-ignore-return` kept can't be recomputed, and are deleted.
    """
    from facestream.models import reembedding
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    if (pack is None) == (not cancel):
        raise UsageError("say what to do: --models NAME|FOLDER for other models, or --cancel.")
    # As with Ctrl-C, what is held is let go of.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if pack is None:
        gone = reembedding.cancel(data_dir, redis=redis_url, collection=collection)
        if as_json:
            print_json({"collection": collection, "cancelled": gone})
        elif not quiet:
            said = "What was recomputed is deleted." if gone else "There was nothing to cancel."
            click.echo(said, err=True)
        return
    with ProgressBar(stderr_console(), quiet=quiet) as bar:

        def ask(change: ModelChange) -> None:
            if change.assumed and not quiet:
                bar.pause()
                click.echo("\n".join(map(printable, change.assumed)), err=True)
            if change.left_out or change.kept_out:
                bar.pause()
                confirm(_question(change), yes=yes)

        try:
            done = reembedding.reembed(
                pack,
                data_dir,
                device=device,
                redis=redis_url,
                collection=collection,
                before=ask,
                tell=bar.tell,
            )
        except KeyboardInterrupt:
            bar.pause()
            click.echo("What is recomputed is kept: the same command goes on from there.", err=True)
            raise
    if as_json:
        print_json(_as_json(done))
    elif not quiet:
        click.echo("\n".join(_lines(done)), err=True)


def _question(change: ModelChange) -> str:
    from facestream.people.people_view import counted

    question = (
        f"Change collection {change.collection!r} from the models {change.pack_before!r} to {change.pack!r}?"
    )
    if change.left_out:
        left_out = f"{counted(change.left_out, 'face')} of {change.faces}"
        question += f" {left_out} without a picture will be left out for good."
    return f"{question} {_kept_out(change)}" if change.kept_out else question


def _kept_out(change: ModelChange) -> str:
    from facestream.people.people_view import counted

    people = counted(change.kept_out, "forgotten person", "forgotten people")
    return (
        f"Templates kept of {people} can't be compared any more and are deleted: whoever of them comes "
        "back is somebody new."
    )


def _lines(done: Reembedded) -> list[str]:
    from facestream.people.people_view import counted

    change, now = done.change, done.people
    if change is None:
        return [f"Collection {done.collection!r} has these models already ({done.model_id}): nothing to do."]
    left_out = f", {change.left_out} without a picture left out" if change.left_out else ""
    lines = [
        f"Collection {done.collection!r} has the models {change.pack!r} now, and had {change.pack_before!r}: "
        f"{counted(change.faces - change.left_out, 'face')} recomputed{left_out}."
    ]
    if change.mute_tracks:
        lines.append(
            f"{counted(change.mute_tracks, 'track')} without any picture: they stay with their person, and "
            "are compared with nobody."
        )
    if change.kept_out:
        lines.append(_kept_out(change))
    kept = len(set(change.people) & set(now))
    lines.append(f"People: {len(change.people)} before, {len(now)} now, {kept} of them known from before.")
    if change.commercial_use is None:
        lines.append("Whether these models may be used commercially is not known.")
    elif not change.commercial_use:
        lines.append("These models must not be used commercially.")
    return lines


def _as_json(done: Reembedded) -> dict[str, Any]:
    change = done.change
    return {
        "collection": done.collection,
        "changed": change is not None,
        "model_id": done.model_id,
        "pack": None if change is None else change.pack,
        "pack_before": None if change is None else change.pack_before,
        "faces": 0 if change is None else change.faces - change.left_out,
        "left_out": 0 if change is None else change.left_out,
        "mute_tracks": 0 if change is None else change.mute_tracks,
        "kept_out": 0 if change is None else change.kept_out,
        "people_before": list(done.people if change is None else change.people),
        "people": list(done.people),
        "seconds": round(done.seconds, 3),
    }
