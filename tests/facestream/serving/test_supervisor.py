from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from psutil import pid_exists

from facestream.configuration.settings import Place
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.serving.supervisor import CLUSTER_WORKER, WORKER, KeptProcess, Supervisor
from facestream.wiring import keys_of, make_manifest, make_store
from storage.connection import RedisHandle


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


def claim(place: Place, handle: RedisHandle) -> None:
    """From then on there are people to be found."""
    store = make_store(handle, keys_of(place))
    store.claim_model(make_manifest("open").model_id, {"pack": "open", "models": "open"})


def test_without_models_and_cameras_nothing_runs(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    with Supervisor(place, handle, metrics) as supervisor:
        time.sleep(1.5)
        assert [(kept.running, kept.restarts) for kept in supervisor.processes()] == [(False, 0), (False, 0)]
        assert supervisor.is_complete
    # Nobody sees to them any more.
    assert not supervisor.is_complete


def test_where_none_is_wanted_none_runs(place: Place, handle: RedisHandle, metrics: KeptMetrics) -> None:
    handle.client.hset(keys_of(place).meta, mapping={"schema": "1", "model_id": "dlib@1"})
    with Supervisor(place, handle, metrics, enabled=False) as supervisor:
        time.sleep(1.5)
        assert not process(supervisor, CLUSTER_WORKER).running
        assert supervisor.is_complete


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


def test_a_look_that_fails_unexpectedly_is_told_once_and_the_next_ones_come(
    place: Place, handle: RedisHandle, metrics: KeptMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    cameras = keys_of(place).cameras
    # No name of ours.
    handle.client.sadd(cameras, b"\xff")
    with Supervisor(place, handle, metrics) as supervisor:
        until(lambda: "UnicodeDecodeError" in caplog.text)
        time.sleep(2.5)
        assert len([record for record in caplog.records if "UnicodeDecodeError" in record.message]) == 1
        assert supervisor.is_complete
        handle.client.srem(cameras, b"\xff")
        until(lambda: supervisor._wanted_now)


@pytest.mark.e2e
def test_a_field_of_somebody_else_keeps_none_from_running(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    meta = {b"schema": b"1", b"model_id": b"nonsense@1", b"note": b"\xff", b"\xfe": b""}
    handle.client.hset(keys_of(place).meta, mapping=meta)
    with Supervisor(place, handle, metrics) as supervisor:
        until(lambda: supervisor._kept[CLUSTER_WORKER].child)


@pytest.mark.e2e
def test_one_that_hangs_is_ended_and_started_again(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    claim(place, handle)
    with Supervisor(place, handle, metrics, hung_after_s=6.0) as supervisor:
        until(lambda: (child := supervisor._kept[CLUSTER_WORKER].child) and metrics.sign_of(child.pid))
        hung = supervisor._kept[CLUSTER_WORKER].child
        assert hung is not None
        # Works, and is left alone.
        time.sleep(7.0)
        assert process(supervisor, CLUSTER_WORKER).restarts == 0
        os.kill(hung.pid, signal.SIGSTOP)
        until(lambda: process(supervisor, CLUSTER_WORKER).restarts == 1)
        assert process(supervisor, CLUSTER_WORKER).last_error == "it hung: no sign of life for 6 s"
        assert metrics.sign_of(hung.pid) is None
        until(lambda: process(supervisor, CLUSTER_WORKER).running)
        until(lambda: not pid_exists(hung.pid))


@pytest.mark.e2e
def test_one_that_has_not_begun_to_work_does_not_hang(
    place: Place, handle: RedisHandle, metrics: KeptMetrics
) -> None:
    claim(place, handle)
    with Supervisor(place, handle, metrics, hung_after_s=1.0) as supervisor:
        until(lambda: supervisor._kept[CLUSTER_WORKER].child)
        loads = supervisor._kept[CLUSTER_WORKER].child
        assert loads is not None
        os.kill(loads.pid, signal.SIGSTOP)
        try:
            time.sleep(4.0)
            assert process(supervisor, CLUSTER_WORKER) == KeptProcess(CLUSTER_WORKER, True, 0, "")
        finally:
            os.kill(loads.pid, signal.SIGCONT)
