"""facestream export: what was found, in formats that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from facestream.cli import place_options, verbosity_options
from facestream.commands.people_options import (
    camera_option,
    check_moments,
    moment_options,
    sources_option,
    tell_unknown_places,
)
from facestream.configuration.settings import Place

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.people.people_filter import Moment, PeopleFilter
    from facestream.people.person import Person
    from storage.source_record import SourceRecord

_BY_ENDING = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_IN_FOLDERS = ("mot", "srt", "vtt")
_CAPTIONS = ("srt", "vtt")
# What other programs would take the file for.
_NOT_WRITTEN = frozenset(
    {".7z", ".arrow", ".bz2", ".db", ".feather", ".gz", ".npz", ".ods", ".parquet", ".sqlite", ".xlsx", ".xz"}
    | {".zip", ".zst"}
)


@click.command(
    name="export",
    epilog="""\b
Examples:
  facestream export -o faces.csv
  facestream export --what sightings -o visits.csv     a row for each time that somebody was there
  facestream export --what sightings --camera door --from 2026-05-01 --to 2026-05-01 -o may-day.csv
  facestream export --what people -o people.csv
  facestream export --format jsonl | jq -r 'select(.identity == "p3") | .time_s'
  facestream export --format vtt -o captions/          who is visible, as captions of each video
  facestream export --format mot --source lobby -o mot/
