"""One camera of `facestream run`: watched, and not stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import click

from facestream.commands.metrics_option import metrics_table
from facestream.configuration.setting_option import was_typed
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError, UsageError

_HIGHEST_FPS = 25
# What cameras rarely send under such a name.
_RECORDINGS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm", ".wmv"})
# Options that say nothing of a camera.
_FOR_FILES = (
    "start_s",
    "end_s",
    "recorded_at_s",
    "dated_names",
    "samples",
    "max_pixels",
    "include_forgotten",
    "clustering",
    "page",
)


def watch_one(place: Place, sources: Sequence[Path | str], options: dict[str, Any]) -> None:
    """Watch a camera that is stored nowhere.

    Raises:
        UsageError: If more than that was asked for.
        FacestreamError: If a source is neither a file nor a URL.
        CameraUrlError: If its URL can't be read.
    """
    from facestream.commands.watch import perform as watch
    from facestream.configuration.given_settings import settings
    from facestream.watch.watch_report import WatchOptions
    from stream.camera_url import CameraUrl

    if any(isinstance(source, str) and "@" in source and "://" not in source for source in sources):
        raise FacestreamError(
            "A source is no file that exists, and no URL of a camera, as it has no scheme such as "
            "rtsp:// in front. It is not repeated, since it holds an @ and may hold a password."
        )
    if len(sources) > 1:
        raise click.UsageError(
            "a camera is watched alone. Several: `facestream camera add NAME URL` for each, then `facestream "
            "watch`."
        )
    ctx = click.get_current_context()
    for name in _FOR_FILES:
        if was_typed(ctx, name):
            option = next(parameter.opts[0] for parameter in ctx.command.params if parameter.name == name)
            raise click.UsageError(f"{option} is for files; a camera is watched as it is.")
    usual = settings().camera
    fps, min_face_px = usual.fps, usual.min_face
    if was_typed(ctx, "fps"):
        fps = options["fps"]
        if not 0 < fps <= _HIGHEST_FPS:
            raise click.UsageError(f"--fps is at most {_HIGHEST_FPS} for a camera.")
    if was_typed(ctx, "min_face_px"):
        min_face_px = options["min_face_px"]
    url = CameraUrl.parse(str(sources[0]))
    what = WatchOptions(
        url=url,
        fps=fps,
        min_face_px=None if min_face_px is None else round(min_face_px),
        pack=options["pack"],
        device=options["device"],
        for_s=options["for_s"],
    )
    table = metrics_table(options["metrics_port"])
    try:
        watch(place, what, as_json=options["as_json"], quiet=options["quiet"], metrics=table)
    except UsageError as error:
        if url.scheme not in ("http", "https") or PurePath(url.path).suffix.lower() not in _RECORDINGS:
            raise
        raise UsageError(
            f"{error}\nA URL is watched as a camera. If this one is of a recording, download it, and process "
            "the file."
        ) from error
