"""Puts together the metrics and the health of a command that has no HTTP of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.configuration.settings import Place
from storage.connection import RedisHandle

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import MetricsTable
    from facestream.metrics.health import Health, Heartbeat
    from facestream.metrics.process_metrics import ProcessMetrics

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Variable by which the Prometheus client of a process finds the folder to write its numbers into."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """What a command tells of itself.

    Attributes:
        metrics: Its numbers.
        health: Whether it is alive and ready.
        heartbeat: That its main loop goes round.
    """

    metrics: ProcessMetrics
    health: Health
    heartbeat: Heartbeat


@contextlib.contextmanager
def monitored(
    command: str, place: Place, handle: RedisHandle, table: MetricsTable | None, *, collection: bool
) -> Iterator[Monitor | None]:
    """Tell how a command gets on, while the context lasts; None where nobody wants to know.

    A process that `serve` keeps has no port, and tells it by files.

    Args:
        command: Its name.
        place: The collection that it works on.
        handle: Its server.
        table: Where to tell it; None for nowhere.
        collection: Whether it tells of the whole collection and its queue as well.

    Raises:
        UsageError: If this machine has no such address.
        FacestreamError: If the port is taken, or may not be.
    """
    port = 0 if table is None else table.port
    if not port and FOLDER_VARIABLE not in os.environ:
        yield None
        return
    from facestream.metrics.health import Health, Heartbeat, has_room
    from facestream.metrics.metrics_port import serving_metrics
    from facestream.metrics.process_metrics import ProcessMetrics
    from facestream.metrics.redis_facts import RedisFacts
    from facestream.wiring import keys_of, open_folder
    from storage.outage import check_writable

    heartbeat = Heartbeat()
    metrics = ProcessMetrics(command)
    folder = open_folder(place).path

    def takes_writes() -> bool:
        check_writable(handle)
        return True

    checks = {"redis": takes_writes, "disk": lambda: has_room(folder), "started": lambda: heartbeat.began}
    health = Health(lambda: heartbeat.is_alive, checks)
    with contextlib.ExitStack() as stack:
        if collection and port:
            facts = RedisFacts(handle, keys_of(place))
            stack.callback(facts.close)
            metrics.tell(facts.families)
        if table is not None and port:
            stack.enter_context(serving_metrics(table.host, port, metrics, health))
        yield Monitor(metrics, health, heartbeat)
