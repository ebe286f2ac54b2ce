"""What `facestream calibrate` prints of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from facestream.quality.calibration_report import CalibrationReport
    from facestream.quality.size_choice import SizeChoice
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
            "the same picture as another, left out",
            [f"{photo.path} = {photo.first}" for photo in report.doubled if not photo.is_mislabelled],
        ),
        (
            "the same picture as another, under two names: one of the labels is wrong; mend it and measure "
            "again (until then the second is left out)",
            [
                f"{photo.path} ({photo.name}) = {photo.first} ({photo.first_name})"
                for photo in report.doubled
                if photo.is_mislabelled
            ],
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
    if report.sizes is not None:
        _show_sizes_left_out(report.sizes)


def _show_sizes_left_out(sizes: SizeChoice) -> None:
    from facestream.people.people_view import counted
    from facestream.quality.size_choice import LEAST_PAIRS

    if sizes.left_out:
        listed = ", ".join(f"{size_px:g} px ({as_large})" for size_px, as_large in sizes.left_out)
        click.echo(
            f"\nSizes left out, with the number of faces that are as large, of {len(sizes.used)}: {listed}. "
            f"Half of them must be, in {LEAST_PAIRS} pairs of one person and of two. A larger face will be "
            f"taken for one of {sizes.sizes_px[-1]:g} px."
        )
    if sizes.too_small:
        click.echo(f"{counted(sizes.too_small, 'face')} too small for these sizes left out.")


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
