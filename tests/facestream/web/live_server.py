"""The HTTP API on a real server, over an empty collection in which things happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving import serving_place

from facestream.settings import Place
from facestream.web.context import WebContext
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
def serving_events(folder: Path, **settings: Any) -> Iterator[Served]:
    """A server over a data folder, with settings of the table [serve]."""
    place = Place(folder)
    with open_handle(place) as handle:
        store = make_store(handle, KEYS)
        store.claim_model("dlib@1", {})
        camera = SourceRecord("c-door", "camera", "rtsp://host/live", 64, 48, recorded_at_s=1.7e9)
        store.register_source(camera)
        handle.client.hset(KEYS.track("c-door.1"), "source_id", "c-door")
        with serving_place(place, **settings) as (_, context, url):
            yield Served(f"{url}/api/v1", context, handle)
