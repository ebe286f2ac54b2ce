"""facestream: streaming video face clustering.

import facestream

with facestream.connect() as store:
    for person in store.people():
        print(person.id, person.name, person.seconds)
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facestream.async_store import AsyncStore
    from facestream.client import Store
    from facestream.clusters.cluster_settings import ClusterOptions
    from facestream.clusters.clustering import Clusters, cluster, cluster_tracks
    from facestream.clusters.recluster import Recluster
    from facestream.collection.archive import backup, restore
    from facestream.collection.catalogue import collection_stats, collections, drop
    from facestream.configuration.settings import Place
    from facestream.decisions.decision import Decision
    from facestream.decisions.enrolling import Enrolled
    from facestream.erasure.forgetting import Forgotten
    from facestream.events.event import Event
    from facestream.exports.clip import PersonClips
    from facestream.exports.person_export import PersonExport
    from facestream.models.model_change import Reembedded
    from facestream.models.reembedding import reembed
    from facestream.people.appearance import Appearance
    from facestream.people.people_filter import PeopleFilter
    from facestream.people.person import Face, Person
    from facestream.people.sighting import Sighting
    from facestream.people.track import Track
    from facestream.quality.calibration_report import CalibrationReport
    from facestream.quality.calibration_run import calibrate
    from facestream.quality.evaluation import Evaluation, evaluate
    from facestream.recorded.processing import process
    from facestream.recorded.run_report import RunReport
    from facestream.search.search import Comparison, FoundFace, Match
    from facestream.shown_errors import errors_shown

__all__ = [
    "Appearance",
    "AsyncStore",
    "CalibrationReport",
    "ClusterOptions",
    "Clusters",
    "Comparison",
    "Decision",
    "Enrolled",
    "Evaluation",
    "Event",
    "Face",
    "Forgotten",
    "FoundFace",
    "Match",
    "PeopleFilter",
    "Person",
    "PersonClips",
    "PersonExport",
    "Recluster",
    "Reembedded",
    "RunReport",
    "Sighting",
    "Store",
    "Track",
    "backup",
    "calibrate",
    "cluster",
    "cluster_tracks",
    "collection_stats",
    "collections",
    "compare",
    "connect",
    "connect_async",
    "drop",
    "errors_shown",
    "evaluate",
    "process",
    "reembed",
    "restore",
]
__version__ = "0.1.0"

# Imported only when they are asked for: `facestream --help` needs none of them.
_HOMES = {
    "Appearance": "facestream.people.appearance",
    "AsyncStore": "facestream.async_store",
    "CalibrationReport": "facestream.quality.calibration_report",
    "ClusterOptions": "facestream.clusters.cluster_settings",
    "Clusters": "facestream.clusters.clustering",
    "Comparison": "facestream.search.search",
    "Decision": "facestream.decisions.decision",
    "Enrolled": "facestream.decisions.enrolling",
    "Evaluation": "facestream.quality.evaluation",
    "Event": "facestream.events.event",
    "Face": "facestream.people.person",
    "Forgotten": "facestream.erasure.forgetting",
    "FoundFace": "facestream.search.search",
    "Match": "facestream.search.search",
    "PeopleFilter": "facestream.people.people_filter",
    "Person": "facestream.people.person",
    "PersonClips": "facestream.exports.clip",
    "PersonExport": "facestream.exports.person_export",
    "Recluster": "facestream.clusters.recluster",
    "Reembedded": "facestream.models.model_change",
    "RunReport": "facestream.recorded.run_report",
    "Sighting": "facestream.people.sighting",
    "Store": "facestream.client",
    "Track": "facestream.people.track",
    "backup": "facestream.collection.archive",
    "calibrate": "facestream.quality.calibration_run",
    "cluster": "facestream.clusters.clustering",
    "cluster_tracks": "facestream.clusters.clustering",
    "collection_stats": "facestream.collection.catalogue",
    "collections": "facestream.collection.catalogue",
    "drop": "facestream.collection.catalogue",
    "errors_shown": "facestream.shown_errors",
    "evaluate": "facestream.quality.evaluation",
    "process": "facestream.recorded.processing",
    "reembed": "facestream.models.reembedding",
    "restore": "facestream.collection.archive",
}


def connect(
    data_dir: str | os.PathLike[str] | None = None, *, redis: str | None = None, collection: str = "default"
) -> Store:
    """Open a collection.

    Args:
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder. Its server is started
            if it isn't running, and lives until the last user of the folder leaves.
        redis: URL of a server of your own instead; default: the setting `redis`.
        collection: Name of the collection.

    Returns:
        The open collection; use it in a `with` block or call `close`.

    Raises:
        storage.errors.StorageError: If the folder or the server can't be used, or another version
            of facestream wrote the collection.
        facestream.errors.UsageError: If the collection's name can't be one, or a URL was given as folder.
    """
    from facestream.client import open_store

    return open_store(_place_of(data_dir, redis, collection))


async def connect_async(
    data_dir: str | os.PathLike[str] | None = None, *, redis: str | None = None, collection: str = "default"
) -> AsyncStore:
    """Open a collection for asyncio; arguments and errors as of `connect`.

    Returns:
        The open collection; use it in an `async with` block or await `close`.
    """
    from facestream.async_store import AsyncStore

    return await AsyncStore.open(_place_of(data_dir, redis, collection))


def _place_of(data_dir: str | os.PathLike[str] | None, redis: str | None, collection: str) -> Place:
    from facestream.configuration.settings import Place
    from facestream.errors import UsageError

    if data_dir is not None and "://" in os.fspath(data_dir):
        raise UsageError("a server's URL was given as data folder. Write connect(redis=URL).")
    return Place.of(data_dir, redis, collection)


def compare(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    *,
    models: str = "open",
    device: str = "auto",
) -> Comparison:
    """Say whether two photos show the same person; nothing is stored.

    Args:
        first: A photo; of several faces the largest is taken.
        second: Another one.
        models: Name or folder of a model pack.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.

    Raises:
        stream.errors.StreamError: If a photo can't be read.
        facestream.errors.NoFaceError: If there is no face in one.
        workers.errors.WorkerError: If the models can't be loaded.
    """
    from pathlib import Path

    from facestream.search.search import compare as compare_faces
    from facestream.search.search import read_photo
    from facestream.wiring import make_pack

    # What is wrong with a photo is said before the models are loaded.
    photos = read_photo(Path(first)), read_photo(Path(second))
    return compare_faces(*photos, make_pack(models, device=device))


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is to use."""
    return [*__all__, "__version__"]
