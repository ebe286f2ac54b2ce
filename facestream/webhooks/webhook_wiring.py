"""Where the concrete classes of live events and webhooks are put together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.configuration.given_settings import settings
from facestream.events.live_event import EventLog
from facestream.network.address_check import networks_of
from facestream.network.outbound import Outbound
from facestream.webhooks.webhook_book import WebhookBook
from facestream.wiring import keys_of, make_reader, open_folder, open_handle
from storage.change_reader import ChangeReader
from storage.event_facts import EventFacts
from storage.webhook_store import WebhookStore

if TYPE_CHECKING:
    from facestream.configuration.serve_table import ServeTable
    from facestream.configuration.settings import Place
    from facestream.events.news import News
    from facestream.webhooks.webhook_sender import WebhookSender
    from storage.connection import RedisHandle
    from storage.keys import Keys


def make_event_log(handle: RedisHandle, keys: Keys) -> EventLog:
    """What happens in a collection; asks the server."""
    return EventLog(ChangeReader(handle.client, keys), EventFacts(handle.client, keys), handle)


def make_webhook_book(
    handle: RedisHandle, keys: Keys, folder: Path, log: EventLog, serve: ServeTable
) -> WebhookBook:
    """The webhooks of a collection."""
    outbound = Outbound(networks_of(serve.webhook_networks or ""))
    return WebhookBook(WebhookStore(handle.client, keys), log, keys, folder, outbound)


def make_webhook_sender(
    handle: RedisHandle, keys: Keys, log: EventLog, news: News, book: WebhookBook
) -> WebhookSender:
    """What delivers to them, to be entered."""
    from facestream.webhooks.webhook_sender import LEASE_S, WebhookSender
    from storage.lease import Lease

    lease = Lease(handle.client, keys.webhook_lease, ttl_s=LEASE_S)
    return WebhookSender(WebhookStore(handle.client, keys), log, news, lease, book.send)


@contextlib.contextmanager
def opened_webhooks(place: Place) -> Iterator[WebhookBook]:
    """The webhooks of a place within a `with` block.

    Raises:
        UsageError: If no collection can be called so.
        StorageError: If the folder or the server can't be used.
    """
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        make_reader(handle, keys).check_schema()
        log = make_event_log(handle, keys)
        yield make_webhook_book(handle, keys, open_folder(place).path, log, settings().serve)
