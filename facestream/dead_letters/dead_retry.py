"""Trying again what could not be taken in."""

from __future__ import annotations

from collections.abc import Sequence

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.configuration.settings import Place
from facestream.dead_letters.dead_letter import DeadLetter, Retried
from facestream.models.own_models import models_for
from facestream.wiring import keys_of, make_calibration, make_dead_letters, make_queue, make_store
from storage.connection import RedisHandle
from storage.requests import ReclusterRequest, Request, RetryRequest

# A cluster worker that has to read a large collection first, or is in the middle of a re-cluster.
_PATIENCE_S = 600.0
_CHUNK = 500


def retry(handle: RedisHandle, place: Place, entry_ids: Sequence[str], models: str | None) -> Retried:
    """Have dead letters taken in, and wait until that is done.

    They stay where they are until they have had their effect: whoever is stopped here loses nothing, and what
    was taken in already is not found any more.

    Args:
        handle: The server.
        place: Where the collection is.
        entry_ids: Which, in the order in which they are to be taken in.
        models: Model pack; None for the collection's own.

    Raises:
        ModelConflictError: If the collection was made with other models.
        ClusterWorkerError: If the worker fails.
    """
    keys = keys_of(place)
    store, letters, queue = (
        make_store(handle, keys),
        make_dead_letters(handle, keys),
        make_queue(handle, keys),
    )
    models = models_for(store, place, models)
    manifest, calibration = make_calibration(models, place.data_dir)
    store.check_model(manifest.model_id, models)
    queue.prepare()
    newest = next(iter(letters.latest(1)), None)
    wanted = set(entry_ids)
    with Background(make_cluster_worker(handle, keys, manifest, calibration), handle) as background:

        def settle(requests: Sequence[Request]) -> None:
            entry_id = queue.send(requests)
            if entry_id is not None:
                background.wait_until(lambda: queue.is_taken_in(entry_id), _PATIENCE_S)

        for start in range(0, len(entry_ids), _CHUNK):
            settle([RetryRequest(entry_id) for entry_id in entry_ids[start : start + _CHUNK]])
        again = [e for e in letters.all(newest.entry_id if newest else "") if e.was in wanted]
        failed = {entry.was for entry in again}
        taken_in = tuple(entry_id for entry_id in entry_ids if entry_id not in failed)
        if taken_in:
            settle([ReclusterRequest("what could not be taken in before")])
    return Retried(taken_in, tuple(DeadLetter.of(entry) for entry in again))