""",
)
@click.option(
    "--what",
    type=click.Choice(["faces", "sightings", "people"]),
    default="faces",
    show_default=True,
    help="A row for each face in each sampled frame; or for each sighting, or each person.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "json", "jsonl", "mot", "vtt", "srt"]),
    help="csv, json, jsonl (JSON Lines): a row for each; of faces also mot (MOTChallenge), vtt and srt "
    "(captions): a file for each source.  [default: json or jsonl for a FILE with such an ending, else csv]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o",
    "--output",
    type=click.Path(allow_dash=True, path_type=Path),
    metavar="FILE|FOLDER",
    help="Write here; - is standard output. For mot, vtt and srt a folder, which is made.  [default: -]",
)
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Replace files of a folder without asking; a FILE that is named is replaced anyway.",
)
@sources_option("Only of this source")
@camera_option("Only of this camera")
@moment_options
@place_options()
@verbosity_options
def command(
    what: str,
    file_format: str | None,
    as_json: bool,
    output: Path | None,
    yes: bool,
    sources: tuple[str, ...],
    cameras: tuple[str, ...],
    since: Moment | None,
    until: Moment | None,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    **_: Any,
) -> None:
    """Write every face that was followed, frame by frame: where, when, which track, which person.

    A face in a video that was seen but for a moment, or never for sure, is no track, and is left out here;
    `run` counts it among the faces it found.

    `frame` counts frames of the video from 0; photos have frame 0. `score` is 0 where a face was out of sight
    for a moment and its box lies between those of the frames around. An empty `identity` is a face given to
    nobody, and `provisional` says that the next re-cluster may correct it. `seen_at` is empty where nobody
    knows when a video began, and `camera` for files.

    --what sightings and --what people write whom and what `people` lists: who, by which camera or in which
    file, from when to when and for how long, the earliest first; or everybody, those seen longest first.
    With --source, --camera, --from and --to, time and sightings are those that match. Dates are those of
    this machine's time zone, which stands behind them. Text that a spreadsheet would run as a formula has an
    apostrophe before it in CSV, and a CSV file of these rows begins with the mark of UTF-8 that Excel wants.

    mot writes lines of `frame,id,bb_left,bb_top,bb_width,bb_height,conf,-1,-1,-1` with frames from 1, and
    people.csv, which says whom an id stands for. vtt (WebVTT) and srt (SubRip) write a caption for each
    stretch of time in which the same people are visible: their names, or the ids of those without one. These
    files are called as the videos are, with an id behind it where several are called the same: players show
    them where they lie beside these.
    """
    place = Place.of(data_dir, redis_url, collection)
    from facestream.client import open_store
    from facestream.errors import UsageError
    from facestream.output import refuse_file_name, written_file
    from facestream.people.people_filter import PeopleFilter
    from facestream.people.people_view import counted

    check_moments(since, until)
    where = PeopleFilter(sources=sources, cameras=cameras, since=since, until=until)
    if what == "faces" and (since is not None or until is not None):
        raise UsageError(
            "--from and --to choose sightings or people: --what sightings, or --what people. Of "
            "faces, all are written, with their dates in seen_at."
        )
    output = None if output == Path("-") else output
    if as_json and file_format not in (None, "json"):
        raise UsageError(
            f"--json is --format json, and --format {file_format} was given. Leave one of them out."
        )
    if as_json:
        file_format = "json"
    elif file_format is None:
        if output is not None and output.suffix.lower() in _NOT_WRITTEN:
            raise UsageError(
                f"{output}: no {output.suffix} is written, but CSV, JSON (.json) and JSON lines (.jsonl), as "
                "plain text. Name another file, or leave -o out and pipe it into gzip or another."
            )
        file_format = _BY_ENDING.get(output.suffix.lower() if output else "", "csv")
    if what != "faces" and file_format in _IN_FOLDERS:
        raise UsageError(
            f"--format {file_format} is of faces; --what {what} is written as csv, json or jsonl."
        )
    if file_format in _IN_FOLDERS:
        if output is None or output.is_file():
            raise UsageError(
                f"--format {file_format} writes a file for each source. Give a folder: -o FOLDER."
            )
        refuse_file_name(output, f"--format {file_format} writes a file for each source. Name a folder.")
        with open_store(place) as store:
            store.check_there()
            files, count = _write_folder(store, file_format, output, where, yes=yes)
            empty = "" if count or quiet else _nobody_of(store, where)
            if empty and file_format in _CAPTIONS and any(s.kind == "photo" for s in _chosen(store, where)):
                empty = "Nobody is in a video there: photos get no captions."
        if not quiet:
            click.echo(f"{output}: {counted(files, 'file')}", err=True)
        if empty:
            click.echo(empty, err=True)
        return
    if output is not None and output.is_dir():
        raise UsageError(f"{output} is a folder, and --format {file_format} writes one file.")
    with (
        open_store(place) as store,
        nullcontext(sys.stdout) if output is None else written_file(output) as file,
    ):
        # Whatever had the name stays as it is then.
        store.check_there()
        if output is not None and what != "faces" and file_format == "csv":
            # Excel takes UTF-8 for another encoding without it.
            file.write("\ufeff")
        count = _write_rows(store, what, file_format, where, file)
        empty = "" if count or quiet else _nobody_of(store, where)
    if output is not None and not quiet:
        noun = {"faces": "face", "sightings": "sighting"}
        click.echo(f"{output}: {counted(count, noun.get(what, 'person'), what)}", err=True)
    if empty:
        click.echo(empty, err=True)


def _ask(files: Iterable[Path], folder: Path, *, yes: bool) -> None:
    """Ask before files of a folder are replaced, whose names nobody typed: they may be somebody's own."""
    from facestream.output import confirm, printable

    # What is a device or a pipe is written to, and stays.
    there = [file.name for file in files if file.is_file()]
    if there:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        confirm(f"Replace {', '.join(map(printable, there[:3]))}{more} in {folder}?", yes=yes)


def _nobody_of(store: Store, where: PeopleFilter) -> str:
    """What to say where nothing was written."""
    from facestream.people.people_view import nobody

    return "Nobody matches." if where.narrows else nobody(store)


