"""The numbers of one worker: how long stages take, batch sizes, what was taken in, what it runs on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram

from facestream.metrics.exposition import Exposition

_STAGE_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECLUSTER_S = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_STAGES = ("decode", "detect", "embed", "track", "commit")


class ProcessMetrics(Exposition):
    """What one process that works on faces counts; implements `workers.stages.Stages`.

    Args:
        command: The command that runs, such as "worker".
    """

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self._stage_seconds = Histogram(
            "facestream_stage_seconds",
            "How long a stage took, without the stages within it.",
            ["stage"],
            buckets=_STAGE_S,
            registry=self.registry,
        )
        for stage in _STAGES:
            self._stage_seconds.labels(stage)
        self._batch_size = Histogram(
            "facestream_batch_size",
            "Pictures that a model was given at once.",
            ["model"],
            buckets=_BATCH,
            registry=self.registry,
        )
        for model in ("detector", "embedder"):
            self._batch_size.labels(model)
        self._provider = Gauge(
            "facestream_provider_info",
            "1, with the device that models run on and the execution provider of ONNX Runtime.",
            ["device", "provider"],
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self._rate_factor = Gauge(
            "facestream_rate_factor",
            "Share of their rates that cameras are looked at with; below 1 the machine can't keep up.",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self._rate_factor.set(1)
        self._entries = Counter(
            "facestream_entries",
            "Entries of the queue that this process took in (taken_in) or put aside (dead).",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in ("taken_in", "dead"):
            self._entries.labels(outcome)
        self._recluster_seconds = Histogram(
            "facestream_recluster_seconds",
            "How long re-clusters of this process took.",
            buckets=_RECLUSTER_S,
            registry=self.registry,
        )
        self._earlier = Counter(
            "facestream_recluster_earlier_tracks",
            "Tracks that re-clusters of this process had to keep whose they are.",
            registry=self.registry,
        )
        self._changed = Counter(
            "facestream_recluster_changed_tracks",
            "Those of them that are somebody else's since: the churn is this by the former.",
            registry=self.registry,
        )
        self._within = threading.local()

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Measure a stage; what stages within it take is theirs."""
        outer: float = getattr(self._within, "spent_s", 0.0)
        self._within.spent_s = 0.0
        began_s = time.perf_counter()
        try:
            yield
        finally:
            took_s = time.perf_counter() - began_s
            self.took(stage, took_s - self._within.spent_s)
            self._within.spent_s = outer + took_s

    def took(self, stage: str, seconds: float) -> None:
        """A stage took so long."""
        self._stage_seconds.labels(stage).observe(max(seconds, 0.0))

    def batch(self, model: str, size: int) -> None:
        """A model was given so many pictures at once."""
        self._batch_size.labels(model).observe(size)

    def runs_on(self, device: str, provider: str) -> None:
        """Models run on this."""
        self._provider.labels(device, provider).set(1)

    def rates_at(self, factor: float) -> None:
        """Cameras are looked at with this share of their rates."""
        self._rate_factor.set(factor)

    def took_in(self, taken_in: int, dead: int) -> None:
        """Entries of the queue have had their effect, or were put aside."""
        self._entries.labels("taken_in").inc(taken_in)
        self._entries.labels("dead").inc(dead)

    def reclustered(self, seconds: float, earlier: int, changed: int) -> None:
        """A re-cluster had its effect."""
        self._recluster_seconds.observe(seconds)
        self._earlier.inc(earlier)
        self._changed.inc(changed)
