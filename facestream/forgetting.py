"""Forgetting a person: what their deletion takes beside the cluster worker's part."""

from __future__ import annotations

from dataclasses import dataclass

from facestream.background import Background
from facestream.settings import Place
from facestream.wiring import keys_of, make_calibration, make_cluster_worker, make_queue, thumbnails_folder
from storage.connection import RedisHandle
from storage.erasure import erase_history
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.requests import ForgetRequest

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
        history_erased: Whether the server's files hold nothing of them any more. False for a server of your
            own: its append-only file and snapshots keep what was in them until they are rewritten.
    """

    id: str
    older_ids: tuple[str, ...]
    tracks: int
    sources: tuple[str, ...]
    history_erased: bool


def forget(
    handle: RedisHandle, place: Place, store: IdentityStore, identity: Identity, models: str
) -> Forgotten:
    """Delete every trace of a person, and wait until it is done.

    The cluster worker does it: it holds the collection in memory and would bring them back. One is started
    here; where another one leads already, that does the work.

    Args:
        handle: The server.
        place: Where the collection is.
        store: The collection.
        identity: Who.
        models: Model pack of the collection.

    Raises:
        ModelConflictError: If the collection was made with other models.
        ClusterWorkerError: If the worker fails.
    """
    keys = keys_of(place)
    model_id, calibration = make_calibration(models)
    store.check_model(model_id)
    older = store.aliases(identity.identity_id)
    source_ids = {sighting.source_id for sighting in identity.sightings}
    paths = [source.path for source in store.sources(source_ids)]
    queue = make_queue(handle, keys)
    queue.prepare()
    entry_id = queue.send([ForgetRequest(identity.identity_id)])
    assert entry_id is not None
    with Background(make_cluster_worker(handle, keys, calibration), handle) as background:
        background.wait_until(lambda: queue.is_taken_in(entry_id), _PATIENCE_S)
    folder = thumbnails_folder(place)
    for person_id in {identity.identity_id, *older}:
        (folder / f"{person_id}.jpg").unlink(missing_ok=True)
    return Forgotten(
        identity.identity_id,
        tuple(sorted(older, key=lambda i: int(i[1:]))),
        identity.tracks,
        tuple(paths),
        erase_history(handle),
    )
