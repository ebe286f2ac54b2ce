"""The HTTP API on a real server, over an empty collection in which things happen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from receiver import PATIENCE_S, wait_until

from facestream.settings import Place
from facestream.web.app import make_app
from facestream.web.context import WebContext
from facestream.web_wiring import open_context
from facestream.wiring import make_store, open_handle
from storage.connection import RedisHandle
from storage.identity_record import ChangeKind, IdentityChange
from storage.keys import Keys
from storage.source_record import SourceRecord

KEYS = Keys("default")


@dataclass
class Served:
    """A server over a socket."""

    url: str
    context: WebContext
    handle: RedisHandle

    def happens(self, kind: ChangeKind, person: str, **facts: Any) -> str:
        """Publish an event as the cluster worker does; its id."""
        change = IdentityChange(kind, person, published_at_s=1.8e9, **facts)
        return self.handle.client.xadd(KEYS.changes, change.encode()).decode()


@contextmanager
def serving_events(folder: Path) -> Iterator[Served]:
    """A server over a data folder."""
    place = Place(folder)
    with open_handle(place) as handle:
        store = make_store(handle, KEYS)
        store.claim_model("dlib@1", {})
        camera = SourceRecord("c-door", "camera", "rtsp://host/live", 64, 48, recorded_at_s=1.7e9)
        store.register_source(camera)
        handle.client.hset(KEYS.track("c-door.1"), "source_id", "c-door")
        with open_context(place) as context, running(context) as url:
            yield Served(url, context, handle)


@contextmanager
def running(context: WebContext) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(make_app(context), log_level="warning", timeout_graceful_shutdown=10)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        finally:
            context.live_feed.close()
            server.should_exit = True
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
