from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from psutil import pid_exists

from facestream.configuration.settings import Place
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.serving.supervisor import CLUSTER_WORKER, WORKER, KeptProcess, Supervisor
from facestream.wiring import keys_of, open_handle
from storage.connection import RedisHandle


@pytest.fixture
def place(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Place:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Place(tmp_path_factory.mktemp("fs") / "data")


@pytest.fixture
def handle(place: Place) -> Iterator[RedisHandle]:
    with open_handle(place) as opened:
        yield opened


@pytest.fixture
def metrics() -> Iterator[KeptMetrics]:
    with KeptMetrics() as kept:
        yield kept


def until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def process(supervisor: Supervisor, name: str) -> KeptProcess:
    return next(kept for kept in supervisor.processes() if kept.name == name)


def test_without_models_and_cameras_nothing_runs(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    with Supervisor(place, handle, metrics) as supervisor:
        time.sleep(1.5)
        assert [(kept.running, kept.restarts) for kept in supervisor.processes()] == [(False, 0), (False, 0)]


def test_where_none_is_wanted_none_runs(place: Place, handle: RedisHandle, metrics: KeptMetrics) -> None:
    handle.client.hset(keys_of(place).meta, mapping={"schema": "1", "model_id": "dlib@1"})
    with Supervisor(place, handle, metrics, enabled=False) as supervisor:
        time.sleep(1.5)
        assert not process(supervisor, CLUSTER_WORKER).running


@pytest.mark.e2e
def test_one_that_fails_says_why_and_is_started_again(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    meta = {"schema": "1", "model_id": "nonsense@1", "models": "nonsense"}
    handle.client.hset(keys_of(place).meta, mapping=meta)
    with Supervisor(place, handle, metrics) as supervisor:
        until(lambda: process(supervisor, CLUSTER_WORKER).restarts >= 1)
        assert "nonsense" in process(supervisor, CLUSTER_WORKER).last_error
        until(lambda: process(supervisor, CLUSTER_WORKER).running)
        kept = supervisor._kept[CLUSTER_WORKER].child
        assert kept is not None
        assert not process(supervisor, WORKER).running
    assert not pid_exists(kept.pid)
