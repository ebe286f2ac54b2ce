"""The server process: uvicorn, ended quickly and patient with nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Callable, Iterator
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from facestream.settings_schema import ServeTable, listed

HEADERS_S = 15.0
"""How long a client may take to say what it wants, s."""

READER_S = 120.0
"""How long a client may take for what the buffers of a connection hold of an answer, s."""

_MOST_CONNECTIONS = 2000
# Beside connections: files of page and videos, Redis, models.
_OTHER_FILES = 500
_END_S = 2
_KEEP_ALIVE_S = 20


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits `HEADERS_S` for the head of a request, `READER_S` for a reader, and no longer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        # The application has a log of its own: this one has queries, and is written wherever it finds a
        # handler, whatever the configuration says.
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_waiting()
        self._stop_waiting_for_reader()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The buffers are full."""
        super().pause_writing()
        self._stop_waiting_for_reader()
        # Cut off: an end would wait for what waits. A player that has paused asks again for the rest.
        self._reader_timer = self.loop.call_later(READER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._stop_waiting_for_reader()
        super().resume_writing()

    def _stop_waiting_for_reader(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def _wait_for_head(self) -> None:
        # Where it waits already it goes on: a byte now and then is not enough.
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADERS_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


class WebServer(uvicorn.Server):
    """Serves an application over a socket that listens, until `end` is called.

    Args:
        app: The application.
        serve: How it is served.
        end_streams: Ends the answers that have no end of their own.
    """

    def __init__(
        self, app: FastAPI, serve: ServeTable, end_streams: Callable[[], None] = lambda: None
    ) -> None:
        self._end_streams = end_streams
        proxies = list(listed(serve.trusted_proxies))
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=PatientProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_END_S,
            )
        )

    def run_on(self, listening: socket.socket) -> None:
        """Serve until `end` is called; the socket is closed then."""
        _allow_files(_MOST_CONNECTIONS + _OTHER_FILES)
        log = logging.getLogger("uvicorn.error")
        level = log.level
        try:
            self.run([listening])
        finally:
            log.setLevel(level)

    def end(self) -> None:
        """End soon: streams of events end, requests have two seconds to be answered. From any thread."""
        # That answers are cut off which take longer is no error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._end_streams()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield


def _allow_files(count: int) -> None:
    """Have as many files open as may be needed: many systems allow 1024, unless a program asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # What it was is enough for a few.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
