"""Puts together what `serve` does beside answering: cameras, jobs, and the processes that it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facestream.cameras.camera_book import CameraBook
from facestream.cameras.camera_desk import CameraDesk
from facestream.cameras.camera_reach import CameraReach
from facestream.cameras.outage_news import CamerasNow
from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.events.news import News
from facestream.jobs.job_folders import folders_of
from facestream.jobs.jobs import Jobs
from facestream.jobs.uploads import Uploads
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.serving.supervisor import Supervisor
from facestream.wiring import (
    keys_of,
    make_camera_store,
    make_job_store,
    make_reader,
    make_view_store,
    open_folder,
    uploads_folder,
)
from storage.connection import RedisHandle

Publish = Callable[[str, dict[str, Any]], None]


def make_camera_desk(
    place: Place,
    handle: RedisHandle,
    serve: ServeTable,
    news: News,
    publish: Publish,
    on_look: Callable[[CamerasNow], None] = lambda _: None,
) -> CameraDesk:
    """The cameras of a collection; arguments as those of `CameraDesk`."""
    keys = keys_of(place)
    book = CameraBook(make_camera_store(handle, keys), keys, open_folder(place).path)
    return CameraDesk(
        book,
        make_view_store(handle, keys),
        make_reader(handle, keys),
        handle,
        news,
        CameraReach.allowed_by(serve),
        place,
        publish,
        on_look,
    )


def make_jobs(place: Place, handle: RedisHandle, serve: ServeTable, publish: Publish) -> Jobs:
    """The jobs of a collection; arguments as those of `Jobs`."""
    uploads = Uploads(uploads_folder(place), int(serve.upload_gb * 1e9))
    store = make_job_store(handle, keys_of(place))
    return Jobs(
        place,
        store,
        handle,
        uploads,
        folders=folders_of(serve.folders or ""),
        at_once=serve.jobs,
        publish=publish,
    )


def make_supervisor(place: Place, handle: RedisHandle, serve: ServeTable, metrics: KeptMetrics) -> Supervisor:
    """What keeps the workers of a collection."""
    return Supervisor(place, handle, metrics, enabled=serve.workers == "auto")
