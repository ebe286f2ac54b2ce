"""Bodies of requests that are too long, or come too slowly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facestream.configuration.serve_table import ServeTable
from facestream.web.problems import Problem

JSON_BYTES = 1 << 20
PHOTO_BYTES = 32 << 20
# Boundaries and small fields around a photo.
_FORM_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class BodyPace:
    """How slowly a body may come.

    Attributes:
        silence_s: Longest wait for the next piece, s.
        start_s: What any body may take, s.
        least_bytes_per_s: And what it must bring from then on.
    """

    silence_s: float = 20.0
    start_s: float = 30.0
    least_bytes_per_s: float = 4096.0


# What is still taken in of a body that nobody reads, so that its sender comes to read the answer.
_SHORT_S = 0.2
_LINGER_S = 2.0
_LINGER_BYTES = 4 << 20


def upload_bytes(serve: ServeTable) -> int:
    """Longest upload."""
    return int(serve.upload_gb * 1e9)


class BodyLimits:
    """ASGI middleware: a body that is too long or too slow is a `Problem` for whoever reads it.

    An answer that comes before the end of its request closes the connection.

    Args:
        app: What is behind it.
        upload_bytes: Longest upload; others have limits of their own.
        pace: How slowly bodies may come.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int, pace: BodyPace | None = None) -> None:
        self._app = app
        self._upload_bytes = upload_bytes
        self._pace = pace or BodyPace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that is watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, send, self._most_bytes(scope["path"]), self._pace)
        await self._app(scope, body.receive, body.send)

    def _most_bytes(self, path: str) -> int:
        if path == "/api/v1/jobs/upload":
            return self._upload_bytes
        if path == "/api/v1/search":
            return PHOTO_BYTES + _FORM_BYTES
        return JSON_BYTES


class _Body:
    """The body of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most_bytes: int, pace: BodyPace) -> None:
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        self._announced = int(announced) if announced.isascii() and announced.isdigit() else None
        self._done = not self._announced and "transfer-encoding" not in headers
        # Whoever asks first whether to send a body is told so by the first look for it.
        self._is_awaited = headers.get("expect", "").lower() == "100-continue"
        self._receive, self._send = receive, send
        self._most_bytes, self._pace = most_bytes, pace
        self._bytes = 0
        self._began_s: float | None = None

    async def receive(self) -> Message:
        """The next piece, or the end of the connection.

        Raises:
            Problem: 413 or 408.
        """
        if self._done:
            return await self._receive()
        if self._announced is not None and self._announced > self._most_bytes:
            raise self._too_large()
        self._is_awaited = False
        if self._began_s is None:
            self._began_s = time.monotonic()
        allowed_s = self._pace.start_s + self._bytes / self._pace.least_bytes_per_s
        left_s = min(self._pace.silence_s, self._began_s + allowed_s - time.monotonic())
        try:
            async with asyncio.timeout(max(left_s, 0.0)):
                message = await self._receive()
        except TimeoutError as error:
            raise Problem(408, "The body of the request came too slowly.") from error
        self._count(message)
        if self._bytes > self._most_bytes:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on; one that comes early is the last of its connection."""
        if self._done:
            await self._send(message)
        elif message["type"] == "http.response.start" and await self._is_read(_SHORT_S, _FORM_BYTES):
            # A small body that the route has no use for.
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            await self._send({**message, "headers": headers})
        elif message["type"] == "http.response.body" and self._is_awaited:
            # Nothing was sent, and nothing will be.
            await self._send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            # Whoever only sends, and is cut off, would never see the answer.
            await self._send({**message, "more_body": True})
            await self._is_read(_LINGER_S, _LINGER_BYTES)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._send(message)

    async def _is_read(self, most_s: float, most_bytes: int) -> bool:
        """Pass over the rest of the body; whether its end came."""
        if self._is_awaited:
            return False
        most_bytes += self._bytes
        try:
            async with asyncio.timeout(most_s):
                while not self._done and self._bytes <= most_bytes:
                    self._count(await self._receive())
        except TimeoutError:
            pass
        return self._done

    def _count(self, message: MutableMapping[str, Any]) -> None:
        self._bytes += len(message.get("body", b""))
        self._done = message["type"] != "http.request" or not message.get("more_body", False)

    def _too_large(self) -> Problem:
        return Problem(413, f"The body of this request may have {self._most_bytes:,} bytes at most.")
