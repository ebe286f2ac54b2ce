"""Opens addresses of the web, with a moment at which everything ends."""

import functools
import io
import re
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import IO, Any, cast
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDefaultErrorHandler,
    HTTPDigestAuthHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

_STALE = re.compile(r"\bstale\s*=\s*\"?true\b", re.IGNORECASE)

TimeLeft = Callable[[], float]
"""Longest time that the next read of a socket, or the next connection, may take: seconds, not less than 0."""


def web_opener(
    passwords: HTTPPasswordMgrWithDefaultRealm, check: Callable[[SplitResult], None], time_left_s: TimeLeft
) -> OpenerDirector:
    """What opens addresses over HTTP and HTTPS and nothing else; certificates are not verified.

    A read for which no time is left raises `TimeoutError`, be it of a status, of headers or of a body, so
    that a server that sends a little all the time holds nobody up. Bodies of redirections are not read. A
    password is sent once to each address: what refuses it may lock the account of whoever goes on.

    Args:
        passwords: Users and passwords of hosts.
        check: Called with where a redirection leads; raises where that may not be opened.
        time_left_s: How long the next step may take.
    """
    # build_opener would add file:, data: and ftp:, which a redirection could then ask for.
    # Not the default context, which reads all authorities of the system, to ask none of them.
    cameras = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    cameras.check_hostname = False
    cameras.verify_mode = ssl.CERT_NONE
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        _TimedHttp(time_left_s),
        _TimedHttps(cameras, time_left_s),
        HTTPDefaultErrorHandler(),
        _CheckedRedirections(check),
        HTTPErrorProcessor(),
        _DigestOnce(passwords),
        _BasicOnce(passwords),
    ):
        opener.add_handler(handler)
    return opener


class _DigestOnce(HTTPDigestAuthHandler):
    """Proves the password once; the library would five times more, as each refusal has another nonce."""

    def http_error_401(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any | None:
        """Log in; once more where only the nonce of the first time was too old."""
        # Nobody reads what it says beside that.
        fp.close()
        if req.has_header(self.auth_header):
            # Said of a proof that was right otherwise. It is no reason to go on for ever.
            is_stale = _STALE.search(headers.get("WWW-Authenticate", "")) is not None
            if not is_stale or getattr(req, "is_last_login", False):
                return None
            req.is_last_login = True  # type: ignore[attr-defined]
        return super().http_error_401(req, fp, code, msg, headers)


class _BasicOnce(HTTPBasicAuthHandler):
    """Sends the password where nothing has proved it before."""

    def http_error_401(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any | None:
        """Log in."""
        return (
            None if req.has_header(self.auth_header) else super().http_error_401(req, fp, code, msg, headers)
        )


class _CheckedRedirections(HTTPRedirectHandler):
    """Follows redirections to hosts that may be connected to, without reading what else they say."""

    def __init__(self, check: Callable[[SplitResult], None]) -> None:
        self._check = check

    def redirect_request(self, *given: Any) -> Request | None:
        """The request that a redirection asks for."""
        request = super().redirect_request(*given)
        if request is not None:
            self._check(urlsplit(request.full_url))
        return request

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any | None:
        """Follow a redirection."""
        # The library would read its body to the end, which may never come; of a closed one that is nothing.
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _TimedBytes(io.RawIOBase):
    """What a socket receives."""

    def __init__(self, connected: socket.socket, received: io.RawIOBase, time_left_s: TimeLeft) -> None:
        self._socket, self._received, self._time_left_s = connected, received, time_left_s

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive some; fails when there is no time left."""
        left_s = self._time_left_s()
        if left_s <= 0:
            raise TimeoutError("no time is left")
        self._socket.settimeout(left_s)
        return self._received.readinto(buffer)

    def close(self) -> None:
        """Close it."""
        self._received.close()
        super().close()


class _TimedResponse(HTTPResponse):
    """A response whose every read ends in time."""

    def __init__(self, connected: socket.socket, *given: Any, time_left_s: TimeLeft, **named: Any) -> None:
        super().__init__(connected, *given, **named)
        self.fp = io.BufferedReader(_TimedBytes(connected, self.fp.detach(), time_left_s))


class _TimedConnection(HTTPConnection):
    """A connection that is made, and read, within the time that is left."""

    def __init__(self, *given: Any, time_left_s: TimeLeft, **named: Any) -> None:
        super().__init__(*given, **named)
        self._time_left_s = time_left_s
        # The library calls it and asks nothing else of it.
        self.response_class = cast(Any, functools.partial(_TimedResponse, time_left_s=time_left_s))

    def connect(self) -> None:
        """Connect."""
        self.timeout = self._time_left_s()
        if self.timeout <= 0:
            raise TimeoutError("no time is left")
        super().connect()


class _TimedSafeConnection(_TimedConnection, HTTPSConnection):
    """The same over TLS."""


class _TimedHttp(HTTPHandler):
    def __init__(self, time_left_s: TimeLeft) -> None:
        super().__init__()
        self._connection = functools.partial(_TimedConnection, time_left_s=time_left_s)

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._connection, request)


class _TimedHttps(HTTPSHandler):
    def __init__(self, context: ssl.SSLContext, time_left_s: TimeLeft) -> None:
        super().__init__()
        self._connection = functools.partial(_TimedSafeConnection, time_left_s=time_left_s, context=context)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._connection, request)
