"""Puts together what the HTTP API works with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from facestream.client import Store
from facestream.given_settings import settings
from facestream.news import News
from facestream.serve_wiring import make_camera_desk, make_jobs, make_supervisor
from facestream.settings import Place
from facestream.web.context import WebContext
from facestream.web.live_feed import LiveFeed
from facestream.webhook_wiring import make_event_log, make_webhook_book, make_webhook_sender
from facestream.wiring import keys_of, make_reader, open_folder, open_handle
from storage.change_reader import ChangeReader


@contextlib.contextmanager
def open_context(place: Place) -> Iterator[WebContext]:
    """Open a collection for the HTTP API, and close all of it again.

    Args:
        place: Where it is.

    Raises:
        StorageError: If the folder or the server can't be used.
        UsageError: If the collection's name can't be one.
    """
    keys = keys_of(place)
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        reader = make_reader(handle, keys)
        with handle.errors():
            reader.check_usable()
            changes = ChangeReader(handle.client, keys)
        store = stack.enter_context(Store(handle, reader, place))
        news = stack.enter_context(News(changes, handle))
        events = make_event_log(handle, keys)
        live_feed = LiveFeed(news, events, settings().serve.event_clients)
        cameras = stack.enter_context(make_camera_desk(place, handle, news, live_feed.publish))
        jobs = stack.enter_context(make_jobs(place, handle, live_feed.publish))
        supervisor = stack.enter_context(make_supervisor(place, handle))
        webhooks = make_webhook_book(handle, keys, open_folder(place).path, events)
        stack.enter_context(make_webhook_sender(handle, keys, events, news, webhooks))
        # Behind all who subscribe to the news: a client that hears of an event asks for its effects at once.
        stack.enter_context(live_feed)
        yield WebContext(place, store, news, cameras, jobs, supervisor, live_feed, webhooks)
