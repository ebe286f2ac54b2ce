"""The options that say who is on photos, and whose count: for `evaluate` and `calibrate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def label_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say what labels a photo, and whose photos and faces count."""
    options = (
        click.option(
            "--labels-from",
            type=click.Choice(["auto", "folders", "names"]),
            default="auto",
            show_default=True,
            help="What says who is on a photo: the first folder on the way to it, or its name without the "
            "number at the end.",
        ),
        click.option(
            "--only",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Only the people that this CSV file lists in its column `name`.",
        ),
        click.option(
            "--half", metavar="NAME", help="Of that file only the rows with this value in the column `half`."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
