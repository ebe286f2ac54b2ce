"""facestream people clip: the moments of a person as a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_options import sources_option, who_argument
from facestream.log_format import tell_error
from facestream.parsing import Number

# So many photos are told of one by one.
_FEW = 5


@click.command(
    name="clip",
    epilog="""\b
Examples:
  facestream people clip p3 -o ada.mp4                one video
  facestream people clip 'Ada Lovelace' -o clips/     a file for each video
  facestream people clip p3 --source lobby -o ada.mkv
""",
)
@who_argument
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="A file that ends in .mp4, .m4v, .mov or .mkv, for one video; else a folder, which is made.",
)
@sources_option("Only of this video")
@click.option(
    "--margin",
    "margin_s",
    type=Number(0, 600),
    default=0.5,
    show_default=True,
    metavar="SECONDS",
    help="So much more before and after each sighting.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def clip(
    ctx: click.Context, /, person_id: str, out: Path, sources: tuple[str, ...], margin_s: float, **_: Any
) -> int:
    """Cut the moments of a person out of the videos: quickly, and without a loss, as nothing is encoded anew.

    A clip begins at a keyframe, so it shows up to a few seconds more before each sighting. Sound stays where
    the format takes it. The videos must be where they were, unchanged; what is wrong with one is said, and
    the others are cut. Photos, and cameras, whose pictures aren't kept, are left out with a note. WHO is an
    id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.exports.clip import PHOTO
    from facestream.hint import shown_path
    from facestream.output import print_json, refuse_dash
    from facestream.people.people_view import duration, led_on

    refuse_dash(out)
    with open_store(place) as store:
        person = store.person(person_id)
        done = store.clips(person.id, out, sources=sources, margin_s=margin_s)
    if chosen(ctx, "as_json"):
        print_json(
            {
                "person": person.id,
                "clips": [
                    {
                        "path": str(clip.path.resolve()),
                        "source_id": source_id,
                        "seconds": round(clip.seconds, 3),
                        "sound": clip.sound,
                        "intervals": [
                            {"start_s": round(start_s, 3), "end_s": round(end_s, 3)}
                            for start_s, end_s in clip.intervals
                        ],
                    }
                    for source_id, clip in done.clips.items()
                ],
                "left_out": done.left_out,
                "failed": done.failed,
            }
        )
        return 1 if done.failed else 0
    if merged := led_on(person_id, person):
        click.echo(merged, err=True)
    for clip in done.clips.values():
        sound = "" if clip.sound else ", without sound"
        click.echo(f"{shown_path(clip.path)}: {duration(clip.seconds)}{sound}")
    if not chosen(ctx, "quiet"):
        photos = [name for name, reason in done.left_out.items() if reason == PHOTO]
        if len(photos) > _FEW:
            click.echo(f"Left out: {len(photos)} photos.", err=True)
        for name, reason in done.left_out.items():
            if reason == PHOTO and len(photos) > _FEW:
                continue
            click.echo(f"Left out: {name} {reason}.", err=True)
    for message in done.failed.values():
        tell_error(message)
    return 1 if done.failed else 0
