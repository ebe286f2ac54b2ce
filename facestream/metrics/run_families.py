"""How a run over files gets on, as families of metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

from facestream.recorded.run_report import RunReport


def run_families(report: RunReport) -> Iterator[Metric]:
    """How a run gets on.

    Args:
        report: What it did so far.
    """
    yield CounterMetricFamily(
        "facestream_run_frames", "Frames of videos and photos that were looked at.", value=report.frames
    )
    yield CounterMetricFamily("facestream_run_faces", "Faces in them.", value=report.faces)
    sources = CounterMetricFamily(
        "facestream_run_sources", "Videos and photos by what became of them.", labels=["outcome"]
    )
    sources.add_metric(["done"], len(report.sources))
    sources.add_metric(["failed"], len(report.failed))
    yield sources
