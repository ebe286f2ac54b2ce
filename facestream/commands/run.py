"""facestream run: videos and photos in, their people out; or one camera, watched."""

from __future__ import annotations

from collections.abc import Collection
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
from facestream.commands.metrics_option import metrics_option, metrics_table
from facestream.commands.model_options import own_parts_options
from facestream.commands.run_camera import watch_one
from facestream.configuration.settings import Place
from facestream.parsing import Duration, MediaTime, Moment, Source
from facestream.processes.stopping import stopping

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import MetricsTable
    from facestream.people.person import Person
    from facestream.recorded.run_report import RunOptions, RunReport

EXIT_INTERRUPTED = 130

_FAILED_NAMED = 10


@click.command(
    name="run",
    epilog="""\b
Examples:
  facestream run holiday.mp4
  facestream run --dated-names /nvr/hall      hall_20261129_220000.mp4 and the like, with their dates
  facestream run --fps 2 --start 10:00 --end 20:00 match.mkv
  facestream run ~/Videos ~/Pictures          videos and photos in folders
  facestream run rtsp://user:password@192.168.1.20/stream1      a camera, until Ctrl-C; `watch` for several
  facestream run clip.mp4 --detector haar     another detector, the same embedder
  facestream run --json clip.mp4 | jq '.people[].id'
  FACESTREAM_REDIS=rediss://user:secret@host:6379/0 facestream run clip.mp4

\b
Exit codes: 0 done, 1 something failed, 2 wrong usage, 70 a model hung, 130 interrupted (what was found is
kept). To end the watch over a camera is no interruption: 0.
""",
)
@click.argument("sources", nargs=-1, required=True, type=Source())
@fps_option
@click.option(
    "--start",
    "start_s",
    type=MediaTime(),
    default=0.0,
    metavar="TIME",
    help="Start here in each video: seconds or [H:]MM:SS.",
)
@click.option("--end", "end_s", type=MediaTime(), metavar="TIME", help="Stop here in each video.")
@click.option(
    "--for", "for_s", type=Duration(), metavar="DURATION", help="End the watch over a camera: 90s, 10m, 8h."
)
@click.option(
    "--recorded-at",
    "recorded_at_s",
    type=Moment(),
    metavar="DATE",
    help="When the one recording began, ISO 8601.  [default: what the file says]",
)
@dated_names_option
@own_parts_options
@device_option
@metrics_option
@min_face_option
@samples_option
@max_pixels_option
@include_forgotten_option
@clustering_option
@click.option(
    "--report",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with the people of these sources, as `facestream report` does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@place_options()
@verbosity_options
def command(sources: tuple[Path | str, ...], **options: Any) -> int:
    """Find the people in SOURCES: video files, photos, and folders of them; or in front of one camera.

    Videos are looked at five times a second; each face is followed through its shot, and the best views of it
    decide who it is. A file that was processed before adds nothing, a run that was stopped goes on where it
    stopped, and people who were seen in earlier files keep their ids.

    The URL of a camera (rtsp://, rtsps://, http://, https://, webcam:0) is watched, as `watch` does, and not
    stored.
    """
    from facestream.output import print_json
    from facestream.recorded.run_report import RunOptions

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    paths = tuple(source for source in sources if isinstance(source, Path))
    if len(paths) < len(sources):
        watch_one(place, sources, options)
        return 0
    if options["for_s"] is not None:
        raise click.UsageError("--for is for cameras; in files, --end says where to stop.")
    if options["end_s"] is not None and options["end_s"] <= options["start_s"]:
        raise click.UsageError("--end must be later than --start.")
    what = RunOptions(
        paths=paths,
        fps=options["fps"] or None,
        start_s=options["start_s"],
        end_s=options["end_s"],
        recorded_at_s=options["recorded_at_s"],
        dated_names=options["dated_names"],
        pack=options["pack"],
        device=options["device"],
        min_face_px=options["min_face_px"],
        samples=options["samples"],
        max_pixels=options["max_pixels"],
        include_forgotten=options["include_forgotten"],
        clustering=options["clustering"],
    )
    table = metrics_table(options["metrics_port"])
    report, people, files = perform(place, what, quiet=options["quiet"], page=options["page"], metrics=table)
    if options["as_json"]:
        print_json(as_json(place, report, people, files))
    else:
        show(place, report, people, files, quiet=options["quiet"])
    if report.interrupted:
        return EXIT_INTERRUPTED
    return 1 if report.failed else 0


def perform(
    place: Place,
    options: RunOptions,
    *,
    quiet: bool,
    page: Path | None = None,
    metrics: MetricsTable | None = None,
) -> tuple[RunReport, list[Person], dict[str, Path]]:
    """Run, and collect the people seen in the sources with their thumbnail files.

    Args:
        place: Where people are stored.
        options: What to process.
        quiet: Without progress.
        page: Where to write a report of the people of these sources, or None.
        metrics: Where Prometheus is told how it gets on; None for nowhere.
    """
    from facestream.output import check_writable
    from facestream.recorded.sources import find_sources

    # What is wrong with paths, names and URLs is said before OpenCV and the models are loaded.
    found = find_sources(options)
    if page is not None:
        check_writable(page)

    from facestream.processes.head_start import head_start

    with head_start(place) as opened:
        from facestream.wiring import keys_of, make_reader, thumbnails_folder

        keys = keys_of(place)
        # Held to the end: the embedded server should not stop between the run and the look at its result.
        with opened() as handle:
            from facestream.client import Store
            from facestream.exports.page import write_page
            from facestream.hint import shown_path
            from facestream.metrics.monitored import monitored
            from facestream.people.people_filter import PeopleFilter
            from facestream.people.people_view import counted
            from facestream.people.thumbnail_files import write_thumbnails
            from facestream.progress import RunProgress, stderr_console

            with (
                RunProgress(stderr_console(), quiet=quiet) as progress,
                stopping() as stop,
                monitored("run", place, handle, metrics, collection=True) as monitor,
            ):
                # Not before Ctrl-C only sets `stop`: pydantic loses a KeyboardInterrupt while it makes the
                # classes of manifests, and refuses true ones then.
                from facestream.recorded.run import Run

                report = Run(place, options, progress, found, monitor).execute(stop)
            with Store(handle, make_reader(handle, keys), place) as store:
                everybody = store.people(PeopleFilter(ignored=True))
                seen = people_in(everybody, report.sources)
                here = [person for person in seen if not person.ignored]
                by_id = {person.id: person for person in everybody}
                people = [by_id[person.id] for person in here]
                folder = thumbnails_folder(place)
                store.drop_stale_pictures()
                files = write_thumbnails(store, people, folder)
                hidden = len(seen) - len(here)
                if hidden and not quiet:
                    listed = store.hint("people", "--ignored")
                    number = counted(hidden, "person", "people")
                    click.echo(
                        f"Not shown: {number} whom you ignore; `{listed}` lists them as well.", err=True
                    )
                if page is not None:
                    written = write_page(store, here, page)
                    if not quiet:
                        click.echo(f"report: {shown_path(written)}", err=True)
    return report, people, files


def people_in(people: list[Person], source_ids: Collection[str]) -> list[Person]:
    """Those who were seen in some sources, with their sightings there, those seen longest there first."""
    from facestream.people.people_filter import sorted_people

    asked = frozenset(source_ids)
    here = (person.within(lambda sighting: sighting.source_id in asked) for person in people)
    return sorted_people(person for person in here if person is not None)


def show(
    place: Place, report: RunReport, people: list[Person], files: dict[str, Path], *, quiet: bool
) -> None:
    """Print the people as a table."""
    from facestream.hint import command_line, shown_path
    from facestream.models.terms import terms
    from facestream.output import printable
    from facestream.people.people_view import counted, print_people, provisional_note

    if not people:
        click.echo("No people were found." if report.sources else "Nothing was processed.")
    else:
        print_people(people_in(people, report.sources), files)
    if report.failed and report.sources:
        # Its line may have scrolled away behind those of the others.
        names = ", ".join(shown_path(path) for path, _ in report.failed[:_FAILED_NAMED])
        more = f" and {len(report.failed) - _FAILED_NAMED} more" if len(report.failed) > _FAILED_NAMED else ""
        click.echo(f"Not read, see above: {printable(names)}{more}", err=True)
    if quiet:
        return
    if report.frames:
        rate = report.frames / max(report.seconds, 1e-3)
        allowed = terms(report.licence, report.commercial_use)
        click.echo(
            f"\n{counted(len(people), 'person', 'people')} in {counted(report.frames, 'frame')} with "
            f"{counted(report.faces, 'face')}; "
            f"{report.seconds:.1f} s, {rate:.1f} frames/s; models {report.pack}, {allowed}, on "
            f"{report.device_choice} ({report.provider})",
            err=True,
        )
    if any(s.source_id not in report.sources for p in people for s in p.sightings):
        listed = command_line(place, "people")
        click.echo(f"Shown is what these sources hold; `{listed}` shows everything of everybody.", err=True)
    if note := provisional_note(place, sum(person.provisional for person in people), "person", "people"):
        click.echo(note, err=True)
    if report.interrupted:
        click.echo("Interrupted: what was found is kept; the same command goes on from here.", err=True)


def as_json(place: Place, report: RunReport, people: list[Person], files: dict[str, Path]) -> dict[str, Any]:
    """The result of a run for machines."""
    from facestream.people.people_view import person_json
    from facestream.readable_path import readable_path

    return {
        "collection": place.collection,
        "people": [person_json(person, files) for person in people],
        "sources": report.sources,
        "already_done": report.already_done,
        "forgotten": report.forgotten,
        "frames": report.frames,
        "faces": report.faces,
        "seconds": round(report.seconds, 3),
        "first_person_s": None if report.first_person_s is None else round(report.first_person_s, 3),
        "failed": [{"source": readable_path(path), "error": reason} for path, reason in report.failed],
        "damaged": [{"source": readable_path(path), "warning": text} for path, text in report.damaged],
        "interrupted": report.interrupted,
        "models": report.pack,
        "licence": report.licence,
        "commercial_use": report.commercial_use,
        "device": report.device,
        "provider": report.provider,
    }
