"""The server process: uvicorn, ended quickly and patient with nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from h11._connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from facestream.configuration.serve_table import ServeTable, listed
from facestream.web.connection_room import ConnectionRoom
from facestream.web.problems import ProblemResponse
from facestream.web.security_headers import add_security_headers

HEADERS_S = 15.0
"""How long a client may take to say what it wants, s."""

READER_S = 120.0
"""How long a client may take for what the buffers of a connection hold of an answer, s."""

# Whoever finds no room is told so, unless so many are being told already.
_MOST_REFUSED = 100
_REFUSED_S = 1.0
# Beside connections: files of page and videos, Redis, models.
_OTHER_FILES = 500
_END_S = 2
_KEEP_ALIVE_S = 20


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits `HEADERS_S` for the head of a request, `READER_S` for a reader, and no longer.

    What it answers by itself are problem details with the headers of all answers, as the rest is.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        assert isinstance(self.server_state, _State)
        self._room = self.server_state.room
        self._address: str | None = None
        self._is_refused = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        # The application has a log of its own: this one has queries, and is written wherever it finds a
        # handler, whatever the configuration says.
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        why = self._room.enter(address)
        if why:
            self._refuse(why)
            return
        self._address = address
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._is_refused:
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_waiting()
        self._stop_waiting_for_reader()
        if self._address is not None:
            self._room.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What came is no request."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            kib = DEFAULT_MAX_INCOMPLETE_EVENT_SIZE >> 10
            self._answer(400, f"{msg} Its head has {kib} KiB at most, its address is percent-encoded.")
        self.transport.close()

    def _refuse(self, why: str) -> None:
        """Tell somebody that there is no room, before they have asked for anything."""
        self._is_refused = True
        if len(self.connections) > self._room.most + _MOST_REFUSED:
            self.transport.abort()
            return
        self._answer(503, f"{why} Try again soon.", {"Retry-After": "5"})
        self.transport.write_eof()
        # Not at once: a request that is under way would take the answer away from who sent it.
        self.loop.call_later(_REFUSED_S, self.transport.abort)

    def _answer(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        problem = ProblemResponse(status, detail, "", headers)
        add_security_headers(problem.headers, of_api=True)
        head = h11.Response(
            status_code=status,
            headers=[*problem.raw_headers, (b"connection", b"close")],
            reason=HTTPStatus(status).phrase.encode(),
        )
        for event in (head, h11.Data(data=bytes(problem.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")

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


class _State(ServerState):
    """What all connections share."""

    def __init__(self, room: ConnectionRoom) -> None:
        super().__init__()
        self.room = room


class WebServer(uvicorn.Server):
    """Serves an application over a socket that listens, until `end` is called.

    Args:
        app: The application.
        serve: How it is served.
        end_streams: Ends the answers that have no end of their own.
        room: For how many connections there is room; by default for those that docs/serving.md tells.
    """

    def __init__(
        self,
        app: FastAPI,
        serve: ServeTable,
        end_streams: Callable[[], None] = lambda: None,
        room: ConnectionRoom | None = None,
    ) -> None:
        self._end_streams = end_streams
        proxies = list(listed(serve.trusted_proxies))
        if room is None:
            room = ConnectionRoom(free=[ip_network(proxy, strict=False) for proxy in proxies])
        self._room = room
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
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_END_S,
            )
        )
        self.server_state = _State(self._room)

    def run_on(self, listening: socket.socket) -> None:
        """Serve until `end` is called; the socket is closed then."""
        _allow_files(self._room.most + _MOST_REFUSED + _OTHER_FILES)
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
