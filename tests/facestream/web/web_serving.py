"""The HTTP API on a real socket, over a real Redis."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.events import news
from facestream.serving.web_wiring import open_context
from facestream.web.app import make_app
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


def open_client(url: str, timeout_s: float = PATIENCE_S) -> httpx2.Client:
    """A client of plain HTTP, to be closed; certificates, which take longest to load, are of no use to it."""
    return httpx2.Client(base_url=url, timeout=timeout_s, verify=False)


@contextlib.contextmanager
def running(
    app: FastAPI, serve: ServeTable | None = None, end_streams: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Serve an application from a thread, on this machine alone; gives its URL."""
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
        server = WebServer(app, serve or ServeTable(), end_streams)
        thread = threading.Thread(target=server.run_on, args=[listening], daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.end()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@contextlib.contextmanager
def serving_place(place: Place, **settings: Any) -> Iterator[tuple[FastAPI, WebContext, str]]:
    """Serve a place from a thread, with settings of the table [serve]; always on this machine alone.

    Most of these servers end soon: whether they are to end, they look more often than in earnest.
    """
    # Workers are processes of their own, which most tests have no use for.
    table = ServeTable(**{"workers": "none", **settings})
    with pytest.MonkeyPatch.context() as patch, open_context(place, table) as context:
        patch.setattr(news, "_WAIT_S", 0.01)
        app = make_app(context)
        with running(app, table, context.live_feed.close) as url:
            yield app, context, url
