"""The options that say which models compare faces, and in which data folder the models folder is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from facestream.cli import chosen, data_dir_option, models_option, new_faces_models_option
from facestream.configuration.setting_option import setting_option, was_typed
from facestream.configuration.settings import DEFAULT_MODELS, Place


def models_place_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says where packs are put."""
    what = "Data folder; packs lie in its folder `models`, for all its collections."
    return data_dir_option(what)(command)


def data_dir_of(ctx: click.Context) -> Path | None:
    """The data folder that was asked for, wherever the option stands; None for the default one."""
    return Place.of(chosen(ctx, "data_dir")).data_dir


def parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which pack, and which detector or embedder instead of its own.

    The command gets all of it as the one name `pack`.
    """
    return _parts_options(command, models_option)


def own_parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where new faces are found for a collection; `pack` is None for the collection's own."""
    return _parts_options(command, new_faces_models_option)


def photo_parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where faces of `photos` or, without any, of a collection are compared.

    Settings count for photos alone: a collection's own models are best for what it holds.
    """
    return _parts_options(
        command, new_faces_models_option, settings_for=lambda ctx: bool(ctx.params["photos"])
    )


def _parts_options(
    command: Callable[..., Any],
    models: Callable[..., Any],
    settings_for: Callable[[click.Context], bool] = lambda _: True,
) -> Callable[..., Any]:
    @functools.wraps(command)
    def with_parts(
        *args: Any, pack: str | None, detector: str | None, embedder: str | None, **options: Any
    ) -> Any:
        ctx = click.get_current_context()
        parts = {"pack": pack, "detector": detector, "embedder": embedder}
        typed = {name for name in parts if was_typed(ctx, name)}
        if not settings_for(ctx):
            parts = {name: parts[name] if name in typed else None for name in parts}
        elif "pack" in typed:
            # Whoever names a pack means it, and not one with other parts that a setting knows of.
            parts |= {name: None for name in ("detector", "embedder") if name not in typed}
        return command(*args, pack=_whole_name(**parts, pack_typed="pack" in typed), **options)

    options = (
        models,
        setting_option(
            "--detector",
            setting="detector",
            metavar="centerface|haar|mtcnn|scrfd|retinaface|yunet|PACK",
            help="Find faces with this detector, or that of another pack, instead of the pack's own.",
        ),
        setting_option(
            "--embedder",
            setting="embedder",
            metavar="dlib|arcface|sface|facenet|PACK",
            help="Compare faces with this embedder, or that of another pack, instead of the pack's own.",
        ),
    )
    result: Callable[..., Any] = with_parts
    for option in reversed(options):
        result = option(result)
    return result


def _whole_name(
    pack: str | None, detector: str | None, embedder: str | None, *, pack_typed: bool
) -> str | None:
    if detector is None and embedder is None:
        return pack
    if pack_typed and detector is not None and embedder is not None:
        raise click.UsageError("--models says nothing beside both --detector and --embedder; leave one out.")
    # Brings the libraries of the models along.
    from workers.models.combination import combined_name

    return combined_name(pack or DEFAULT_MODELS, detector, embedder)
