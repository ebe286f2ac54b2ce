"""Puts together the metrics and the health of a command that has no HTTP of its own."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from storage.connection import RedisHandle

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import MetricsTable
    from facestream.metrics.health import Health, Heartbeat
    from facestream.metrics.process_metrics import ProcessMetrics

_log = logging.getLogger(__name__)

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

    A process that `serve` keeps has no port, and tells it by files, as it does that it is alive. Where the
    port is taken, and only the settings say so, it is told nowhere: their port is that of one process, and
    a second command on its machine is another one.

    Args:
        command: Its name.
        place: The collection that it works on.
        handle: Its server.
        table: Where to tell it; None for nowhere.
        collection: Whether it tells of the whole collection and its queue as well.

    Raises:
        UsageError: If this machine has no such address.
        FacestreamError: If the port is taken, and stands on the command line; or if it may not be.
    """
    port = 0 if table is None else table.port
    folder_of_numbers = os.environ.get(FOLDER_VARIABLE)
    if not port and folder_of_numbers is None:
        yield None
        return
    from facestream.metrics.given_port import GivenPort
    from facestream.metrics.health import Health, Heartbeat, has_room
    from facestream.metrics.metrics_port import serving_metrics
    from facestream.metrics.process_metrics import ProcessMetrics
    from facestream.metrics.redis_facts import RedisFacts
    from facestream.metrics.sign_of_life import SignOfLife
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
            try:
                stack.enter_context(serving_metrics(table.host, port, metrics, health))
            except FacestreamError as error:
                if not isinstance(table, GivenPort) or table.typed or not _is_taken(error):
                    raise
                _log.warning("%s This one goes on without a port: nobody is told how it gets on.", error)
        if folder_of_numbers:
            stack.enter_context(SignOfLife(Path(folder_of_numbers), heartbeat))
        yield Monitor(metrics, health, heartbeat)


def _is_taken(error: FacestreamError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE
