"""facestream config: the settings file and the environment variables, checked or shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, verbosity_options
from facestream.log_format import tell_warning


@click.group(
    name="config",
    epilog="""\b
Examples:
  facestream config show                        what is set, and where
  facestream config check                       is it valid?
  facestream --config cameras.toml config show  as with that file
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity_options
def command(**_: Any) -> None:
    """Check the settings, or show what is set and where.

    Settings are made in facestream.toml, by environment variables FACESTREAM_*, and by options; what comes
    later in this list wins. docs/settings.md has all of them.
    """


@command.command(
    name="check",
    epilog="""\b
Examples:
  facestream config check
  facestream config check deploy/facestream.toml
  facestream config check --json | jq '.problems[].line'

\b
Exit codes: 0 valid, 1 something is wrong, 2 wrong usage.
""",
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity_options
@click.pass_context
def check(ctx: click.Context, /, file: Path | None, **_: Any) -> int:
    """Look for faults in FILE, and list all of them with their lines.

    Without FILE, the file that is in force and the environment variables are checked.
    """
    from facestream.configuration.given_settings import given_settings
    from facestream.configuration.settings import settings_path, settings_paths
    from facestream.configuration.settings_file import SettingsFile
    from facestream.configuration.settings_problem import Problem
    from facestream.configuration.settings_view import problem_rows
    from facestream.errors import SettingsError
    from facestream.output import print_json, printable

    path = file or settings_path()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    try:
        if file is not None:
            SettingsFile.read(file)
        else:
            warnings = given_settings().warnings
    except SettingsError as error:
        problems = error.problems
    if chosen(ctx, "as_json"):
        print_json(
            {
                "file": None if path is None else str(path),
                "valid": not problems,
                "problems": problem_rows(problems),
                "warnings": problem_rows(warnings),
            }
        )
        return 1 if problems else 0
    for problem in problems:
        click.echo(printable(str(problem)))
    for warning in warnings:
        tell_warning(printable(str(warning)))
    if not (problems or chosen(ctx, "quiet")):
        looked = " and ".join(str(place) for place in settings_paths())
        click.echo(f"{printable(str(path))}: valid." if path else f"There is no settings file: no {looked}.")
    return 1 if problems else 0


@command.command(
    name="show",
    epilog="""\b
Examples:
  facestream config show
  facestream config show --json | jq '.settings[] | select(.from != "default")'
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity_options
@click.pass_context
def show(ctx: click.Context, /, **_: Any) -> None:
    """Show all settings as they are in force, each with where it comes from. Passwords are masked."""
    from facestream.configuration.setting_option import settings_of
    from facestream.configuration.settings_view import effective_rows, shown_row
    from facestream.output import print_json, print_table

    given = settings_of(ctx)
    rows = effective_rows(given)
    if chosen(ctx, "as_json"):
        print_json({"file": None if given.path is None else str(given.path), "settings": rows})
        return
    print_table(("setting", "value", "from"), [shown_row(row) for row in rows])
