"""HEAD, answered wherever GET is."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _HeadSentError(Exception):
    """All that was asked for has been sent; whoever goes on sending is to stop."""


class HeadRequests:
    """ASGI middleware: HEAD is answered as GET is, up to where the body begins.

    An answer that comes in pieces, such as a video or a stream of events, is ended at its first one, so that
    nothing is read which nobody gets. What a route does before it answers, it does.

    Args:
        app: What is behind it; sees GET alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def send_head(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
                return
            if not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body"):
                raise _HeadSentError

        try:
            await self._app({**scope, "method": "GET"}, receive, send_head)
        except* _HeadSentError:
            pass
