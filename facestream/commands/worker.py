"""facestream worker: a share of all cameras, beside other workers."""

from __future__ import annotations

from typing import Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.commands.began_option import began_option
from facestream.commands.duration_option import duration_option
from facestream.commands.metrics_option import metrics_option, metrics_table
from facestream.commands.model_options import own_parts_options
from facestream.commands.watch import perform
from facestream.configuration.settings import Place


@click.command(
    name="worker",
    epilog="""\b
Examples:
  facestream cluster-worker --redis redis://store:6379/0      once, and once more to stand by
  facestream worker --redis redis://store:6379/0              on as many hosts as the cameras need
  FACESTREAM_SECRET_KEY=$(cat key) facestream worker --redis rediss://user:secret@host:6379/0

\b
Exit codes: 0 ended by Ctrl-C, SIGTERM or --for, 1 something failed, 2 wrong usage, 70 a model hung.
""",
)
@duration_option
@own_parts_options
@device_option
@metrics_option
@began_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for what happens.")
@place_options()
@verbosity_options
def command(**options: Any) -> None:
    """Look at a fair share of the collection's cameras, and send what is found to its cluster worker.

    Any number of workers, on any hosts that reach the server, share the cameras evenly. One that is killed is
    replaced by the others within 15 seconds; one that was only paused finds its cameras taken, and can't
    write into them any more. Who finds no cameras waits for some.

    The URLs of cameras are sealed: hosts other than the one that added them need its key, in
    FACESTREAM_SECRET_KEY or as `camera.key` in their data folder.
    """
    from facestream.watch.watch_report import WatchOptions

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    what = WatchOptions(
        pack=options["pack"],
        device=options["device"],
        for_s=options["for_s"],
        clusters=False,
        waits=True,
        began=options["began"],
    )
    table = metrics_table(options["metrics_port"])
    perform(place, what, as_json=options["as_json"], quiet=options["quiet"], metrics=table, live=False)
