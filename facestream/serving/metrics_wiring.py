"""Puts together what `serve` tells Prometheus, and when it is ready."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from facestream.cameras.camera_desk import CameraDesk
from facestream.configuration.settings import Place
from facestream.events.news import MOST_SILENCE_S, News
from facestream.metrics.exposition import Exposition
from facestream.metrics.health import Health, has_room
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.metrics.redis_facts import RedisFacts
from facestream.people.people_board import PeopleBoard
from facestream.serving.camera_tally import CameraTally
from facestream.serving.supervisor import Supervisor
from facestream.web.live_feed import LiveFeed
from facestream.wiring import keys_of, make_camera_store, open_folder
from storage.connection import RedisHandle
from storage.outage import check_writable


def make_redis_facts(place: Place, handle: RedisHandle) -> RedisFacts:
    """What is read of a collection, and of its cameras, at each scrape; to be closed."""
    keys = keys_of(place)
    return RedisFacts(handle, keys, make_camera_store(handle, keys))


def make_serve_metrics(
    facts: RedisFacts, kept: KeptMetrics, supervisor: Supervisor, live_feed: LiveFeed
) -> Exposition:
    """What `serve` tells Prometheus."""
    metrics = Exposition("serve")
    metrics.tell(facts.families)
    metrics.tell(kept.families)
    metrics.tell(lambda: _own_families(supervisor, live_feed))
    return metrics


def make_readiness(
    place: Place,
    handle: RedisHandle,
    news: News,
    people: PeopleBoard,
    supervisor: Supervisor,
    cameras: CameraDesk,
    tally: CameraTally,
) -> Health:
    """When `serve` is ready: its answers are true, and the work behind them goes on.

    Cameras are told of and change nothing: one that is down is no reason to send callers elsewhere.
    """
    folder = open_folder(place).path

    def takes_writes() -> bool:
        if news.silence_s >= MOST_SILENCE_S:
            # Nobody needs to wait for it.
            return False
        check_writable(handle)
        return True

    health = Health(
        lambda: True,
        {
            "redis": takes_writes,
            "people": lambda: people.is_fresh,
            "workers": lambda: supervisor.is_complete,
            "disk": lambda: has_room(folder),
        },
    )
    health.tell("cameras", lambda: tally.told(cameras.counts))
    return health


def _own_families(supervisor: Supervisor, live_feed: LiveFeed) -> Iterator[Metric]:
    running = GaugeMetricFamily(
        "facestream_process_running",
        "Whether a process that serve keeps runs; 0 as well where it isn't needed.",
        labels=["process"],
    )
    restarts = CounterMetricFamily(
        "facestream_process_restarts", "How often it was started anew after it had ended.", labels=["process"]
    )
    for process in supervisor.processes():
        running.add_metric([process.name], float(process.running))
        restarts.add_metric([process.name], process.restarts)
    yield running
    yield restarts
    yield GaugeMetricFamily(
        "facestream_event_clients", "Clients that listen to live events.", value=live_feed.clients
    )
