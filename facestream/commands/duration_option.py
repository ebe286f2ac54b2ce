"""The option that says how long something that goes on for ever should go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from facestream.parsing import Duration


def duration_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a command with `--for`; it gets `for_s`, s, or None for ever."""
    return click.option(
        "--for",
        "for_s",
        type=Duration(),
        metavar="DURATION",
        help="End by itself after so long: 90s, 10m, 8h.  [default: never]",
    )(command)
