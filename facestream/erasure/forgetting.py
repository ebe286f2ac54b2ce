"""Forgetting a person: what their deletion takes beside the cluster worker's part."""

from __future__ import annotations

from dataclasses import dataclass

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.configuration.settings import Place
from facestream.erasure.leftovers import erase_leftovers
from facestream.errors import FacestreamError, UsageError
from facestream.hint import command_line
from facestream.models.own_models import models_for
from facestream.wiring import keys_of, make_calibration, make_queue
from storage.collection_reader import CollectionReader
from storage.connection import RedisHandle
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.requests import ForgetRequest, ReclusterRequest, Request

# A cluster worker that has to read a large collection first, or is in the middle of a re-cluster.
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted.

    Attributes:
        id: The person.
        older_ids: Ids that had been merged into this one; they are gone as well.
        tracks: Tracks deleted, with all their vectors and faces.
        sources: Paths of the sources in which they were.
        templates_kept: Templates of their face that stay, to leave them out when they come back.
        templates_deleted: Such templates, of somebody who was forgotten before, that are deleted now.
        history_erased: Whether the server's files hold nothing of them any more. False for a server of your
            own: its append-only file and snapshots keep what was in them until they are rewritten.
    """

    id: str
    older_ids: tuple[str, ...]
    tracks: int
    sources: tuple[str, ...]
    templates_kept: int
    templates_deleted: int
    history_erased: bool


def forget(
    handle: RedisHandle,
    place: Place,
    store: IdentityStore,
    identity: Identity,
    models: str | None,
    *,
    ignore_return: bool = False,
    exactly: bool = False,
) -> Forgotten:
    """Delete every trace of a person, and wait until it is done.

    The cluster worker does it: it holds the collection in memory and would bring them back. One is started
    here; where another one leads already, that does the work.

    Args:
        handle: The server.
        place: Where the collection is.
        store: The collection.
        identity: Who. For somebody who was forgotten already, templates that were kept are deleted, and what
            may be left on disk, as after a full disk. For somebody who vanished, what was said of them is.
        models: Model pack; None for the collection's own.
        ignore_return: Whether a few templates of their face are kept, to leave them out when they come back.
        exactly: Whether nobody is forgotten where they have become part of somebody else meanwhile.

    Raises:
        UsageError: If these are to be kept of somebody who was forgotten already.
        ModelConflictError: If the collection was made with other models.
        ClusterWorkerError: If the worker fails.
        FacestreamError: If the person has become another one in the meantime.
        RedisFullError: If they are deleted, but the server's file can't be rewritten; to be repeated.
    """
    models = models_for(store, place, models)
    manifest, calibration = make_calibration(models, place.data_dir)
    store.check_model(manifest.model_id, models)
    keys = keys_of(place)
    if identity.forgotten and ignore_return:
        raise _forgotten_before(store, identity)
    dimension = manifest.embedder.dimension
    older: set[str] = set()
    paths: list[str] = []
    kept_before = kept_of(store, identity.identity_id, dimension)
    # Also of those that can't be read.
    are_kept = any(identity.identity_id in ids for ids in store.kept_out_ids())
    if not identity.forgotten or are_kept:
        queue = make_queue(handle, keys)
        queue.prepare()
        with Background(make_cluster_worker(handle, keys, manifest, calibration), handle) as background:

            def settle(request: Request) -> None:
                entry_id = queue.send([request])
                assert entry_id is not None
                background.wait_until(lambda: queue.is_taken_in(entry_id), _PATIENCE_S)

            if queue.waiting():
                # Left by a run that was stopped; it may change who this is.
                settle(ReclusterRequest("before somebody is forgotten"))
            if not identity.forgotten:
                if identity.tracks:
                    identity = _still_there(store, identity, place)
                older = store.aliases(identity.identity_id)
                sources = store.sources({sighting.source_id for sighting in identity.sightings})
                paths = [source.path for source in sources]
            settle(ForgetRequest(identity.identity_id, ignore_return, exactly))
        left = store.person(identity.identity_id)
        if left is None or not left.forgotten:
            raise _changed(identity, place)
    return Forgotten(
        identity.identity_id,
        tuple(sorted(older, key=lambda i: int(i[1:]))),
        identity.tracks,
        tuple(paths),
        kept_of(store, identity.identity_id, dimension),
        kept_before,
        erase_leftovers(handle, place, store),
    )


def kept_of(store: CollectionReader, identity_id: str, dimension: int) -> int:
    """Number of templates that are kept of somebody who was forgotten.

    Args:
        store: The collection.
        identity_id: One of their ids.
        dimension: Length of the collection's vectors.
    """
    kept = (one for one in store.kept_out(dimension) if identity_id in one.ids)
    return sum(len(one.templates.track_ids) for one in kept)


def _forgotten_before(store: CollectionReader, identity: Identity) -> UsageError:
    name = identity.identity_id
    if any(name in ids for ids in store.kept_out_ids()):
        return UsageError(f"{name} was forgotten before, and templates of the face are kept already.")
    return UsageError(f"{name} was forgotten before: nothing is left to keep of the face.")


def _still_there(store: IdentityStore, identity: Identity, place: Place) -> Identity:
    """The person as they are now; somebody else than was asked for is not deleted."""
    now = store.person(identity.identity_id)
    if now is None or not now.tracks:
        raise _changed(identity, place)
    return now


def _changed(identity: Identity, place: Place) -> FacestreamError:
    show = command_line(place, "people", "show", identity.identity_id)
    return FacestreamError(
        f"{identity.identity_id} was grouped anew in this very moment, or a record is damaged (-v says "
        f"more). Nothing was deleted. `{show}` says who this is now; then run the command again."
    )
