"""The last place where an error becomes an answer."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facestream.web.problems import problem_of
from storage.keys import TOKEN_PREFIX

_log = logging.getLogger("facestream.web.requests")


class ProblemBoundary:
    """ASGI middleware: answers errors that came through all that is behind it, and logs requests (INFO).

    The log has paths without their queries.

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        began_s = time.monotonic()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            if status:
                # It has begun: all that is left is to break it off.
                _log.exception("%s broke off", scope["path"])
                raise
            await problem_of(error, scope["path"])(scope, receive, send_noted)
        finally:
            if _log.isEnabledFor(logging.INFO):
                client = scope["client"][0] if scope.get("client") else "-"
                took_ms = (time.monotonic() - began_s) * 1000
                # A path may hold anything, line breaks as well, and what doesn't belong there.
                path = "***" if TOKEN_PREFIX in scope["path"] else scope["path"]
                _log.info("%s %s %a %d %.0f ms", client, scope["method"], path, status, took_ms)
