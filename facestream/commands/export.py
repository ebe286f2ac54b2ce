"""facestream export: one row per face."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.settings import Place

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.person import Face

COLUMNS = ("source", "frame", "time_s", "x1", "y1", "x2", "y2", "score", "track", "identity", "provisional")


@click.command(
    name="export",
    epilog="""\b
Examples:
  facestream export -o faces.csv
  facestream export --format json | jq 'length'
""",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "json"]),
    help="[default: json for a FILE that ends in .json, else csv]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write here; - is standard output.  [default: -]",
)
@place_options()
@verbosity_options
def command(
    file_format: str | None,
    as_json: bool,
    output: Path | None,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    **_: Any,
) -> None:
    """Write every face of every sampled frame: where, when, which track, which person.

    `frame` counts decoded frames from 0; photos have frame 0. `score` is 0 where a face was out of sight for
    a moment and its box lies between those of the frames around. An empty `identity` is a face given to
    nobody, and `provisional` says that the next re-cluster may correct it.
    """
    place = Place.of(data_dir, redis_url, collection)
    from facestream.client import open_store
    from facestream.output import written_file
    from facestream.people_view import counted, nobody

    output = None if output == Path("-") else output
    if file_format is None:
        file_format = "json" if as_json or (output and output.suffix.lower() == ".json") else "csv"
    with (
        open_store(place) as store,
        nullcontext(sys.stdout) if output is None else written_file(output) as file,
    ):
        write = _write_json if as_json or file_format == "json" else _write_csv
        count = write(store, file)
        empty = "" if count or quiet else nobody(store)
    if output is not None and not quiet:
        click.echo(f"{output}: {counted(count, 'face')}", err=True)
    if empty:
        click.echo(empty, err=True)


def row(face: Face) -> dict[str, Any]:
    """A face as a row."""
    x1, y1, x2, y2 = (round(value, 2) for value in face.box_xyxy)
    return {
        "source": face.source,
        "frame": face.frame,
        "time_s": round(face.time_s, 3),
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "score": round(face.score, 4),
        "track": face.track,
        "identity": face.identity,
        "provisional": face.provisional,
    }


def csv_row(face: Face) -> dict[str, Any]:
    """The same for CSV, where truth is 1 or 0."""
    return row(face) | {"provisional": int(face.provisional)}


def _write_csv(store: Store, file: IO[str]) -> int:
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for count, face in enumerate(store.faces(), 1):  # noqa: B007 - counts what was written
        writer.writerow(csv_row(face))
    return count


def _write_json(store: Store, file: IO[str]) -> int:
    file.write("[")
    count = 0
    for face in store.faces():
        file.write(("," if count else "") + "\n" + json.dumps(row(face), ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count
