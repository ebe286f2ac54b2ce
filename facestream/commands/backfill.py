"""facestream backfill: an archive in, over all cores."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.commands.look_options import (
    clustering_option,
    dated_names_option,
    fps_option,
    include_forgotten_option,
    max_pixels_option,
    min_face_option,
    samples_option,
)
from facestream.commands.model_options import own_parts_options
from facestream.commands.run import EXIT_INTERRUPTED
from facestream.configuration.settings import Place
from facestream.parsing import Duration, MediaPath
from facestream.processes.stopping import stopping

if TYPE_CHECKING:
    from facestream.recorded.run_report import RunReport


# So many files that could not be read are named at the end.
_FAILED_NAMED = 5


@click.command(
    name="backfill",
    epilog="""\b
Examples:
  facestream backfill /archive
  facestream backfill --processes 8 --fps 2 /archive/2024 /archive/2025
  facestream backfill --dated-names /nvr                 dates of hall_20261129_220000.mp4 and the like
  facestream backfill files.csv --errors failed.csv      a column path, perhaps recorded_at
  facestream backfill failed.csv                         the failed ones again

\b
Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 interrupted (what was found is kept).
""",
)
@click.argument("sources", nargs=-1, required=True, type=MediaPath())
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Files, or parts of files, that are looked at at a time. Each process holds the models, 0.5 GB or "
    "so.  [default: one for each core that this process may use]",
)
@click.option(
    "--segment",
    "segment_s",
    type=Duration(),
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="Longer videos are cut into parts of this length; faces are joined where they go on.",
)
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the files that could not be read as CSV: path, error, recorded_at.",
)
@dated_names_option
@fps_option
@own_parts_options
@device_option
@min_face_option
@samples_option
@max_pixels_option
@include_forgotten_option
@clustering_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@place_options()
@verbosity_options
def command(sources: tuple[Path, ...], errors: Path | None, **options: Any) -> int:
    """Find the people in an archive: SOURCES are folders, files, and lists of files (.csv, .txt).

    It does what `run` does, over several processes, and finds the same people. It may be stopped, or killed,
    at any time: the same command goes on from there, and files that are done add nothing. A file that can't
    be read, or that kills the process which looks at it, is reported at the end and stops no other.
    """
    from facestream.backfill.backfill import Backfill
    from facestream.backfill.backfill_files import files_of
    from facestream.backfill.backfill_progress import BackfillProgress
    from facestream.output import check_writable, print_json
    from facestream.progress import stderr_console
    from facestream.recorded.run_report import RunOptions
    from stream.cores import available_cores

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    if errors is not None:
        check_writable(errors)
    videos, photos, unusable = files_of(sources)
    what = RunOptions(
        paths=(),
        fps=options["fps"] or None,
        dated_names=options["dated_names"],
        pack=options["pack"],
        device=options["device"],
        min_face_px=options["min_face_px"],
        max_pixels=options["max_pixels"],
        samples=options["samples"],
        include_forgotten=options["include_forgotten"],
        clustering=options["clustering"],
    )
    quiet = options["quiet"]
    processes = options["processes"] or available_cores()
    with BackfillProgress(stderr_console(), quiet=quiet) as progress, stopping() as stop:
        for _, reason in unusable:
            progress.note(reason)
        backfill = Backfill(
            place, what, (videos, photos), progress, processes=processes, segment_s=options["segment_s"]
        )
        report = backfill.execute(stop)
    report.failed += [(path, reason) for path, reason in unusable]
    if errors is not None:
        _write_failed(errors, report.failed, dict((*videos, *photos)))
    if options["as_json"]:
        print_json(as_json(place, report, len(videos) + len(photos)))
    else:
        show(place, report, quiet=quiet)
    if report.interrupted:
        return EXIT_INTERRUPTED
    return 1 if report.failed else 0


def _write_failed(
    target: Path, failed: Sequence[tuple[Path, str]], dates: Mapping[Path, float | None]
) -> None:
    """Write a list of files that `backfill` takes, with the dates that they were given."""
    from facestream.iso_time import iso_utc

    # Names that are no UTF-8 as the bytes that they are, so that the files are found again.
    with target.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "error", "recorded_at"])
        for path, reason in failed:
            at_s = dates.get(path)
            absolute = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
            rows.writerow([absolute, reason, "" if at_s is None else iso_utc(at_s)])


def show(place: Place, report: RunReport, *, quiet: bool) -> None:
    """Print what was done."""
    from facestream.hint import command_line, shown_path
    from facestream.output import printable
    from facestream.people.people_view import counted

    people = _people(place)
    click.echo(
        f"{counted(people, 'person', 'people')} in the collection; {counted(len(report.sources), 'file')}, "
        f"{report.already_done} of them done before; {counted(report.frames, 'frame')} with "
        f"{counted(report.faces, 'face')} in {report.seconds:.1f} s"
    )
    if report.failed:
        # Why was said when it happened, which may have scrolled away; `--errors` writes all of it to a file.
        names = ", ".join(shown_path(path) for path, _ in report.failed[:_FAILED_NAMED])
        more = f" and {len(report.failed) - _FAILED_NAMED} more" if len(report.failed) > _FAILED_NAMED else ""
        click.echo(f"Not read, see above: {printable(names)}{more}", err=True)
    if quiet:
        return
    click.echo(f"`{command_line(place, 'people')}` shows them.", err=True)
    if report.interrupted:
        click.echo("Interrupted: what was found is kept; the same command goes on from here.", err=True)


def as_json(place: Place, report: RunReport, files: int) -> dict[str, Any]:
    """The result for machines."""
    from facestream.readable_path import readable_path

    return {
        "collection": place.collection,
        "people": _people(place),
        "files": files,
        "sources": report.sources,
        "already_done": report.already_done,
        "forgotten": report.forgotten,
        "frames": report.frames,
        "faces": report.faces,
        "seconds": round(report.seconds, 3),
        "failed": [{"source": readable_path(path), "error": reason} for path, reason in report.failed],
        "damaged": [{"source": readable_path(path), "warning": text} for path, text in report.damaged],
        "interrupted": report.interrupted,
    }


def _people(place: Place) -> int:
    from facestream.client import open_store

    with open_store(place) as store:
        return len(store.people())
