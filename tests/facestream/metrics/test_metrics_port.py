"""The port of commands that have no HTTP of their own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from facestream.errors import FacestreamError
from facestream.metrics.health import Health, Heartbeat, has_room
from facestream.metrics.metrics_port import serving_metrics
from facestream.metrics.process_metrics import ProcessMetrics


@pytest.fixture
def heartbeat() -> Heartbeat:
    return Heartbeat(lasting_s=0.2)


@pytest.fixture
def health(heartbeat: Heartbeat) -> Health:
    return Health(lambda: heartbeat.is_alive, {"started": lambda: heartbeat.began}, every_s=0)


@pytest.fixture
def url(health: Health) -> Iterator[str]:
    with serving_metrics("127.0.0.1", 0, ProcessMetrics("worker"), health) as port:
        yield f"http://127.0.0.1:{port}"


def test_tells_numbers(url: str) -> None:
    answer = httpx2.get(f"{url}/metrics", verify=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "facestream_build_info{" in answer.text
    assert "process_resident_memory_bytes" in answer.text
    assert httpx2.head(f"{url}/metrics", verify=False).text == ""
    assert httpx2.get(f"{url}/", verify=False).status_code == 404
    assert httpx2.post(f"{url}/metrics", verify=False).status_code == 501


def test_tells_whether_it_is_alive_and_ready(url: str, heartbeat: Heartbeat) -> None:
    # It loads its models.
    assert httpx2.get(f"{url}/healthz", verify=False).json() == {"status": "ok"}
    answer = httpx2.get(f"{url}/readyz", verify=False)
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "checks": {"started": False}})
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.01):
            heartbeat.beat()

    working = threading.Thread(target=work)
    working.start()
    try:
        while not heartbeat.began:
            time.sleep(0.01)
        assert httpx2.get(f"{url}/readyz", verify=False).json() == {
            "status": "ready",
            "checks": {"started": True},
        }
    finally:
        stop.set()
        working.join()
    # A model that hangs, say.
    time.sleep(0.25)
    assert httpx2.get(f"{url}/healthz", verify=False).status_code == 503
    assert httpx2.get(f"{url}/readyz", verify=False).status_code == 503


def test_a_check_that_fails_is_an_answer(health: Health, heartbeat: Heartbeat) -> None:
    heartbeat.beat()
    health.add("redis", lambda: 1 / 0 > 0)
    status, body = health.ready_json()
    assert (status, body["checks"]) == (503, {"started": True, "redis": False})


def test_a_full_disk_is_noticed(tmp_path: Path) -> None:
    assert has_room(tmp_path, 1)
    assert not has_room(tmp_path, 1 << 60)


def test_a_page_whose_name_leads_here_gets_nothing(url: str) -> None:
    assert httpx2.get(f"{url}/metrics", verify=False, headers={"Host": "evil.example"}).status_code == 421
    assert httpx2.get(f"{url}/metrics", verify=False, headers={"Host": "localhost:1"}).status_code == 200
    assert httpx2.get(f"{url}/metrics", verify=False, headers={"Host": "[::1]:1"}).status_code == 200


def test_clients_that_say_nothing_hold_up_nobody_for_long(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(8)]
    try:
        assert httpx2.get(f"{url}/healthz", verify=False).status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_however_many_ask_slowly_others_are_answered(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(40)]
    stop = threading.Event()

    def drip() -> None:
        # Never silent for so long that they were let go of for that.
        while not stop.wait(0.2):
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.sendall(b"a")

    for connection in slow:
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        for _ in range(3):
            assert httpx2.get(f"{url}/healthz", verify=False).status_code == 200
            time.sleep(0.5)
    finally:
        stop.set()
        dripping.join()
        for connection in slow:
            connection.close()


def test_who_asks_for_too_long_is_cut_off(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    began_s = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=0.2) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        answer = None
        while answer is None and time.monotonic() - began_s < 60:
            try:
                slow.sendall(b"a")
                answer = slow.recv(1000)
            except TimeoutError:
                pass
            except OSError:
                answer = b""
    assert answer == b""
    assert time.monotonic() - began_s < 30


def test_when_the_port_closes_nobody_is_served_any_more(health: Health) -> None:
    before = set(threading.enumerate())
    with serving_metrics("127.0.0.1", 0, ProcessMetrics("worker"), health) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        deadline_s = time.monotonic() + 60
        while len(set(threading.enumerate()) - before) < 5:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    assert set(threading.enumerate()) <= before
    for connection in silent:
        connection.close()


def test_a_port_that_is_taken_is_said_with_its_option(url: str, health: Health) -> None:
    port = int(url.rpartition(":")[2])
    with (
        pytest.raises(FacestreamError, match="--metrics-port"),
        serving_metrics("127.0.0.1", port, ProcessMetrics("run"), health),
    ):
        pass
