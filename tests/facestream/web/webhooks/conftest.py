"""Webhooks: a real receiver, a real server, a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from live_server import Served, serving_events
from receiver import Receiver, receiving

from facestream.webhooks import webhook_courier, webhook_sender
from storage.connection import RedisHandle


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_SERVE_WEBHOOK_NETWORKS", "127.0.0.1")
    monkeypatch.setattr(webhook_courier, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(webhook_sender, "_LOOK_S", 0.1)


@pytest.fixture
def served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    with serving_events(web_folder, f"webhooks-{uuid4().hex}", webhook_networks="127.0.0.1") as served:
        yield served


@pytest.fixture(scope="module")
def shared_served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    """Of tests that leave no webhook behind."""
    with serving_events(web_folder, f"webhooks-{uuid4().hex}") as served:
        yield served


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
