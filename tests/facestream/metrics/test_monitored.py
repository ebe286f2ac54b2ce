"""A port for metrics that another process has already."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from command_runs import Done

from facestream.commands.metrics_option import metrics_option, metrics_table
from facestream.configuration.settings import Place
from facestream.errors import FacestreamError
from facestream.metrics.given_port import GivenPort
from facestream.metrics.monitored import monitored
from storage.connection import RedisHandle


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_one_of_the_settings_is_done_without_and_that_is_said(
    place: Place, handle: RedisHandle, taken: int, caplog: pytest.LogCaptureFixture
) -> None:
    with monitored("run", place, handle, GivenPort(port=taken), collection=True) as monitor:
        assert monitor is not None
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"port {taken} of 127.0.0.1 is in use" in record.message
    assert "goes on without" in record.message


def test_one_that_was_typed_is_an_error(place: Place, handle: RedisHandle, taken: int) -> None:
    with (
        pytest.raises(FacestreamError, match="--metrics-port"),
        monitored("run", place, handle, GivenPort(port=taken, typed=True), collection=True),
    ):
        pass


def test_an_address_that_this_machine_lacks_is_an_error_whoever_says_so(
    place: Place, handle: RedisHandle
) -> None:
    with (
        pytest.raises(FacestreamError, match=r"203\.0\.113\.1"),
        monitored("run", place, handle, GivenPort(port=9999, host="203.0.113.1"), collection=True),
    ):
        pass


def test_who_said_the_port_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @metrics_option
    def command(metrics_port: int) -> None:
        table = metrics_table(metrics_port)
        click.echo(f"{table.port} {table.host} {table.typed}")

    run = CliRunner().invoke
    assert run(command, ["--metrics-port", "9999"]).output == "9999 127.0.0.1 True\n"
    assert run(command, []).output == "0 127.0.0.1 False\n"
    monkeypatch.setenv("FACESTREAM_METRICS_PORT", "9311")
    assert run(command, []).output == "9311 127.0.0.1 False\n"
    assert run(command, ["--metrics-port", "9311"]).output == "9311 127.0.0.1 True\n"


@pytest.mark.e2e
def test_a_second_command_on_the_machine_of_a_worker_does_its_work(
    here: Callable[..., Done], taken: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACESTREAM_METRICS_PORT", str(taken))
    assert "goes on without" in here("cluster-worker", "--for", "1s").stderr
    here("cluster-worker", "--for", "1s", "--metrics-port", str(taken), code=1)
