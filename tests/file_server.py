"""A web server with files that can be asked for in part, and with the faults that servers have."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Fault:
    """What goes wrong with one answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    after_bytes: int | None = None
    """The connection ends after so many bytes of the body."""
    stalls: bool = False
    """Nothing more comes after them, and the connection stays."""


@dataclass
class FileServer:
    """Files by their paths, and what was asked.

    Attributes:
        address: Where it is, with a / at its end.
        files: Contents by path, without / in front.
        etag: Makes the entity tag of a content; None for none.
        faults: What goes wrong with the answers that come next.
        asked: Path, range and condition of each request, in their order.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: Callable[[bytes], str | None] = lambda content: f'"{hash(content)}"'
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: FileServer

    def do_GET(self) -> None:
        site = self.files
        wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
        site.asked.append((self.path, wanted, condition))
        fault = site.faults.pop(0) if site.faults else Fault()
        content = site.files.get(self.path.partition("?")[0].removeprefix("/"))
        status, headers, body = self._answer(content, wanted, condition)
        body = body if fault.body is None else fault.body
        self.send_response(fault.status or status)
        headers = {"Content-Length": str(len(body)), **headers, **fault.headers}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body if fault.after_bytes is None else body[: fault.after_bytes])
            self.wfile.flush()
            if fault.stalls:
                site.released.wait()
        self.close_connection = fault.after_bytes is not None or fault.stalls

    def _answer(
        self, content: bytes | None, wanted: str | None, condition: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        if content is None:
            return 404, {}, b"not here"
        tag = self.files.etag(content)
        headers = {"ETag": tag} if tag else {}
        if wanted is None or condition not in (None, tag):
            return 200, headers, content
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return 206, headers, content[start:]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that leave are what is tested."""


@contextlib.contextmanager
def file_server(encryption: ssl.SSLContext | None = None) -> Iterator[FileServer]:
    """A server on a port of this machine, in this process; with a certificate, it speaks https."""
    site = FileServer()
    handler = type("Handler", (_Handler,), {"files": site})
    server = _Server(("127.0.0.1", 0), handler)
    if encryption is not None:
        server.socket = encryption.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02))
    thread.start()
    scheme = "http" if encryption is None else "https"
    site.address = f"{scheme}://127.0.0.1:{server.server_port}/"
    try:
        yield site
    finally:
        site.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
