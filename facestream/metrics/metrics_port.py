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
from facestream.metrics.port_clients import PortClients
from facestream.web.listening import is_loopback, listen

_log = logging.getLogger(__name__)

# So long may the whole of a request take, and the whole of its answer; more clients at a time than any
# Prometheus makes are not served.
_CLIENT_S = 5.0
_MOST_CLIENTS = 16
# Answers that are being made when the port is closed.
_CLOSE_S = 3.0


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
            server.clients.close(_CLOSE_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, listening: socket.socket, metrics: Exposition, health: Health, *, own_names: bool
    ) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.metrics, self.health, self.own_names = metrics, health, own_names
        self.clients = PortClients(_MOST_CLIENTS, _CLIENT_S)

    def service_actions(self) -> None:
        """Called all the time."""
        self.clients.cut_off_late()

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if not self.clients.let_in(request):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except Exception:
            # There can be no more threads now, say.
            self.clients.left(request)
            raise

    def process_request_thread(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.clients.left(request)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG002
        _log.debug("a client of the metrics port was let go of", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_S
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        with self.server.clients.answering(self.connection):
            status, kind, body = self._answer()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the base class's name

    def _answer(self) -> tuple[int, str, bytes]:
        path = self.path.partition("?")[0]
        if self.server.own_names and not _is_own_name(self.headers.get("Host", "")):
            # A page that a browser on this machine shows, and whose name now leads here.
            return _json(421, {"error": "ask by the address"})
        if path == "/metrics":
            return 200, CONTENT_TYPE, self.server.metrics.text()
        if path == "/healthz":
            return _json(*self.server.health.alive_json())
        if path == "/readyz":
            return _json(*self.server.health.ready_json())
        return _json(404, {"error": "there are /metrics, /healthz and /readyz"})

    def version_string(self) -> str:
        """What it says it is."""
        return "facestream"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tell of requests in the log of this program."""
        _log.debug(format, *args)


def _json(status: int, body: object) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(body).encode()


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
