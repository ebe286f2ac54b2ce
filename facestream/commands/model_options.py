"""The option that says in which data folder the models folder is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen
from facestream.settings import Place


def models_place_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says where packs are put."""
    return click.option(
        "--data-dir",
        metavar="FOLDER",
        type=click.Path(file_okay=False),
        help="Data folder; packs lie in its folder `models`, for all its collections.  [env var: "
        "FACESTREAM_DATA_DIR; default: the user's data folder]",
    )(command)


def data_dir_of(ctx: click.Context) -> Path | None:
    """The data folder that was asked for, wherever the option stands; None for the default one."""
    return Place.of(chosen(ctx, "data_dir")).data_dir
