"""Processes that watch, told to end while their server says nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_runs import Cli, Started, wait_until
from own_server import DURABLE, OwnServer

pytestmark = pytest.mark.e2e

# What is promised: less than Kubernetes and Docker Compose grant before they kill.
PROMISED_S = 8.0
# What a worker found can't be sent then, which it says; the others have nothing to lose.
CODES = {"worker": 1, "cluster-worker": 0, "watch": 1, "serve": 0}
COMMANDS = tuple(CODES)
SAYS = {"cluster-worker": "lead", "serve": "page"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnServer]:
    with OwnServer(tmp_path / "own", *DURABLE) as running:
        yield running


def working(cli: Cli, server: OwnServer, command: str) -> Started:
    """One that has begun its work, on a camera that is computed."""
    done = cli("camera", "add", "door", "synthetic://test?fps=5", "--redis", server.url)
    assert done.code == 0, done.said
    port = ("--port", "0") if command == "serve" else ()
    started = cli.start(command, "--json", *port, "--redis", server.url)
    started.wait_for(SAYS.get(command, "streaming"))
    if command == "serve":
        # Until its worker is at work.
        wait_until(lambda: "streaming" in cli("camera", "list", "--redis", server.url).stdout, "the worker")
    return started


@pytest.mark.parametrize("command", COMMANDS)
def test_who_is_told_to_end_does_before_it_would_be_killed(cli: Cli, server: OwnServer, command: str) -> None:
    started = working(cli, server, command)
    with server.frozen():
        # In the middle of a command.
        time.sleep(1.0)
        began_s = time.monotonic()
        started.process.send_signal(signal.SIGTERM)
        done = started.end()
        took_s = time.monotonic() - began_s

    assert took_s < PROMISED_S
    assert done.code == CODES[command]
    assert "does not answer in time" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_interrupt_ends_it_at_once(cli: Cli, server: OwnServer, command: str) -> None:
    started = working(cli, server, command)
    with server.frozen():
        time.sleep(1.0)
        os.kill(started.process.pid, signal.SIGINT)
        time.sleep(0.3)
        began_s = time.monotonic()
        os.kill(started.process.pid, signal.SIGINT)
        done = started.end()
        took_s = time.monotonic() - began_s

    assert took_s < PROMISED_S
    assert done.code == 130
    assert "Traceback" not in done.stderr
