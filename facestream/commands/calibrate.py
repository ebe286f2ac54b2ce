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
    from workers.clustering.pairs import Pair
    from workers.clustering.verification import OperatingPoint, Verification

_PAIRS_SHOWN = 8
_NAMED = 5
# What a threshold of a FAR is good for.
_USES = {
    1e-2: "to look for candidates, with a person who looks at them",
    1e-3: "to compare two photos, or to group up to some hundred",
    1e-4: "to group thousands, or where a mix-up costs more than a miss",
}
_SCOPES = {"all": "", "within": "Within a clip", "across": "From clip to clip"}


@click.command(
    name="calibrate",
    epilog="""\b
Examples:
  facestream calibrate photos/                           photos/NAME/*.jpg
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
    help="Also measure faces of eight sizes, and write what a pack's `[calibration] file` holds (.npz).",
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


def show(report: CalibrationReport, *, quiet: bool) -> None:
    """Print it all."""
    from facestream.people.people_view import counted

    what = "photo" if report.kind == "photos" else "track"
    click.echo(
        f"{counted(len(report.faces), what)} of {counted(report.people, 'person', 'people')}; models "
        f"{report.pack}."
    )
    if not quiet:
        _show_left_out(report)
    for scope, result in report.results.items():
        click.echo("")
        if _SCOPES[scope]:
            click.echo(click.style(_SCOPES[scope], bold=True))
        _show_result(result)
    if report.kind == "photos":
        _show_uses(report.result)
    _show_pairs(
        report,
        report.result.strangers,
        "How close did a stranger get? The most alike pairs of two people (the same person twice? then a "
        "label is wrong):",
    )
    _show_pairs(report, report.result.estranged, "The least alike pairs of one person:")
    _show_sizes(report)
    _show_rise(report)
    if toml := report.thresholds_toml():
        click.echo(f"\nFor the manifest of the pack:\n\n{toml}")


def _show_left_out(report: CalibrationReport) -> None:
    """Say what was not compared, and name some of it."""
    from facestream.output import printable
    from facestream.people.people_view import counted

    groups = (
        ("can't be read", [reason for _, reason in report.faces.failed]),
        ("no face found", [str(path) for path in report.faces.faceless]),
        (
            "the same file as another, left out",
            [f"{path} = {first}" for path, first in report.doubled],
        ),
    )
    for title, entries in groups:
        if entries:
            click.echo(f"{counted(len(entries), 'photo')}: {title}", err=True)
            for entry in entries[:_NAMED]:
                click.echo(f"  {printable(entry)}", err=True)
            if len(entries) > _NAMED:
                click.echo("  ...; --json names all", err=True)
    if report.mixed:
        click.echo(
            f"{counted(report.mixed, 'track')} on more than one person: taken for that of most of its faces.",
            err=True,
        )
    if report.unknown:
        click.echo(f"{counted(report.unknown, 'track')} of nobody known left out.", err=True)


def _show_result(result: Verification) -> None:
    from facestream.output import print_table

    columns = ("pairs of", "number", "mean", "sd", "least", "1 %", "50 %", "99 %", "most")
    rows = []
    for name, histogram in (("one person", result.genuine), ("two people", result.impostor)):
        figures = (
            histogram.mean,
            histogram.sd,
            histogram.least,
            *(histogram.percentile(percent) for percent in (1, 50, 99)),
            histogram.most,
        )
        rows.append([name, f"{histogram.number:,}", *(f"{value:.4f}" for value in figures)])
    print_table(columns, rows, right=columns[1:])
    click.echo("")
    points = ("strangers accepted", "similarity", "distance", "same person accepted", "95 % interval")
    print_table(points, [_point_row(point) for point in result.points], right=points[1:])
    if any(point.threshold is not None and not point.is_sure for point in result.points):
        click.echo("* fewer than 30 pairs of strangers are behind it: uncertain by 30 % and more.")
    d_prime = "" if result.d_prime is None else f"; d' {result.d_prime:.2f}"
    click.echo(f"Equal error rate {result.eer:.2%} at {result.eer_threshold:.4f}{d_prime}.")


def _point_row(point: OperatingPoint) -> list[str]:
    from facestream.quality.calibration_report import DIGITS
    from workers.clustering.verification import rounded_up

    share = f"1 in {round(1 / point.far):,}"
    if point.threshold is None or point.tar is None:
        return [share, "too few pairs", "-", "-", "-"]
    threshold = rounded_up(point.threshold, DIGITS)
    interval = (
        "-" if point.tar_interval is None else f"{point.tar_interval[0]:.1%} to {point.tar_interval[1]:.1%}"
    )
    mark = "" if point.is_sure else " *"
    return [
        f"{share}{mark}",
        f"{threshold:.{DIGITS}f}",
        f"{1 - threshold:.{DIGITS}f}",
        f"{point.tar:.1%}",
        interval,
    ]


def _show_uses(result: Verification) -> None:
    from facestream.quality.calibration_report import DIGITS
    from workers.clustering.verification import rounded_up

    click.echo("")
    for point in result.points:
        if point.threshold is not None and point.far in _USES:
            threshold = rounded_up(point.threshold, DIGITS)
            click.echo(
                f"Use {threshold:.{DIGITS}f} (eps {1 - threshold:.{DIGITS}f} where distances are asked for) "
                f"{_USES[point.far]}."
            )


def _show_pairs(report: CalibrationReport, pairs: tuple[Pair, ...], title: str) -> None:
    from facestream.output import printable
    from facestream.people.people_view import clock

    click.echo(f"\n{title}")
    for pair in pairs[:_PAIRS_SHOWN]:
        sides = []
        for item in (pair.first, pair.second):
            at = f" at {clock(report.faces.faces[item][0].time_s)}" if report.kind == "clips" else ""
            sides.append(f"{printable(report.names[item])} ({printable(report.path(item))}{at})")
        click.echo(f"  {pair.similarity:.4f}  {sides[0]}\n          {sides[1]}")


def _show_sizes(report: CalibrationReport) -> None:
    from facestream.output import print_table
    from facestream.quality.calibration_report import size_rows

    if report.by_size is None:
        return
    click.echo("\nBoth faces of one size, the people with several photos:")
    columns = ("px", "one person", "two people", "spread", "d'")
    print_table(
        columns,
        [
            [
                f"{row['size_px']:g}",
                *(f"{row[name]:.4f}" for name in ("genuine", "impostor", "spread")),
                f"{row['d_prime']:.2f}",
            ]
            for row in size_rows(report.by_size)
        ],
        right=columns,
    )


def _show_rise(report: CalibrationReport) -> None:
    from facestream.output import printable

    rise = report.rise
    if rise is None:
        return

    def figure(value: float | None) -> str:
        return "too few pairs" if value is None else f"{value:+.4f}"

    click.echo("\nMore alike than photos of these sizes are (median):")
    for clip, value, pairs in zip(report.clips, rise.together, rise.pairs_together, strict=True):
        seen = f"two people seen together in {printable(str(clip))} ({pairs} pairs)"
        click.echo(f"  {figure(value)}  {seen}")
    if rise.across is not None:
        click.echo(f"  {figure(rise.across)}  two people of two clips")
    click.echo(f"  {figure(rise.genuine)}  one person")
    if rise.video_rise is not None:
        click.echo(f"For the manifest of the pack, under [calibration]: video_rise = {rise.video_rise:.3f}")
