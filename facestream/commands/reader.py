"""facestream reader: frames of cameras, from where those can be reached to where their faces are found."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from facestream.cli import place_options, verbosity_options
from facestream.commands.duration_option import duration_option
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.processes.stopping import stopping


@click.command(
    name="reader",
    epilog="""\b
Examples:
  facestream camera add door rtsp://user:password@192.168.1.20/stream1 --redis rediss://store:6379/0
  facestream reader door --remote --redis rediss://store:6379/0      door's frames come from here from now on
  facestream reader --redis rediss://store:6379/0                    all cameras that were made remote
  facestream reader --send packets --redis rediss://store:6379/0     as the cameras encode them
  facestream camera set door --local                                 workers connect to it themselves again

\b
Exit codes: 0 ended by Ctrl-C, SIGTERM or --for, 1 something failed, 2 wrong usage.
""",
)
@click.argument("names", nargs=-1)
@click.option(
    "--remote",
    is_flag=True,
    help="Make NAMES remote cameras, which stays so: workers take their frames from a reader, and don't "
    "connect to them.",
)
@click.option(
    "--send",
    "form",
    type=click.Choice(["jpeg", "packets"]),
    default="jpeg",
    show_default=True,
    help="How frames go: as JPEG, or as the camera encodes them, which costs this box next to nothing and "
    "loses nothing; workers decode them then.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=90,
    show_default=True,
    metavar="N",
    help="Quality of the JPEGs, 1 to 100: less needs less room and loses faces.",
)
@duration_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for what happens.")
@place_options()
@verbosity_options
@click.pass_context
def command(context: click.Context, /, names: tuple[str, ...], **options: Any) -> None:
    """Read remote cameras, all or NAMES, and send their frames through Redis to workers on other hosts.

    For boxes near the cameras that have no GPU: no models run here. Frames go as JPEG, those in which nothing
    has changed without a picture, or with --send packets as the camera encodes them. They wait in Redis for
    a worker for 30 seconds at most, and are deleted when what was seen in them is stored. URLs of cameras
    that are added here are sealed with a key that need not leave this box.

    A reader that is killed is replaced by any other that was started for its cameras.
    """
    from facestream.watch.reader_lines import ReaderLines
    from facestream.watch.sending import SendOptions, send_frames

    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    packets = options["form"] == "packets"
    if packets and context.get_parameter_source("quality") is ParameterSource.COMMANDLINE:
        raise UsageError("--quality is that of JPEGs; with --send packets there are none")
    what = SendOptions(
        tuple(dict.fromkeys(names)), options["remote"], packets, options["quality"], options["for_s"]
    )
    as_json = options["as_json"]
    listener = ReaderLines(
        lambda line: click.echo(line, err=not as_json), as_json=as_json, quiet=options["quiet"]
    )
    with stopping(listener.ending) as stop:
        send_frames(place, what, listener, stop)
