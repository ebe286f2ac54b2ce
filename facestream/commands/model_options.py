"""The options that say which models compare faces, and in which data folder the models folder is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from facestream.cli import chosen, models_option, own_models_option
from facestream.settings import DEFAULT_MODELS, Place


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


def parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which pack, and which detector or embedder instead of its own.

    The command gets all of it as the one name `pack`.
    """
    return _parts_options(command, models_option)


def own_parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where faces of a collection are compared; `pack` is None for the collection's own."""
    return _parts_options(command, own_models_option)


def _parts_options(command: Callable[..., Any], models: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def with_parts(
        *args: Any, pack: str | None, detector: str | None, embedder: str | None, **options: Any
    ) -> Any:
        return command(*args, pack=_whole_name(pack, detector, embedder), **options)

    options = (
        models,
        click.option(
            "--detector",
            metavar="haar|mtcnn|scrfd|retinaface|yunet|PACK",
            help="Find faces with this detector, or that of another pack, instead of the pack's own.",
        ),
        click.option(
            "--embedder",
            metavar="dlib|arcface|sface|facenet|PACK",
            help="Compare faces with this embedder, or that of another pack, instead of the pack's own.",
        ),
    )
    result: Callable[..., Any] = with_parts
    for option in reversed(options):
        result = option(result)
    return result


def _whole_name(pack: str | None, detector: str | None, embedder: str | None) -> str | None:
    if detector is None and embedder is None:
        return pack
    given = click.get_current_context().get_parameter_source("pack") is not ParameterSource.DEFAULT
    if given and detector is not None and embedder is not None:
        raise click.UsageError("--models says nothing beside both --detector and --embedder; leave one out.")
    # Brings the libraries of the models along.
    from workers.models.combination import combined_name

    return combined_name(pack or DEFAULT_MODELS, detector, embedder)
