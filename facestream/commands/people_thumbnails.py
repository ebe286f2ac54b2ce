"""facestream people thumbnails: faces of a person as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen, chosen_place, place_options, verbosity_options
from facestream.commands.people_options import who_argument

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.people.person import Person


@click.command(
    name="thumbnails",
    epilog="""\b
Examples:
  facestream people thumbnails p3 -o faces/
  facestream people thumbnails p3 --tracks -o faces/     to see which to split off
""",
)
@who_argument
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Folder to write to; it is made if it isn't there.",
)
@click.option(
    "--tracks",
    "by_track",
    is_flag=True,
    help="The best face of each of their tracks instead, in a file that is called as the track is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the paths as JSON.")
@place_options()
@verbosity_options
@click.pass_context
def thumbnails(ctx: click.Context, /, person_id: str, folder: Path, *, by_track: bool, **_: Any) -> None:
    """Write the faces that stand for a person, up to five, as JPEG files: p3-1.jpg is the best of p3.

    WHO is an id, or the whole name of somebody.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.exports.source_files import make_folder
    from facestream.hint import shown_path
    from facestream.output import print_json
    from facestream.people.people_view import led_on
    from facestream.people.thumbnail_files import write_picture

    with open_store(place) as store:
        person = store.person(person_id)
        found = list(_of_tracks(store, person) if by_track else _of_person(store, person))
    make_folder(folder)
    paths = [write_picture(folder / f"{name}.jpg", data) for name, data in found]
    if chosen(ctx, "as_json"):
        print_json([str(path.resolve()) for path in paths])
        return
    if merged := led_on(person_id, person):
        click.echo(merged, err=True)
    if not paths:
        click.echo(f"There is no picture of {person.id}.", err=True)
    for path in paths:
        click.echo(shown_path(path))


def _of_person(store: Store, person: Person) -> Iterator[tuple[str, bytes]]:
    """Names and pictures, the best first."""
    pictures = (data for data in store.thumbnails(person.thumbnails) if data is not None)
    for number, data in enumerate(pictures, 1):
        yield f"{person.id}-{number}", data


def _of_tracks(store: Store, person: Person) -> Iterator[tuple[str, bytes]]:
    """Names and pictures, by source and time; a track without a picture is left out."""
    tracks = sorted(store.tracks(person.id), key=lambda track: (track.source, track.start_s))
    for track in tracks:
        samples = sorted(store.track(track.id).samples, key=lambda sample: -sample.quality)
        pictures = store.thumbnails(sample.id for sample in samples)
        best = next((data for data in pictures if data is not None), None)
        if best is not None:
            yield track.id, best
