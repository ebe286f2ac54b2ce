"""How a collection and its queue are doing, as families of metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from storage.collection_pulse import CollectionPulse

MOST_READERS = 100
"""Readers of streams that have series of their own; of those beyond, the one furthest behind counts."""

OTHERS = "_others"
"""What those beyond are called."""


def collection_families(pulse: CollectionPulse) -> Iterator[Metric]:
    """How a collection is doing.

    Args:
        pulse: What was read of it.
    """
    people = GaugeMetricFamily("facestream_people", "People there are.", labels=["kind"])
    people.add_metric(["named"], pulse.named)
    people.add_metric(["unnamed"], max(pulse.people - pulse.named, 0))
    yield people
    yield _gauge("facestream_people_ignored", "People whom lists leave out.", pulse.ignored)
    yield _gauge("facestream_tracks", "Tracks there are.", pulse.tracks)
    yield _gauge(
        "facestream_tracks_provisional", "Tracks that no re-cluster has confirmed yet.", pulse.provisional
    )
    yield _gauge("facestream_sources", "Videos, photos and cameras.", pulse.sources)
    queue = GaugeMetricFamily(
        "facestream_queue_entries",
        "Entries of the queue that have had no effect yet: handed to a cluster worker (pending), or not yet "
        "(lag).",
        labels=["state"],
    )
    queue.add_metric(["pending"], min(pulse.pending, pulse.waiting))
    queue.add_metric(["lag"], max(pulse.waiting - pulse.pending, 0))
    yield queue
    yield _gauge(
        "facestream_queue_oldest_seconds", "Age of the oldest entry of the queue; 0 for none.", pulse.oldest_s
    )
    yield _gauge("facestream_cluster_worker_leads", "Whether a cluster worker is in charge.", pulse.led)
    yield _gauge("facestream_dead_letters", "Dead letters that are kept.", pulse.dead)
    if pulse.dead_added is not None:
        yield CounterMetricFamily(
            "facestream_dead_letters_added",
            "Dead letters that there ever were, with those that failed again.",
            value=pulse.dead_added,
        )
    yield from _reader_families(pulse)
    if pulse.reclustered is not None:
        last = pulse.reclustered
        yield _gauge("facestream_last_recluster_seconds", "How long the last re-cluster took.", last.seconds)
        yield _gauge(
            "facestream_last_recluster_end_timestamp_seconds",
            "Unix time of the end of the last re-cluster.",
            last.ended_at_s,
        )
        yield _gauge(
            "facestream_last_recluster_churn_ratio",
            "Share of earlier tracks that the last re-cluster gave to somebody else.",
            last.churn,
        )


def _reader_families(pulse: CollectionPulse) -> Iterator[Metric]:
    labels = ["stream", "kind", "reader"]
    behind = GaugeMetricFamily(
        "facestream_reader_behind_seconds",
        "Age of the oldest entry that a webhook or consumer group has not done with.",
        labels=labels,
    )
    silent = GaugeMetricFamily(
        "facestream_reader_silent_seconds",
        "For how long it has read nothing, though there was something.",
        labels=labels,
    )
    # Names are anybody's: two may look the same, or like the row of those beyond, and each is told once.
    rows: dict[tuple[str, str, str], tuple[float, float]] = {}
    for number, reader in enumerate(pulse.readers):
        row = (reader.stream, reader.kind, reader.name if number < MOST_READERS else OTHERS)
        behind_s, silent_s = rows.get(row, (0.0, 0.0))
        rows[row] = (max(behind_s, reader.behind_s), max(silent_s, reader.silent_s))
    for row, (behind_s, silent_s) in rows.items():
        behind.add_metric(row, behind_s)
        silent.add_metric(row, silent_s)
    yield behind
    yield silent


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
