"""What each answer tells browsers that they must not do with it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facestream.web.access_gate import API

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# What the API answers is no page: whatever is in it can't run, were it opened as one.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",
}


def add_security_headers(headers: MutableHeaders, *, of_api: bool) -> None:
    """Add them to an answer of the API, or of the page."""
    headers.update(_ALWAYS)
    headers.setdefault("Content-Security-Policy", API_POLICY if of_api else PAGE_POLICY)
    # Who was seen is not for caches, unless a route says which, and for how long.
    headers.setdefault("Cache-Control", "no-store")


class SecurityHeaders:
    """ASGI middleware that adds them to all answers, also to errors.

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        of_api = scope["path"].startswith(API)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(MutableHeaders(scope=message), of_api=of_api)
            await send(message)

        await self._app(scope, receive, send_with_headers)
