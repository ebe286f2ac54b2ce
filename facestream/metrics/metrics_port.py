"""The metrics of a process that has no HTTP of its own: /metrics, /healthz and /readyz on a port."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from facestream.metrics.exposition import CONTENT_TYPE, Exposition
from facestream.metrics.health import Health
from facestream.web.listening import is_loopback, listen

_log = logging.getLogger(__name__)

# A client that says nothing is let go of; more at a time than any Prometheus asks are sent away.
_CLIENT_S = 5.0
_MOST_CLIENTS = 16


@contextlib.contextmanager
def serving_metrics(host: str, port: int, metrics: Exposition, health: Health) -> Iterator[int]:
    """Answer on a port for as long as the context lasts; gives the port.

    Args:
        host: Address to listen on.
        port: 0 for a free one.
        metrics: What /metrics answers.
        health: What /healthz and /readyz answer.

    Raises:
        UsageError: If this machine has no such address.
        FacestreamError: If the port is taken, or may not be.
    """
    with listen(host, port, option="--metrics-port") as listening:
        server = _Server(listening, metrics, health, own_names=is_loopback(host))
        thread = threading.Thread(target=server.serve_forever, args=[0.1], name="metrics port", daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, listening: socket.socket, metrics: Exposition, health: Health, *, own_names: bool
    ) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.metrics, self.health, self.own_names = metrics, health, own_names
        self._room = threading.BoundedSemaphore(_MOST_CLIENTS)

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG002
        _log.debug("a client of the metrics port was let go of", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_S
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if self.server.own_names and not _is_own_name(self.headers.get("Host", "")):
            # A page that a browser on this machine shows, and whose name now leads here.
            self._answer(421, {"error": "ask by the address"})
        elif path == "/metrics":
            self._send(200, CONTENT_TYPE, self.server.metrics.text())
        elif path == "/healthz":
            self._answer(*self.server.health.alive_json())
        elif path == "/readyz":
            self._answer(*self.server.health.ready_json())
        else:
            self._answer(404, {"error": "there are /metrics, /healthz and /readyz"})

    do_HEAD = do_GET  # noqa: N815 - the base class's name

    def _answer(self, status: int, body: object) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """What it says it is."""
        return "facestream"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tell of requests in the log of this program."""
        _log.debug(format, *args)


def _is_own_name(host: str) -> bool:
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    if name.startswith("["):
        name = name.partition("]")[0].removeprefix("[")
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
