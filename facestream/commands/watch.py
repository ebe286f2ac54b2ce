"""facestream watch: cameras in, their people out, live."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.commands.duration_option import duration_option
from facestream.commands.metrics_option import metrics_option, metrics_table
from facestream.commands.model_options import own_parts_options
from facestream.configuration.settings import Place
from facestream.processes.stopping import stopping

_TOLD_ANYHOW = ("stream.live_reader", "storage.outage")

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import MetricsTable
    from facestream.people.person import Person
    from facestream.people.sighting import Sighting
    from facestream.watch.watch_report import WatchListener, WatchOptions, WatchReport


@click.command(
    name="watch",
    epilog="""\b
Examples:
  facestream camera add door rtsp://user:password@192.168.1.20/stream1
  facestream watch
  facestream watch door yard --for 8h
  facestream watch --json | jq 'select(.event == "person")'

\b
Exit codes: 0 ended by Ctrl-C, SIGTERM or --for, 1 something failed, 2 wrong usage, 70 a model hung. Whoever
ends a watch loses nothing: what was seen is stored. A second Ctrl-C ends it at once, with 130.
""",
)
@click.argument("names", nargs=-1)
@duration_option
@own_parts_options
@device_option
@metrics_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for what happens.")
@place_options()
@verbosity_options
def command(names: tuple[str, ...], **options: Any) -> None:
    """Find the people in front of all cameras of the collection, or of NAMES, until Ctrl-C.

    A terminal shows how each camera is doing; without one, lines tell of changes. Cameras that are down are
    tried again for ever and cost the others nothing; cameras that are added, removed, paused or changed
    meanwhile are noticed within 2 seconds. Everything runs in this process; `worker` and `cluster-worker`
    share the work among several.
    """
    from facestream.watch.watch_report import WatchOptions

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    what = WatchOptions(
        names=tuple(dict.fromkeys(names)),
        pack=options["pack"],
        device=options["device"],
        for_s=options["for_s"],
    )
    table = metrics_table(options["metrics_port"])
    perform(place, what, as_json=options["as_json"], quiet=options["quiet"], metrics=table)


def perform(
    place: Place,
    options: WatchOptions,
    *,
    as_json: bool,
    quiet: bool,
    metrics: MetricsTable,
    live: bool = True,
) -> None:
    """Watch, and print who was seen, where people are found here.

    Args:
        place: Where people and cameras are stored.
        options: What to watch.
        as_json: For machines.
        quiet: Without what goes well.
        metrics: Where Prometheus is told how it gets on.
        live: Whether a terminal shows a table, and not lines.
    """
    from facestream.processes.allocator import steady_memory
    from facestream.processes.head_start import head_start

    # Before there are threads.
    steady_memory()
    with head_start(place) as opened:
        from facestream.erasure.retention import settle_policy
        from facestream.wiring import keys_of, make_camera_store, make_reader, thumbnails_folder

        keys = keys_of(place)
        # Held to the end: the embedded server should not stop between the watch and the look at its result.
        with opened() as handle:
            from facestream.client import Store
            from facestream.people.people_view import provisional_note
            from facestream.people.thumbnail_files import write_thumbnails
            from facestream.watch.watch_lines import JsonLines

            with handle.errors():
                if options.url is not None or options.waits or make_camera_store(handle, keys).names():
                    settle_policy(handle, keys, place, began=options.began)
            with ExitStack() as stack:
                listener = stack.enter_context(listening(as_json=as_json, quiet=quiet, live=live))
                stop = stack.enter_context(stopping(listener.ending))
                from facestream.metrics.monitored import monitored
                from facestream.watch.watching import Watch

                command = "watch" if options.clusters else "worker"
                monitor = stack.enter_context(
                    monitored(command, place, handle, metrics, collection=options.clusters)
                )
                report = Watch(place, options, listener, monitor).execute(stop)
            if not options.clusters:
                return
            with Store(handle, make_reader(handle, keys), place) as store:
                people = people_during(store.people(), report)
                if isinstance(listener, JsonLines):
                    listener.ended(people, report.seconds, report.done)
                    return
                files = write_thumbnails(store, people, thumbnails_folder(place))
            show(people, files, report, quiet=quiet)
            note = provisional_note(place, sum(person.provisional for person in people), "person", "people")
            if note and not quiet:
                click.echo(note, err=True)


def listening(
    *, as_json: bool, quiet: bool, live: bool = True, told: Sequence[str] = _TOLD_ANYHOW
) -> AbstractContextManager[WatchListener]:
    """What shows how a watch goes on: lines of JSON, a table on a terminal, or plain lines.

    Args:
        as_json: For machines.
        quiet: Without what goes well.
        live: Whether a terminal shows a table.
        told: Loggers of what the listener is told anyhow.
    """
    from facestream.log_format import is_json
    from facestream.progress import stderr_console
    from facestream.watch.watch_lines import JsonLines, PlainLines

    if logging.getLogger().getEffectiveLevel() >= logging.WARNING:
        # What listeners tell need not be told twice.
        for name in told:
            logging.getLogger(name).setLevel(logging.ERROR)
    if as_json:
        # Each line at once, for whoever reads from a pipe.
        return nullcontext(JsonLines(lambda line: print(line, flush=True)))  # noqa: T201
    console = stderr_console()
    if is_json():
        log = logging.getLogger("facestream.watch")
        # Asked for as log lines, and not by -v.
        log.setLevel(logging.INFO)
        return nullcontext(PlainLines(lambda line: log.info("%s", line), quiet=quiet))
    if quiet or not live or not console.is_terminal:
        return nullcontext(PlainLines(lambda line: click.echo(line, err=True), quiet=quiet))
    from facestream.watch.watch_view import TerminalView

    return TerminalView(console)


def people_during(people: list[Person], report: WatchReport) -> list[Person]:
    """Who was seen by the cameras of a watch, with what was seen of them then, those seen longest first."""
    from facestream.people.people_filter import sorted_people

    def within(sighting: Sighting) -> bool:
        if sighting.source_id not in report.sources or sighting.recorded_at_s is None:
            return False
        return sighting.recorded_at_s + sighting.end_s >= report.began_s

    found = (person.within(within) for person in people)
    return sorted_people(person for person in found if person is not None)


def show(people: list[Person], files: dict[str, Path], report: WatchReport, *, quiet: bool) -> None:
    """Print who was seen."""
    from facestream.hint import shown_path
    from facestream.people.people_view import counted, duration, print_watched

    if people:
        print_watched(people)
        if files and not quiet:
            folder = shown_path(next(iter(files.values())).parent)
            click.echo(f"\nfaces: {folder}, a picture by the id of each", err=True)
    else:
        click.echo("Nobody was seen.")
    if not quiet:
        models = f"; models {report.models}" if report.models else ""
        click.echo(
            f"\n{counted(len(people), 'person', 'people')} in {duration(report.seconds)}, "
            f"{counted(report.done, 'frame')} looked at{models}",
            err=True,
        )
