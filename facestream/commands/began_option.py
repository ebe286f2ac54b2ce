"""The option of processes that are kept for one collection, and must not begin another of its name."""

from __future__ import annotations

import click

began_option = click.option(
    "--began",
    default="",
    metavar="TIME",
    help="Only for the collection whose `created_at_s` this is: end where it was dropped or replaced.",
)
