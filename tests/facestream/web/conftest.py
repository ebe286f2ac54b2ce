"""The HTTP API on a real socket, over a real Redis."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import made_up
import pytest
import uvicorn
from fastapi import FastAPI

from facestream.settings import Place
from facestream.web.app import make_app
from facestream.web.context import WebContext
from facestream.web_wiring import open_context
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
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


@pytest.fixture(scope="session")
def web_handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    """One embedded server per test process."""
    # Short: the path of a unix socket has at most 107 characters.
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("fs") / "data")) as handle:
        yield handle


@pytest.fixture
def serve_place(
    web_handle: RedisHandle, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Place], contextlib.AbstractContextManager[Serving]]:
    """Serves a place."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # They take seconds to start; tests of them say so.
    monkeypatch.setenv("FACESTREAM_SERVE_WORKERS", "none")

    @contextlib.contextmanager
    def serve(place: Place) -> Iterator[Serving]:
        assert place.data_dir is not None
        with (
            open_context(place) as context,
            running(make_app(context)) as url,
            httpx2.Client(base_url=url, timeout=PATIENCE_S) as client,
        ):
            yield Serving(url, client, context, place.data_dir, web_handle)

    return serve


@pytest.fixture
def empty_place(web_handle: RedisHandle) -> Place:
    """A collection that is not there yet."""
    assert web_handle.socket_path is not None
    return Place(_folder_of(web_handle), None, f"web-{uuid4().hex}")


@pytest.fixture
def filled_place(web_handle: RedisHandle, empty_place: Place) -> Place:
    """The collection of `made_up`."""
    made_up.fill(web_handle.client, Keys(empty_place.collection))
    return empty_place


@pytest.fixture
def serving(
    filled_place: Place, serve_place: Callable[[Place], contextlib.AbstractContextManager[Serving]]
) -> Iterator[Serving]:
    """A server over the collection of `made_up`, which is this test's own."""
    with serve_place(filled_place) as served:
        yield served
