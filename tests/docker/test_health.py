"""docker/health.py, the health check of the image."""

from __future__ import annotations

import importlib.util
import socket
from types import ModuleType

import pytest
from deployed import DOCKER

from facestream.metrics.health import Health
from facestream.metrics.metrics_port import serving_metrics
from facestream.metrics.process_metrics import ProcessMetrics


@pytest.fixture(scope="module")
def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health_of_container", DOCKER / "health.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("words", "environ", "port"),
    [
        (["tini", "--", "facestream", "serve", ""], {}, 8765),
        (["tini", "--", "facestream", "serve", ""], {"FACESTREAM_SERVE_PORT": "80"}, 80),
        (["tini", "--", "facestream", "worker", ""], {"FACESTREAM_METRICS_PORT": "9311"}, 9311),
        (["tini", "--", "facestream", "worker", ""], {}, 0),
        (["tini", "--", "facestream", "run", "a.mp4", ""], {}, 0),
    ],
)
def test_the_port_follows_from_the_command(
    health: ModuleType, words: list[str], environ: dict[str, str], port: int
) -> None:
    assert health.port_of(words, environ) == port


def test_it_says_what_the_process_says(health: ModuleType) -> None:
    checks = {"redis": False}
    told = Health(lambda: True, {"redis": lambda: checks["redis"]}, every_s=0)
    with serving_metrics("127.0.0.1", 0, ProcessMetrics("worker"), told) as port:
        assert health.ask(port, "/healthz") == ""
        assert '"redis": false' in health.ask(port, "/readyz")
        checks["redis"] = True
        assert health.ask(port, "/readyz") == ""


def test_a_port_that_is_shut_is_told(health: ModuleType) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert "doesn't answer" in health.ask(taken.getsockname()[1], "/healthz")
