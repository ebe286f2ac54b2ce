"""The HTTP API over a place, on a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import uvicorn

from facestream.settings import Place
from facestream.web.app import make_app
from facestream.web.context import WebContext
from facestream.web_wiring import open_context

PATIENCE_S = 90.0


@dataclass(frozen=True)
class Served:
    """A server that runs, and a client whose paths begin below /api/v1."""

    client: httpx2.Client
    context: WebContext


@contextlib.contextmanager
def served(place: Place) -> Iterator[Served]:
    """Serve a place from a thread; what workers it keeps is up to the environment."""
    with open_context(place) as context, socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(make_app(context), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=PATIENCE_S) as client:
                yield Served(client, context)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait for something to come about."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
