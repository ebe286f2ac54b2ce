"""Puts together what groups tracks into people: a clusterer, and the cluster worker of a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from facestream.errors import UsageError
from facestream.wiring import make_queue, make_store
from storage.connection import RedisHandle
from storage.keys import Keys

if TYPE_CHECKING:
    from facestream.metrics.process_metrics import ProcessMetrics
    from workers.cluster_worker import ClusterWorker
    from workers.clustering.clusterer import Clusterer
    from workers.models.calibration import Calibration
    from workers.models.manifest import Manifest


def make_clusterer(method: str, manifest: Manifest, calibration: Calibration) -> Clusterer:
    """An empty clusterer.

    Args:
        method: How it groups tracks: "average", "dbscan" or "hdbscan".
        manifest: Of the model pack.
        calibration: Of its embedder.

    Raises:
        UsageError: If there is no such method, or the pack doesn't say what it needs.
    """
    from workers.clustering.clusterer import TrackClusterer
    from workers.clustering.method import Method

    if method not in [*Method]:
        raise UsageError(
            f"people can't be found by {method[:20]!r}: there are {', '.join(Method)}. `facestream run "
            "--clustering` chooses one for the collection."
        )
    if method == Method.AVERAGE:
        return TrackClusterer(calibration)
    thresholds = manifest.thresholds
    if thresholds is None or thresholds.far_1e4 >= 1:
        raise UsageError(
            f"--clustering {method} needs to know how near faces of one person are, and the model pack "
            f"{manifest.name!r} does not say: its manifest has no [thresholds] below 1, which `facestream "
            "calibrate` measures. `--clustering average` does without."
        )
    # With hdbscan and scikit-learn, which take most of a second to load.
    from workers.clustering.density_clusterer import DensityClusterer

    # A chain of neighbours grows on a single pair that is wrong, a mean over many pairs forgives some.
    return DensityClusterer(Method(method), 1 - thresholds.far_1e4, 1 - thresholds.far_1e3)


def make_cluster_worker(
    handle: RedisHandle,
    keys: Keys,
    manifest: Manifest,
    calibration: Calibration,
    on_people: Callable[[int], None] | None = None,
    recluster_every_s: float | None = None,
    on_lead: Callable[[bool], None] | None = None,
    on_erased: Callable[[], None] | None = None,
    began: str = "",
    metrics: ProcessMetrics | None = None,
    wait_ms: int = 200,
) -> ClusterWorker:
    """The cluster worker of a collection, which groups tracks by the collection's method.

    What follows `calibration` is as for `ClusterWorker`; with `metrics`, what is taken in is counted.

    Raises:
        UsageError: If the model pack doesn't say what that needs.
    """
    from storage.lease import Lease
    from workers.cluster_worker import ClusterWorker

    store = make_store(handle, keys)
    if metrics is not None:
        from facestream.metrics.timed_work import TimedStore

        store = TimedStore(metrics, handle, keys)
    return ClusterWorker(
        store,
        make_queue(handle, keys),
        Lease(handle.client, keys.leader),
        manifest.model_id,
        lambda: make_clusterer(store.clustering(), manifest, calibration),
        calibration,
        on_people,
        recluster_every_s,
        on_lead,
        on_erased,
        began=began,
        wait_ms=wait_ms,
    )
