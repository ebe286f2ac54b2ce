"""Requests that nobody should answer, whoever they come from."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from facestream.web.access_gate import API
from facestream.web.problems import Problem
from storage.keys import TOKEN_PREFIX

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")
# What people write in front of a token in a query.
_SECRETS = frozenset(
    {
        "token",
        "access_token",
        "auth_token",
        "api_token",
        "apikey",
        "api_key",
        "auth",
        "authorization",
        "bearer",
    }
)
_MOST_PARAMETERS = 1000
_DEFAULT_PORTS = {"http": 80, "https": 443}


class RequestChecks:
    """ASGI middleware: refuses foreign hosts, tokens in addresses, and what other sites make a browser send.

    Args:
        app: What is behind it.
        hosts: Names by which this server may be called, in lower case.
        any_address: Whether any IP address is one of its names: only names can be made to lead elsewhere.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], *, any_address: bool) -> None:
        self._app = app
        self._hosts = hosts
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or raise a `Problem`."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            # First, as it says in which log a token may stand now.
            _check_query(scope)
            host = self._checked_host(headers)
            _check_origin(scope, headers, host)
        await self._app(scope, receive, send)

    def _checked_host(self, headers: Headers) -> str:
        """The host with its port, as it was called.

        A page of another site can have its own name lead to this machine (DNS rebinding), and would then
        count as this site.
        """
        written = headers.getlist("host")
        name = _name_of(written[0]) if len(written) == 1 else None
        if name is None:
            raise Problem(400, "The request must name one host, in its header Host.")
        if name in self._hosts or (self._any_address and _is_address(name)):
            return written[0]
        raise Problem(
            421,
            f"This server is not called {name[:100]!r}. If it should be, set serve.allowed_hosts.",
        )


def _check_query(scope: Scope) -> None:
    """An address is remembered by browsers, proxies and logs: no place for a token."""
    query = scope["query_string"].decode("latin-1")
    try:
        names = {name.lower() for name, _ in parse_qsl(query, True, max_num_fields=_MOST_PARAMETERS)}
    except ValueError as error:
        raise Problem(400, f"A query has {_MOST_PARAMETERS} parameters at most.") from error
    if not names.isdisjoint(_SECRETS) or TOKEN_PREFIX in unquote_plus(query) or TOKEN_PREFIX in scope["path"]:
        raise Problem(
            400,
            "A token doesn't belong into an address, which others remember: send it in the header "
            "`Authorization: Bearer TOKEN`. Remove one that was sent so: `facestream token remove`.",
        )


def _check_origin(scope: Scope, headers: Headers, host: str) -> None:
    """Whether a browser was made to ask by another site, with a cookie or from this machine."""
    if "authorization" in headers or not scope["path"].startswith(API):
        # No site can make a browser send that header without asking first, and the rest changes nothing.
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        own = site in _OWN_SITES
    else:
        origin = headers.get("origin")
        # Only browsers say where they come from, and all of them do wherever something may be changed.
        own = origin is None or _is_own(origin, host)
    if not own:
        what = "may not be asked" if scope["method"] in _SAFE_METHODS else "may not be changed"
        raise Problem(403, f"This {what} from the page of another site.")


def _name_of(host: str) -> str | None:
    """The name in a header Host, in lower case, without brackets and port."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or parts.netloc != host or parts.username is not None:
        return None
    return name.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is what this server was called; `null` is nobody's."""
    try:
        theirs, own = urlsplit(origin), urlsplit(f"//{host}")
        usual = _DEFAULT_PORTS[theirs.scheme]
        return bool(theirs.hostname) and (theirs.hostname, theirs.port or usual) == (
            own.hostname,
            own.port or usual,
        )
    except (ValueError, KeyError):
        return False
