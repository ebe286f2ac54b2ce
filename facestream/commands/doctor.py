"""facestream doctor: is this installation sound, and how quick is it here?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import device_option, place_options, verbosity_options
from facestream.configuration.setting_option import setting_option
from facestream.configuration.settings import Place
from facestream.processes.stopping import stopping

if TYPE_CHECKING:
    from facestream.checkup.finding import Finding, Status

# Words, so that they say the same without colour; the worst comes last, beside the verdict.
_MARKS: dict[Status, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "failed": ("FAILED", "red"),
}
_MARK_WIDTH = 9


@click.command(
    name="doctor",
    epilog="""\b
Examples:
  facestream doctor
  facestream doctor --device cuda
  facestream doctor --models ~/packs/arcface
  facestream doctor --no-speed-test --redis redis://localhost:6379/0
  facestream doctor --json | jq '.findings[] | select(.status != "ok")'

\b
Exit codes: 0 nothing failed (there may be warnings), 1 something failed, 130 interrupted.
""",
)
@setting_option(
    "--models",
    "pack",
    setting="models",
    metavar="NAME|FOLDER",
    help="Also look at this model pack, which may be a folder of models, and measure the speed with it.",
)
@click.option("--no-speed-test", is_flag=True, help="Leave out the test, which takes ten seconds or more.")
@click.option("--json", "as_json", is_flag=True, help="Print findings and speed as JSON.")
@device_option
@place_options()
@verbosity_options
def command(
    pack: str | None,
    no_speed_test: bool,
    as_json: bool,
    device: str,
    data_dir: str | None,
    redis_url: str | None,
    collection: str,
    quiet: bool,
    debug: bool,
) -> int:
    """Check this installation and measure its speed.

    Looked at are versions, wheels that clash, models (built if they aren't yet), decoders, the server, what
    workers say of the cameras, memory and disk. The speed test runs the whole path for ten seconds in a
    temporary folder; your people are not touched. What is wrong comes with its mend.
    """
    from facestream.checkup.examination import Examination
    from facestream.commands.run import EXIT_INTERRUPTED
    from facestream.output import print_json

    place = Place.of(data_dir, redis_url, collection)
    examination = Examination(place, models=pack, device=device, debug=debug)
    if not quiet:
        click.echo("Checking versions, models, server and machine ...", err=True)
    examination.run()
    speed, interrupted = None, False
    if not no_speed_test:
        if examination.can_measure_speed and not quiet:
            click.echo("Making a video and measuring the speed for ten seconds ...", err=True)
        with stopping() as stop:
            speed = examination.measure_speed(stop)
            interrupted = stop.is_set()
    findings = examination.findings
    failed = any(finding.status == "failed" for finding in findings)
    if as_json:
        print_json(
            {
                "ok": not failed,
                "findings": [as_row(finding) for finding in findings],
                "speed": speed.as_json() if speed else None,
            }
        )
    else:
        click.echo(report(findings))
    if interrupted:
        return EXIT_INTERRUPTED
    return 1 if failed else 0


def as_row(finding: Finding) -> dict[str, Any]:
    """A finding for machines."""
    return {
        "name": finding.name,
        "status": finding.status,
        "detail": finding.detail,
        "mend": finding.mend or None,
    }


def report(findings: Sequence[Finding]) -> str:
    """The findings as a table: what is well, what is worth a look, what failed; then the verdict."""
    width = max(len(finding.name) for finding in findings) + 2
    lines = [
        click.style(f"{mark:<{_MARK_WIDTH}}", fg=colour) + _row(finding, width)
        for status, (mark, colour) in _MARKS.items()
        for finding in findings
        if finding.status == status
    ]
    return "\n".join([*lines, "", verdict(findings)])


def _row(finding: Finding, width: int) -> str:
    from facestream.output import printable

    # Logs of servers have several lines.
    first, *rest = finding.detail.splitlines() or [""]
    lines = [f"{printable(finding.name):<{width}}{printable(first)}"]
    lines += [f"{'':{_MARK_WIDTH + width}}{printable(line)}" for line in rest]
    if finding.mend:
        lines.append(f"{'':{_MARK_WIDTH + width}}mend: {printable(finding.mend)}")
    return "\n".join(lines)


def verdict(findings: Sequence[Finding]) -> str:
    """One sentence on all of it."""
    failed = sum(finding.status == "failed" for finding in findings)
    warnings = sum(finding.status == "warning" for finding in findings)
    if failed:
        return f"{failed} FAILED: facestream does not work, or not in full, until that is mended."
    if warnings:
        return f"facestream works; {warnings} {'warning' if warnings == 1 else 'warnings'} to look at."
    return "All is well."
