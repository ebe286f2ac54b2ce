"""Puts together what the HTTP API works with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from facestream.client import Store
from facestream.configuration.given_settings import settings
from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.erasure.own_pictures import OwnPictures
from facestream.events.news import News
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.serving.access_wiring import make_access
from facestream.serving.camera_tally import CameraTally
from facestream.serving.metrics_wiring import make_readiness, make_redis_facts, make_serve_metrics
from facestream.serving.search_wiring import open_search
from facestream.serving.serve_wiring import make_camera_desk, make_jobs, make_supervisor
from facestream.web.context import WebContext
from facestream.web.live_feed import LiveFeed
from facestream.webhooks.webhook_wiring import make_event_log, make_webhook_book, make_webhook_sender
from facestream.wiring import keys_of, make_board, make_reader, open_folder, open_handle
from storage.change_reader import ChangeReader


@contextlib.contextmanager
def open_context(place: Place, serve: ServeTable | None = None) -> Iterator[WebContext]:
    """Open a collection for the HTTP API, and close all of it again.

    Args:
        place: Where it is.
        serve: How it is served; by default as the settings say.

    Raises:
        StorageError: If the folder or the server can't be used.
        SettingsError: If there are settings that can't be used.
        UsageError: If the collection's name can't be one.
    """
    keys = keys_of(place)
    serve = serve or settings().serve
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        reader = make_reader(handle, keys)
        with handle.errors():
            reader.check_usable()
            reader.check_key()
            changes = ChangeReader(handle.client, keys)
        store = stack.enter_context(Store(handle, reader, place))
        news = stack.enter_context(News(changes, handle))
        people = stack.enter_context(make_board(handle, reader, news))
        stack.enter_context(OwnPictures(store, news))
        search = stack.enter_context(open_search(place, handle, store, news))
        events = make_event_log(handle, keys)
        live_feed = LiveFeed(news, events, serve.event_clients)
        webhooks = make_webhook_book(handle, keys, open_folder(place).path, events, serve)
        sender = stack.enter_context(make_webhook_sender(handle, keys, events, news, webhooks))
        tally = CameraTally(sender.cameras_are)
        cameras = stack.enter_context(
            make_camera_desk(place, handle, serve, news, live_feed.publish, tally.looked)
        )
        jobs = stack.enter_context(make_jobs(place, handle, serve, live_feed.publish))
        kept_metrics = stack.enter_context(KeptMetrics())
        supervisor = stack.enter_context(make_supervisor(place, handle, serve, kept_metrics))
        # Behind all who subscribe to the news: a client that hears of an event asks for its effects at once.
        stack.enter_context(live_feed)
        facts = make_redis_facts(place, handle)
        stack.callback(facts.close)
        yield WebContext(
            place=place,
            store=store,
            news=news,
            serve=serve,
            access=make_access(handle, keys, serve),
            people=people,
            search=search,
            cameras=cameras,
            jobs=jobs,
            supervisor=supervisor,
            live_feed=live_feed,
            webhooks=webhooks,
            metrics=make_serve_metrics(facts, kept_metrics, supervisor, live_feed),
            readiness=make_readiness(place, handle, news, people, supervisor, cameras, tally),
            haste=handle.haste,
        )
