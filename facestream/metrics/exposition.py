"""What a process tells Prometheus."""

from __future__ import annotations

import copy
import platform
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from facestream import __version__

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What the answer to a scrape is."""


class Exposition:
    """What one process tells, in a registry of its own.

    Args:
        command: The command that runs, such as "serve".
    """

    def __init__(self, command: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Gauge(
            "facestream_build_info",
            "1, with the version that runs and what it runs as.",
            ["version", "python", "command"],
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        build.labels(__version__, platform.python_version(), command).set(1)

    def tell(self, families: Callable[[], Iterable[Metric]]) -> None:
        """Tell of more, which is looked up at each scrape."""
        self.registry.register(_Asked(families))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(_Plain(self.registry))


class _Asked(Collector):
    """Families that are looked up when they are asked for."""

    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        # Registering it must not look anything up.
        return []

    def collect(self) -> Iterable[Metric]:
        return self._families()


class _Plain(CollectorRegistry):
    """A registry with each family once.

    It leaves out when each number began, which doubles the number of series.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._from = registry

    def collect(self) -> Iterator[Metric]:
        found: dict[str, Metric] = {}
        for family in self._from.collect():
            samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            if family.name in found:
                found[family.name].samples += samples
            else:
                # Left as it is: other scrapes may be told the same one.
                found[family.name] = copy.copy(family)
                found[family.name].samples = samples
        yield from found.values()
