"""facestream cluster-worker as processes: who is killed is replaced in time, who is told to end does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from command_runs import Cli, wait_until
from own_server import DURABLE, OwnServer

from facestream.wiring import make_manifest
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.requests import LookAgainRequest
from storage.sample_queue import GROUP, SampleQueue

pytestmark = pytest.mark.e2e

KEYS = Keys("default")
TAKE_OVER_S, DRAIN_S = 15.0, 10.0


@pytest.fixture
def client(cli: Cli) -> Iterator[redis.Redis]:
    """The server of the collection, which is empty."""
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        facts = {"pack": "open", "models": "open"}
        IdentityStore(handle.client, KEYS).claim_model(make_manifest("open").model_id, facts)
        yield handle.client


def test_the_one_that_stands_by_takes_over_in_time_and_ends_in_time_when_it_is_told_to(
    cli: Cli, client: redis.Redis
) -> None:
    queue = SampleQueue(client, KEYS, limit=50_000)
    first = cli.start("cluster-worker")
    wait_until(lambda: bool(client.exists(KEYS.leader)), "a leader")
    led = client.get(KEYS.leader)
    second = cli.start("cluster-worker", "--json")
    second.wait_for("stand")

    # In the middle of its work, of which something is left pending.
    os.kill(first.process.pid, signal.SIGSTOP)
    queue.send([LookAgainRequest("v-1")] * 300)
    client.xreadgroup(GROUP, f"cluster-{led.decode()}", {KEYS.samples: ">"}, count=200)
    began_s = time.monotonic()
    first.kill()
    wait_until(lambda: client.get(KEYS.leader) not in (None, led), "another leader")
    took_s = time.monotonic() - began_s
    wait_until(lambda: client.xlen(KEYS.samples) == 0, "all of it to be taken in")
    assert took_s < TAKE_OVER_S

    queue.send([LookAgainRequest("v-1")] * 20_000)
    began_s = time.monotonic()
    second.process.send_signal(signal.SIGTERM)
    done = second.end()
    assert time.monotonic() - began_s < DRAIN_S
    assert (done.code, "Traceback" in done.stderr) == (0, False)
    # It finished what it had begun, and left the rest and the lease to others.
    assert client.xpending(KEYS.samples, GROUP)["pending"] == 0
    assert not client.exists(KEYS.leader)
    assert client.xinfo_consumers(KEYS.samples, GROUP) == []


def test_a_server_that_is_away_is_told_of_and_that_it_is_back(cli: Cli, tmp_path: Path) -> None:
    with OwnServer(tmp_path / "own", *DURABLE) as server:
        with open_redis(server.url, None) as handle:
            facts = {"pack": "open", "models": "open"}
            IdentityStore(handle.client, KEYS).claim_model(make_manifest("open").model_id, facts)
        words = ("cluster-worker", "--json", "--redis", server.url)
        workers = [cli.start(*words), cli.start(*words)]
        wait_until(lambda: all(worker.stdout for worker in workers), "one to lead and one to stand by")
        server.kill()
        for worker in workers:
            worker.wait_for("It is tried again until it is back.")
        server.start()
        for worker in workers:
            worker.wait_for("takes writes again after")
            worker.process.send_signal(signal.SIGTERM)
            assert worker.end().code == 0
