"""The server itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable

import httpx2
import psutil
import pytest
from fastapi.responses import StreamingResponse
from receiver import wait_until
from web_serving import PATIENCE_S, Serving

from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.web import app
from facestream.web.listening import is_loopback, listen, url_of
from facestream.web.server import WebServer
from storage.connection import open_redis
from storage.datafolder import DataFolder

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]


def test_streams_without_an_end_don_t_hold_up_the_end(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def endless() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b": there\n\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    serving.app.add_api_route("/api/v1/test-endless", endless, response_model=None)
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
        server = WebServer(serving.app, ServeTable())
        thread = threading.Thread(target=server.run_on, args=[listening])
        thread.start()
        with (
            httpx2.stream("GET", f"{url}/api/v1/test-endless", verify=False) as one,
            httpx2.stream("GET", f"{url}/api/v1/test-endless", verify=False) as two,
        ):
            assert next(one.iter_raw())
            assert next(two.iter_raw())
            began_s = time.monotonic()
            server.end()
            thread.join(PATIENCE_S)
            took_s = time.monotonic() - began_s
    assert not thread.is_alive()
    assert took_s < PATIENCE_S / 2
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_health_tells_of_redis_and_of_nothing_else_also_while_redis_says_nothing(
    tmp_path_factory: pytest.TempPathFactory, serve_place: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MOST_SILENCE_S", 1.0)
    place = Place(tmp_path_factory.mktemp("fs") / "data")
    with open_redis(None, DataFolder(place.data_dir)) as handle, serve_place(place) as serving:
        wait_until(lambda: serving.client.get("/healthz").json() == {"status": "ok"})
        server = psutil.Process(handle.client.info("server")["process_id"])
        server.suspend()
        try:
            wait_until(lambda: serving.client.get("/healthz").status_code == 503)
            assert serving.client.get("/healthz").json() == {"status": "unavailable"}
        finally:
            server.resume()
        wait_until(lambda: serving.client.get("/healthz").json() == {"status": "ok"})


def test_tells_what_it_is_and_what_it_takes(serving: Serving) -> None:
    about = serving.client.get("/api/v1/about").json()
    assert (about["people"], about["sources"], about["models"]) == (3, 3, "open")
    assert (about["licence"], about["commercial_use"]) == ("MIT AND CC0-1.0", True)
    assert about["collection"] == serving.place.collection
    assert about["limits"] == {"photo_bytes": 32 << 20, "upload_bytes": 16_000_000_000}
    assert {"about", "session"} <= set(about["features"])


def test_a_collection_that_is_not_there_yet_is_empty(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place) as serving:
        about = serving.client.get("/api/v1/about").json()
    assert (about["people"], about["models"], about["commercial_use"]) == (0, None, None)


def test_only_this_machine_is_this_machine() -> None:
    for host in ("127.0.0.1", "127.3.2.1", "::1", "localhost"):
        assert is_loopback(host), host
    for host in ("0.0.0.0", "::", "192.0.2.1", "no.such.name.invalid"):
        assert not is_loopback(host), host


def test_answers_are_sent_at_once_and_don_t_wait_to_be_confirmed() -> None:
    async def accepted() -> int:
        loop = asyncio.get_running_loop()
        made: asyncio.Future[int] = loop.create_future()

        class Accepted(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                connection = transport.get_extra_info("socket")
                made.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()

        with listen("127.0.0.1", 0) as listening:
            async with await loop.create_server(Accepted, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                try:
                    return await asyncio.wait_for(made, PATIENCE_S)
                finally:
                    writer.close()
                    await writer.wait_closed()

    assert asyncio.run(accepted())
