"""Videos and photos in, from Python."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from facestream.configuration.settings import AUTO_DEVICE, Place
from facestream.errors import FacestreamError, UsageError
from facestream.recorded.run import Run
from facestream.recorded.run_report import RunListener, RunOptions, RunReport, SilentListener
from stream.errors import StreamError

PathLike = str | os.PathLike[str]


def process(
    *paths: PathLike | Iterable[PathLike],
    data_dir: str | os.PathLike[str] | None = None,
    redis: str | None = None,
    collection: str = "default",
    fps: float | None = 5.0,
    start_s: float = 0.0,
    end_s: float | None = None,
    recorded_at: datetime | None = None,
    dated_names: bool = False,
    models: str | None = None,
    device: str = AUTO_DEVICE,
    min_face_px: float | None = None,
    max_pixels: int | None = None,
    include_forgotten: bool = False,
    clustering: Literal["average", "dbscan", "hdbscan"] | None = None,
    stop: threading.Event | None = None,
    listener: RunListener | None = None,
) -> RunReport:
    """Find the people in videos and photos, as `facestream run` does; they are in the collection then.

    What was processed before adds nothing, and what was stopped goes on where it stopped.

    Args:
        *paths: Video files, photos and folders of them; or lists of these.
        data_dir: As of `connect`.
        redis: As of `connect`.
        collection: As of `connect`.
        fps: Sampled frames per second of video; None for every frame.
        start_s: Start in each video, s.
        end_s: End in each video, s; None for its end.
        recorded_at: When the one recording began, with its time zone; None for what the file says.
        dated_names: Whether videos began at the date and time in their names, of this machine's zone.
        models: Name or folder of a model pack; None for the collection's own, else the default one.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.
        min_face_px: Smallest face looked for, px; None for 4 % of the shorter side, from 16 to 60.
        max_pixels: Larger frames and photos are refused; None for 8K in videos, 200 megapixels in photos.
        include_forgotten: Look again at files in which people were forgotten.
        clustering: How the collection groups tracks from now on; None leaves it as it is.
        stop: Ends it early when it is set, from another thread; what was found by then is kept.
        listener: Is told how it gets on.

    Returns:
        What was done. A file that can't be read is in its `failed`, and stops no other.

    Raises:
        UsageError: If no path is given, or what is given is none, or an option can't be.
        StreamError: If none of them is there or can be read, or there is nothing to process in them.
        StorageError: If Redis or the data folder can't be used.
        WorkerError: If models can't be loaded, or a worker fails.
    """
    given = tuple(_paths_of(paths))
    if not given:
        raise UsageError("process() was given no path; name videos, photos or folders of them.")
    if recorded_at is not None and not isinstance(recorded_at, datetime):
        raise UsageError(f"recorded_at is {recorded_at!r}; it must be a datetime.")
    options = RunOptions(
        paths=given,
        fps=fps,
        start_s=start_s,
        end_s=end_s,
        recorded_at_s=None if recorded_at is None else recorded_at.timestamp(),
        dated_names=dated_names,
        pack=models,
        device=device,
        min_face_px=min_face_px,
        max_pixels=max_pixels,
        include_forgotten=include_forgotten,
        clustering=clustering,
    )
    try:
        run = Run(Place.of(data_dir, redis, collection), options, listener or SilentListener())
    except FacestreamError as error:
        if isinstance(error.__cause__, StreamError):
            # As of every other function that reads a file.
            raise (error.__cause__ if len(given) == 1 else StreamError(str(error), str(given[0]))) from None
        raise
    return run.execute(stop or threading.Event())


def _paths_of(given: Iterable[PathLike | Iterable[PathLike]]) -> Iterator[Path]:
    """The paths among arguments, some of which may hold several."""
    for one in given:
        if isinstance(one, str | os.PathLike):
            yield Path(one)
        elif isinstance(one, Iterable) and not isinstance(one, bytes | bytearray | Mapping):
            yield from _paths_of(one)
        else:
            raise UsageError(
                f"process() was given {one!r}, which is no path; name videos, photos or folders of them."
            )
