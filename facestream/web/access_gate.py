"""Lets callers in before anything looks at what they ask for."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from facestream.web.access import Access
from facestream.web.caller import Caller
from facestream.web.problems import Problem
from storage.errors import StorageError

API = "/api/"
METRICS = "/metrics"
LOGIN = ("POST", "/api/v1/session")

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class AccessGate:
    """ASGI middleware: everything below /api/, and /metrics, needs a caller, but the login.

    Who it is stands in `request.state.caller`; `request.state.is_still_allowed()` asks again, for answers
    that take long.

    Args:
        app: What is behind it.
        access: Who is let in.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or raise a `Problem`."""
        path = scope.get("path", "")
        is_guarded = scope["type"] == "http" and (path.startswith(API) or path == METRICS)
        if is_guarded and (scope["method"], scope["path"]) != LOGIN:
            await self._let_in(scope)
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        token, session_id = bearer(headers), session_of(headers, self._access.cookie)
        # A proxy on this machine asks for somebody who may be anywhere.
        may_be_anybody = not any(name in headers for name in _FORWARDED)

        def ask() -> Caller | None:
            found = self._access.by_token(token) if token is not None else None
            if token is None and session_id is not None:
                found = self._access.by_session(session_id)
            if found is None and token is None and may_be_anybody:
                return self._access.anonymous()
            return found

        def still_allowed() -> bool:
            try:
                return ask() is not None
            except StorageError:
                # Nobody knows, and nothing that Redis holds is told meanwhile.
                return True

        if token is not None:
            check_failures(self._access, HTTPConnection(scope), token)
        caller = ask() if token is None and session_id is None else await run_in_threadpool(ask)
        if caller is None:
            raise self._refusal(scope, token, session_id)
        state = scope.setdefault("state", {})
        state["caller"] = caller
        state["is_still_allowed"] = still_allowed

    def _refusal(self, scope: Scope, token: str | None, session_id: str | None) -> Problem:
        if token is not None:
            self._access.failures.count(address_of(HTTPConnection(scope)))
            return unauthorised("There is no such token, or it was removed.")
        # A session that ended is no guess: their ids have 256 random bits, and pages ask with old ones.
        if session_id is not None:
            return unauthorised("The session has ended. Log in again.")
        return unauthorised(
            "This needs a token: `Authorization: Bearer TOKEN`. `facestream token add NAME` makes one."
        )


def bearer(headers: Headers) -> str | None:
    """The token of a request.

    Raises:
        Problem: If the header holds something else.
    """
    written = headers.get("authorization")
    if written is None:
        return None
    kind, _, token = written.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise unauthorised("The header Authorization must be `Bearer TOKEN`.")
    return token.strip()


def session_of(headers: Headers, cookie: str) -> str | None:
    """The id of the session that a browser sends."""
    return cookie_parser(headers.get("cookie", "")).get(cookie) or None


def check_failures(access: Access, connection: HTTPConnection, token: str) -> None:
    """Refuse whoever shows a token where too many wrong ones came from, unless it was right before.

    Raises:
        Problem: 429.
    """
    if token in access.known:
        return
    wait_s = access.failures.wait_s(address_of(connection))
    if wait_s:
        raise Problem(429, f"Too many wrong tokens. Try again in {wait_s} s.", {"Retry-After": str(wait_s)})


def address_of(connection: HTTPConnection) -> str:
    """Address of the caller."""
    return connection.client.host if connection.client else ""


def unauthorised(detail: str) -> Problem:
    """The answer to who is not let in."""
    return Problem(401, detail, {"WWW-Authenticate": 'Bearer realm="facestream"'})
