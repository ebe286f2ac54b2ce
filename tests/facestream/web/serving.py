"""The HTTP API on a real socket, over a real Redis."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from fastapi import FastAPI

from facestream.settings import Place
from facestream.settings_schema import ServeTable
from facestream.web.context import WebContext
from facestream.web.listening import listen, url_of
from facestream.web.server import WebServer
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
        app: The application.
    """

    url: str
    client: httpx2.Client
    context: WebContext
    data_dir: Path
    handle: RedisHandle
    app: FastAPI

    @property
    def place(self) -> Place:
        return self.context.place

    @property
    def keys(self) -> Keys:
        return Keys(self.place.collection)


@contextlib.contextmanager
def running(app: FastAPI, serve: ServeTable | None = None) -> Iterator[str]:
    """Serve an application from a thread, on this machine alone; gives its URL."""
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
        server = WebServer(app, serve or ServeTable())
        thread = threading.Thread(target=server.run_on, args=[listening], daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.end()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
