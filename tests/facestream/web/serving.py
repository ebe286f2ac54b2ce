"""The HTTP API on a real socket, over a real Redis."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI

from facestream.settings import Place
from facestream.web.context import WebContext
from storage.connection import RedisHandle
from storage.keys import Keys

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Serving:
    """A server that runs, and a client of it.

    Attributes:
        url: Such as http://127.0.0.1:45678.
        client: With that as its base; sends no token.
        context: What the routes work with.
        data_dir: Data folder, which other tests of this process share; the collection is this test's own.
        handle: The connection to Redis.
    """

    url: str
    client: httpx2.Client
    context: WebContext
    data_dir: Path
    handle: RedisHandle

    @property
    def place(self) -> Place:
        return self.context.place

    @property
    def keys(self) -> Keys:
        return Keys(self.place.collection)


@contextlib.contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve an application from a thread; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
