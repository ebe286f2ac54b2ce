"""Erasing much at once: everybody, what was seen before a moment or in a source, what is over age."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.configuration.settings import Place
from facestream.erasure.leftovers import erase_leftovers
from facestream.erasure.uploaded_files import UploadedFiles
from facestream.errors import FacestreamError, NotFoundError, UsageError
from facestream.hint import command_line
from facestream.models.own_models import models_for
from facestream.readable_path import readable_path
from facestream.source_name import full_name, short_name
from facestream.wiring import (
    keys_of,
    make_calibration,
    make_dead_letters,
    make_job_store,
    make_queue,
)
from storage.connection import RedisHandle
from storage.dead_letters import DeadLetters
from storage.errors import NoSuchJobError
from storage.identity_store import IdentityStore
from storage.requests import EraseRequest, Extent
from storage.source_record import SourceRecord

_LOOK_S = 0.05

Tell = Callable[[int], None]
"""Is told how many tracks were erased so far."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes:
        tracks: Tracks, with their vectors and pictures.
        people: People of whom nothing is left.
        pictures: Tracks of which the pictures alone went.
        uploads: Uploaded files that were deleted.
        uploads_elsewhere: Names of uploaded files that lie on other machines, and are to be deleted there.
        history_erased: Whether the server's files hold nothing of it any more. False for a server of your
            own: its append-only file, snapshots and replicas keep what was in them until they are rewritten.
    """

    tracks: int
    people: int
    pictures: int
    uploads: int
    uploads_elsewhere: tuple[str, ...]
    history_erased: bool


def erase(
    handle: RedisHandle,
    place: Place,
    store: IdentityStore,
    request: EraseRequest,
    models: str | None,
    tell: Tell | None = None,
) -> Erased:
    """Erase what is asked for, and wait until it is done.

    The cluster worker does it, some of it at a time; one is started here, and where another one leads
    already, that does the work. Whoever is stopped meanwhile leaves the rest to the next one that leads.

    Args:
        handle: The server.
        place: Where the collection is.
        store: The collection.
        request: What is to go.
        models: Model pack; None for the collection's own.
        tell: Is told how it gets on.

    Raises:
        ModelConflictError: If the collection was made with other models.
        ClusterWorkerError: If the worker fails.
        FacestreamError: If it failed again and again with what is asked for, and put that aside.
        RedisFullError: If all is deleted, but the server's file can't be rewritten; to be repeated.
    """
    keys = keys_of(place)
    sources = [source for source in map(store.source, request.source_ids) if source is not None]
    if request.extent is Extent.ALL or sources:
        # First: what is repeated after a kill would not find them by a source that is gone.
        uploads, elsewhere = _erase_jobs(handle, place, sources)
    else:
        uploads, elsewhere = 0, ()
    tracks = people = pictures = 0
    if store.meta().get("model_id"):
        models = models_for(store, place, models)
        manifest, calibration = make_calibration(models, place.data_dir)
        store.check_model(manifest.model_id, models)
        queue = make_queue(handle, keys)
        queue.prepare()
        began = store.newest_erasure()
        letters = make_dead_letters(handle, keys)
        newest = next(iter(letters.latest(1)), None)
        with Background(make_cluster_worker(handle, keys, manifest, calibration), handle) as background:
            entry_id = queue.send([request])
            assert entry_id is not None
            over = False
            while not over:
                background.check()
                # In this order: what is counted last is all of it.
                over = queue.is_taken_in(entry_id)
                done = [e for e in store.erasures_after(began) if e.reason == request.extent]
                tracks, people = sum(e.tracks for e in done), sum(e.people for e in done)
                pictures = sum(e.pictures for e in done)
                if tell is not None:
                    tell(tracks)
                if not over:
                    time.sleep(_LOOK_S)
        _check_erased(letters, newest.entry_id if newest else "", request, place)
    return Erased(tracks, people, pictures, uploads, elsewhere, erase_leftovers(handle, place, store))


def _check_erased(letters: DeadLetters, after: str, request: EraseRequest, place: Place) -> None:
    """Refuse to say that something was erased which the cluster worker put aside."""
    for letter in letters.all(after):
        if letter.text("type") == "erase" and letter.text("extent") == request.extent:
            retry = command_line(place, "dead", "retry", letter.entry_id)
            raise FacestreamError(
                f"not all of it was erased: {letter.reason}. What was asked for is the dead letter "
                f"{letter.entry_id}; `{retry}` tries it again. This is a fault of facestream; -v says more."
            )


def find_source(store: IdentityStore, written: str) -> SourceRecord:
    """The source that somebody means.

    Args:
        store: The collection.
        written: Its id, its path, also from the current folder, its name alone, or the name of a camera.

    Raises:
        NotFoundError: If there is none.
        UsageError: If there are several.
    """
    sources = store.sources()
    asked = {written}
    # What can't be a path is none.
    with suppress(ValueError, OSError):
        asked.add(readable_path(Path(written)))
    for names in (
        lambda s: {s.source_id, full_name(s.source_id, s.path)},
        lambda s: {short_name(s.source_id, s.path), str(Path(s.path).name)},
    ):
        found = [source for source in sources if asked & names(source)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(source.source_id for source in found[:10])
            raise UsageError(f"{len(found)} sources are called {written!r}: say which by its id ({ids}).")
    raise NotFoundError(
        f"no source {written!r} in collection {store.keys.collection!r}; `facestream sources` lists them.",
        what=written,
    )


def _erase_jobs(
    handle: RedisHandle, place: Place, sources: Sequence[SourceRecord]
) -> tuple[int, tuple[str, ...]]:
    """Delete jobs that are over with the files that were uploaded for them: of some sources; of none, all.

    Returns:
        How many files were deleted, and names of those that lie elsewhere.
    """
    jobs, uploads = make_job_store(handle, keys_of(place)), UploadedFiles(place)
    meant = {source.source_id for source in sources}
    elsewhere = []
    for job in jobs.all():
        ours = not meant or not meant.isdisjoint(job.source_ids)
        if not (ours and job.state.is_over):
            continue
        path = Path(job.path)
        if job.kind == "upload":
            if not uploads.holds(path):
                elsewhere.append(job.name)
            uploads.remove(path)
        with suppress(NoSuchJobError):
            jobs.remove(job.id)
    # And those of jobs that were taken out of the list, or dropped from it, as the newest 500 are kept.
    if not sources:
        uploads.clear({job.id for job in jobs.all() if not job.state.is_over})
    for path in [Path(source.path) for source in sources]:
        # A source may have come out of the backup of another server, which has its file still.
        if uploads.is_own(path):
            uploads.remove(path)
        elif uploads.holds(path) and path.exists():
            elsewhere.append(path.name)
    return uploads.deleted, tuple(elsewhere)
