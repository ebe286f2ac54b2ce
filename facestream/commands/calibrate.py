"""facestream calibrate: what similarities of a model pack mean."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, verbosity_options
from facestream.commands.label_options import label_options
from facestream.commands.model_options import parts_options
from facestream.parsing import MediaPath
from facestream.processes.stopping import stopping

if TYPE_CHECKING:
    from facestream.quality.calibration_report import CalibrationReport


@click.command(
    name="calibrate",
    epilog="""\b
Examples:
  facestream calibrate photos/                           photos/NAME/*.jpg, photos/NAME/2020/*.jpg
  facestream calibrate photos/ --labels-from names       photos/NAME_0001.jpg
  facestream calibrate photos/ --plot alike.png
  facestream calibrate photos/ --only halves.csv --half calibrate -o calibration.npz
  facestream calibrate clips/*.mp4                       clips/NAME.csv says who is in clips/NAME.mp4
  facestream calibrate --models my-pack/ --json photos/ | jq '.results.all.points'
""",
)
@click.argument("paths", metavar="PHOTOS|CLIPS...", nargs=-1, required=True, type=MediaPath())
@label_options
@parts_options
@device_option
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw distributions, ROC and the closest strangers: .png, .svg or .pdf.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also measure faces of up to eight sizes, as far as they are so large, and write what a pack's "
    "`[calibration] file` holds (.npz).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity_options
def command(paths: tuple[Path, ...], as_json: bool, quiet: bool, **options: Any) -> None:
    """Measure how alike strangers and the same person look to a model.

    PHOTOS is a folder of labelled photos; of each the face nearest to its centre counts, and all are compared
    with all. Shown are the similarities of pairs of one person and of two, the share of right pairs that each
    share of wrong ones costs, the thresholds to use, and the strangers who came closest.

    CLIPS are videos with a file NAME.csv or NAME.truth.csv beside each that says who is where (frame, x1, y1,
    x2, y2, label). They are processed as `run` does, in a temporary folder, and their tracks are compared.
    Nothing is stored.
    """
    from facestream.output import check_writable, print_json

    plot, output = options["plot"], options["output"]
    # What is wrong with an option is said before the work, which takes minutes.
    if plot is not None:
        from facestream.drawing.figure_file import check_format

        check_format(plot)
        check_writable(plot, picture_of=paths)
    if output is not None:
        check_writable(output)
    report = _measure(paths, quiet=quiet, options=options)
    if report.by_size is not None and output is not None:
        from facestream.output import written_file

        with written_file(output, text=False) as file:
            report.by_size.save(file)
    if plot is not None:
        from facestream.quality.calibration_plot import write_plot

        write_plot(report, plot)
    if as_json:
        print_json(report.as_json())
    else:
        from facestream.commands.calibrate_text import show

        show(report, quiet=quiet)
    if not quiet:
        from facestream.hint import shown_path

        for path in (plot, output):
            if path is not None:
                click.echo(f"written: {shown_path(path)}", err=True)


def _measure(paths: tuple[Path, ...], *, quiet: bool, options: dict[str, Any]) -> CalibrationReport:
    from facestream.progress import RunProgress, stderr_console
    from facestream.progress_bar import ProgressBar
    from facestream.quality.calibration_run import calibrate
    from stream.discover import discover

    console = stderr_console()
    clips = bool(discover(paths).videos)
    with (
        stopping() as stop,
        ProgressBar(console, quiet=quiet) as bar,
        RunProgress(console, quiet=quiet) if clips else nullcontext() as progress,
    ):
        return calibrate(
            *paths,
            labels_from=options["labels_from"],
            only=options["only"],
            half=options["half"],
            models=options["pack"],
            device=options["device"],
            by_size=options["output"] is not None,
            stop=stop,
            tell=lambda done, total: bar.tell("photos", done, total),
            listener=progress,
        )
