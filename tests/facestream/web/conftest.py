"""Servers for tests of the HTTP API."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import drawn_people
import made_up
import pytest
import redis
from playwright.sync_api import Browser
from served_place import Served
from shown_people import decisions
from visiting import Visit, Visitor, open_chromium
from web_serving import Serving, open_client, serving_place

from facestream.configuration.settings import Place
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys


@pytest.fixture(scope="session")
def web_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder per test process; tests have collections of their own in it."""
    return tmp_path_factory.mktemp("web") / "data"


@pytest.fixture(scope="session")
def web_handle(web_folder: Path) -> Iterator[RedisHandle]:
    """Its server."""
    with open_redis(None, DataFolder(web_folder)) as handle:
        yield handle


@pytest.fixture
def serve_place(
    web_handle: RedisHandle, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., contextlib.AbstractContextManager[Serving]]:
    """Serves a place, with settings of the table [serve]; whatever `host` is, on this machine alone."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    @contextlib.contextmanager
    def serve(place: Place, **settings: Any) -> Iterator[Serving]:
        assert place.data_dir is not None
        with (
            serving_place(place, **settings) as (app, context, url),
            open_client(url) as client,
        ):
            yield Serving(url, client, context, place.data_dir, web_handle, app)

    return serve


# Not for the session: while Playwright runs, its thread counts as one with an event loop, in which other
# tests can't start one of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that the tests of a module share."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens pages, in which nothing may go wrong."""
    visitor = Visitor(chromium)
    yield visitor.open
    visitor.end()


@pytest.fixture(scope="module")
def shared_serve(
    web_handle: RedisHandle, environment: dict[str, str], web_folder: Path
) -> Iterator[Callable[..., Serving]]:
    """Serves new collections, of drawn faces and with settings of [serve], until the end of the module."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        for name, value in environment.items():
            patch.setenv(name, value)

        def serve(fill: Callable[[redis.Redis, Keys], None] = drawn_people.fill, **settings: Any) -> Serving:
            place = Place(web_folder, None, f"page-{uuid4().hex}")
            fill(web_handle.client, Keys(place.collection))
            app, context, url = stack.enter_context(serving_place(place, **settings))
            client = stack.enter_context(open_client(url))
            return Serving(url, client, context, web_folder, web_handle, app)

        yield serve


@pytest.fixture(scope="module")
def shared_serving(shared_serve: Callable[..., Serving]) -> Serving:
    """A server over the collection of `made_up` for all tests of a module that leave it as it is."""
    return shared_serve(made_up.fill)


@pytest.fixture(scope="module")
def untouched(shared_serve: Callable[..., Serving]) -> Iterator[Served]:
    """A server over an empty collection for all tests of a module that leave it empty."""
    serving = shared_serve(lambda *_: None)
    with open_client(f"{serving.url}/api/v1") as client:
        yield Served(client, serving.context)


@pytest.fixture
def empty_place(web_folder: Path) -> Place:
    """A collection that is not there yet."""
    return Place(web_folder, None, f"web-{uuid4().hex}")


@pytest.fixture
def filled_place(web_handle: RedisHandle, empty_place: Place) -> Place:
    """The collection of `made_up`."""
    made_up.fill(web_handle.client, Keys(empty_place.collection))
    return empty_place


@pytest.fixture
def serving(
    filled_place: Place, serve_place: Callable[..., contextlib.AbstractContextManager[Serving]]
) -> Iterator[Serving]:
    """A server over the collection of `made_up`, which is this test's own."""
    with serve_place(filled_place) as served:
        yield served


@pytest.fixture(scope="module")
def shared(shared_serve: Callable[..., Serving]) -> Serving:
    """For tests that leave names and people as they are, or take back what they did."""
    return shared_serve()


@pytest.fixture
def undone(shared: Serving) -> Iterator[Serving]:
    """The same, in which all that was decided is taken back afterwards."""
    before = {decision["number"] for decision in decisions(shared)}
    yield shared
    calm = 0
    while calm < 2:
        made = [
            decision["number"]
            for decision in decisions(shared)
            if decision["number"] not in before
            and decision["undone_by"] is None
            and decision["kind"] != "undo"
        ]
        for number in made:
            shared.client.post(f"/api/v1/decisions/{number}/undo")
        # What a page has sent last may be on its way: it shows a name before it is stored.
        calm = 0 if made else calm + 1
        time.sleep(0.2)
