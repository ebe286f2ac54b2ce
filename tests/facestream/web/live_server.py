"""The HTTP API on a real server, over an empty collection in which things happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from web_serving import open_client, serving_place

from facestream.configuration.settings import Place
from facestream.web.context import WebContext
from facestream.wiring import make_store, open_handle
from storage.connection import RedisHandle
from storage.effects import Effects
from storage.identity_record import ChangeKind, IdentityChange
from storage.keys import Keys
from storage.lease import Lease
from storage.source_record import SourceRecord


@dataclass
class Served:
    """A server over a socket.

    Attributes:
        url: That all paths of the API begin with.
        client: With that as its base.
        context: What the routes work with.
        handle: The connection to Redis.
    """

    url: str
    client: httpx2.Client
    context: WebContext
    handle: RedisHandle

    @property
    def keys(self) -> Keys:
        return Keys(self.context.place.collection)

    def happens(self, kind: ChangeKind, person: str, **facts: Any) -> str:
        """Publish an event as the cluster worker does; its id."""
        change = IdentityChange(kind, person, published_at_s=1.8e9, **facts)
        return self.handle.client.xadd(self.keys.changes, change.encode()).decode()

    def forgets(self, person: str, *entries: str) -> None:
        """Forget somebody, with the events that tell of them, as the cluster worker does."""
        lease = Lease(self.handle.client, self.keys.leader)
        assert lease.acquire()
        told = IdentityChange(ChangeKind.FORGOTTEN, person, published_at_s=1.8e9)
        erased = {self.keys.changes: [entry.encode() for entry in entries]} if entries else {}
        effects = Effects(forgotten={person}, erased=erased, changes=[told])
        make_store(self.handle, self.keys).commit(effects, lease)
        lease.release()


@contextmanager
def serving_events(folder: Path, collection: str = "default", **settings: Any) -> Iterator[Served]:
    """A server over a collection of a data folder, with settings of the table [serve]."""
    place, keys = Place(folder, None, collection), Keys(collection)
    with open_handle(place) as handle:
        store = make_store(handle, keys)
        store.claim_model("dlib@1", {})
        camera = SourceRecord("c-door", "camera", "rtsp://host/live", 64, 48, recorded_at_s=1.7e9)
        store.register_source(camera)
        handle.client.hset(keys.track("c-door.1"), "source_id", "c-door")
        with (
            serving_place(place, **settings) as (_, context, url),
            open_client(f"{url}/api/v1") as client,
        ):
            yield Served(f"{url}/api/v1", client, context, handle)
