"""The HTTP API over a place, on a real socket."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from web_serving import open_client, serving_place

from facestream.configuration.settings import Place
from facestream.web.context import WebContext

PATIENCE_S = 90.0


@dataclass(frozen=True)
class Served:
    """A server that runs, and a client whose paths begin below /api/v1."""

    client: httpx2.Client
    context: WebContext


@contextlib.contextmanager
def served(place: Place, **settings: Any) -> Iterator[Served]:
    """Serve a place from a thread, with settings of the table [serve]."""
    with (
        serving_place(place, **settings) as (_, context, url),
        open_client(f"{url}/api/v1", PATIENCE_S) as client,
    ):
        yield Served(client, context)


def until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait for something to come about."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