def _chosen(store: Store, where: PeopleFilter) -> list[SourceRecord]:
    """The sources that are meant.

    Raises:
        NotFoundError: If there are none.
    """
    from facestream.errors import NotFoundError

    found = [source for source in store.sources() if where.means_source(source.source_id, source.path)]
    if found:
        tell_unknown_places(store, where)
    asked = (*where.sources, *where.cameras)
    if asked and not found:
        raise NotFoundError(
            f"no source is called {' or '.join(asked)} in collection {store.collection!r}. "
            f"`{store.hint('sources')}` lists them.",
            what=asked[0],
        )
    return found


def _write_rows(store: Store, what: str, file_format: str, where: PeopleFilter, file: IO[str]) -> int:
    """Write one file of what matches; returns how many rows."""
    from facestream.exports.face_rows import TOLD_COLUMNS, told_row
    from facestream.exports.people_rows import (
        PERSON_COLUMNS,
        SIGHTING_COLUMNS,
        in_cells,
        person_row,
        sighting_row,
    )
    from facestream.exports.row_files import write_csv, write_json, write_jsonl
    from facestream.people.people_filter import PeopleFilter
    from facestream.source_name import names_apart

    chosen = _chosen(store, where)
    write = {"csv": write_csv, "json": write_json, "jsonl": write_jsonl}[file_format]
    if what == "faces":
        names = _names_of(store.people(PeopleFilter(ignored=True)))
        by_id = {source.source_id: source for source in chosen}
        faces = (told_row(face, names, by_id[face.source_id]) for face in store.faces(by_id.keys()))
        return write(TOLD_COLUMNS, faces, file)
    called = names_apart({source.source_id: source.path for source in chosen})
    if what == "people":
        rows = (person_row(person, called) for person in store.people(where))
        return write(PERSON_COLUMNS, map(in_cells, rows) if file_format == "csv" else rows, file)
    sightings = store.sightings(
        sources=where.sources,
        cameras=where.cameras,
        since=where.since,
        until=where.until,
        newest_first=False,
    )
    return write(SIGHTING_COLUMNS, (sighting_row(seen, called) for seen in sightings), file)


def _names_of(people: Iterable[Person]) -> dict[str, str]:
    """Names of those who have one, by id."""
    return {person.id: person.name for person in people if person.name}


def _write_folder(
    store: Store, file_format: str, folder: Path, where: PeopleFilter, *, yes: bool
) -> tuple[int, int]:
    """Write a file for each source; returns how many files, and how many lines or captions."""
    from facestream.exports.captions import cues, write_srt, write_vtt
    from facestream.exports.motchallenge import Targets, write_legend, write_mot
    from facestream.exports.source_files import file_stems, make_folder
    from facestream.output import written_file
    from facestream.people.people_filter import PeopleFilter

    chosen = _chosen(store, where)
    people = store.people(PeopleFilter(ignored=True))
    names = _names_of(people)
    targets = Targets(person.id for person in people)
    if file_format in _CAPTIONS:
        # Nobody sees captions of a photo.
        chosen = [source for source in chosen if source.kind != "photo"]
    make_folder(folder)
    count = 0
    # Players look for captions by the very name of the video.
    stems = file_stems(chosen, exact=file_format in _CAPTIONS)
    ending = ".txt" if file_format == "mot" else f".{file_format}"
    write = write_srt if file_format == "srt" else write_vtt
    targets_of = [folder / f"{stem}{ending}" for stem in stems.values()]
    _ask([*targets_of, folder / "people.csv"] if file_format == "mot" else targets_of, folder, yes=yes)
    for source in chosen:
        tracks = store.tracks(source_id=source.source_id)
        with written_file(folder / f"{stems[source.source_id]}{ending}") as file:
            if file_format == "mot":
                count += write_mot(tracks, targets, file)
            else:
                period_s = 1 / source.fps if source.fps else 0.0
                count += write(cues(tracks, period_s, source.duration_s), names, file)
    if file_format == "mot":
        with written_file(folder / "people.csv") as file:
            write_legend(targets, names, file)
    return len(chosen) + (file_format == "mot"), count
