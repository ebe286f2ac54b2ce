"""Requests to where somebody else wants them: only to addresses that are allowed, the very ones checked."""

from __future__ import annotations

import base64
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import SplitResult, unquote, urlsplit

from facestream.errors import FacestreamError, UsageError
from facestream.network.address_check import Network, allowed

if TYPE_CHECKING:
    import urllib3

_PORTS = {"http": 80, "https": 443}
_LONGEST_URL = 2000
_CONNECT_S, _READ_S = 5.0, 10.0
_LONGEST_RETRY_AFTER_S = 3600.0


class OutboundError(FacestreamError):
    """A request did not get an answer, or may not be made; the text holds no part of the URL but its host."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes to.

    Attributes:
        scheme: "http" or "https".
        host: Name or address, as it is looked up.
        port: Of TCP.
        path: Path and query.
        credentials: User and password, or None.
    """

    scheme: str
    host: str
    port: int
    path: str
    credentials: tuple[str, str] | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Raises:
            UsageError: If it is none to send something to; holds no part of it but its scheme.
        """
        if len(url) > _LONGEST_URL or not url.isascii() or any(c.isspace() or c < " " for c in url):
            raise UsageError(
                f"a webhook's URL has at most {_LONGEST_URL} characters, all of them ASCII and none a space: "
                "write others as %20 and the like, and names of hosts in other scripts as xn--..."
            )
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            # Its text quotes the URL.
            raise UsageError("the webhook's URL can't be read.") from None
        if parts.scheme not in _PORTS:
            # What stands before a colon alone may be a user, or a password.
            instead = f", not with {parts.scheme[:20]!r}" if url.startswith(f"{parts.scheme}://") else ""
            raise UsageError(f"a webhook's URL begins with https:// or http://{instead}.")
        if host and "@" in url.partition(parts.netloc)[2] and "." not in host and ":" not in host:
            # A password with a slash, of which the beginning would count as a host, and be shown as one.
            raise UsageError(
                "there is an @ behind the webhook's host: write / in a password as %2F, @ in a path as %40."
            )
        if not host or port == 0 or "\\" in url or "%" in host:
            raise UsageError("the webhook's URL has no host that can be looked up, or port 0.")
        credentials = _credentials(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], path, credentials)

    @property
    def authority(self) -> str:
        """Host and port, as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def masked(self) -> str:
        """The URL without what could be a secret: many services have theirs in the path."""
        return f"{self.scheme}://{self.authority}{'/' if self.path == '/' else '/***'}"


def _credentials(parts: SplitResult) -> tuple[str, str] | None:
    """User and password as they are, of a URL in which some characters are written as %2F and the like.

    Raises:
        UsageError: If they can't be sent; holds nothing of them.
    """
    if parts.username is None:
        return None
    try:
        user, password = (unquote(text or "", errors="strict") for text in (parts.username, parts.password))
    except UnicodeDecodeError:
        raise UsageError("the user or password in the webhook's URL is not UTF-8.") from None
    if ":" in user or not (user + password).isprintable():
        raise UsageError(
            "the user in the webhook's URL holds a colon, or it or the password a control character: neither "
            "can be sent."
        )
    return user, password


class Answer(NamedTuple):
    """What a receiver said; what else it sent is not read.

    Attributes:
        status: Of HTTP.
        retry_after_s: When it wants the next try, or None.
    """

    status: int
    retry_after_s: float | None = None


class Outbound:
    """Sends requests, but only to public addresses and networks that are allowed.

    A name is looked up once, all its addresses are checked, and one of these very addresses is connected to:
    a name server that answers otherwise the second time gains nothing. Redirects are not followed, proxies of
    the environment not used, answers not read. Whoever does not answer within 15 seconds, all in all, is
    left.

    Args:
        networks: Networks that may be sent into although they are not public.
    """

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = networks

    def check(self, target: Target) -> list[str]:
        """Addresses of a target, which all may be sent to.

        Raises:
            OutboundError: If it has none, or one that may not be.
        """
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise OutboundError(f"{target.host}: no such host is known.") from error
        # Without the zone of a link-local address.
        addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
        for address in addresses:
            if not allowed(ip_address(address), self._networks, private=False):
                raise OutboundError(
                    f"{target.host}: nothing is sent to {address}, which is not public. If it is meant, "
                    "allow its network in the setting serve.webhook_networks."
                )
        return addresses

    def post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send something.

        Args:
            target: Where to.
            body: What.
            headers: More headers than those that HTTP needs.

        Raises:
            OutboundError: If no answer came, or it may not be sent there.
        """
        import urllib3

        unreached = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
        error: urllib3.exceptions.HTTPError | None = None
        for address in self.check(target)[:2]:
            with _pool(target, address) as pool:
                try:
                    return self._send(pool, target, body, headers)
                except unreached as caught:
                    error = caught
                except (urllib3.exceptions.HTTPError, OSError) as caught:
                    raise OutboundError(f"{target.authority}: {_reason(caught)}.") from caught
        assert error is not None
        raise OutboundError(f"{target.authority}: {_reason(error)}.") from error

    def _send(
        self, pool: urllib3.HTTPConnectionPool, target: Target, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        own = {"Host": target.authority, "Connection": "close", "Accept-Encoding": "identity"}
        if target.credentials is not None:
            basic = base64.b64encode(":".join(target.credentials).encode()).decode()
            own["Authorization"] = f"Basic {basic}"
        answer = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers={**headers, **own},
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Answer(answer.status, _retry_after_s(answer.headers.get("Retry-After")))
        finally:
            # Unread: a receiver could send without end.
            answer.close()


def _pool(target: Target, address: str) -> urllib3.HTTPConnectionPool:
    import urllib3

    from facestream.network.bounded_connection import BoundedPool, BoundedTLSPool

    timeout = urllib3.Timeout(connect=_CONNECT_S, read=_READ_S)
    if target.scheme == "http":
        return BoundedPool(address, target.port, timeout=timeout)
    return BoundedTLSPool(
        address,
        target.port,
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _reason(error: Exception) -> str:
    import urllib3

    match error:
        case urllib3.exceptions.ReadTimeoutError():
            return f"it did not answer within {_READ_S:g} s"
        case urllib3.exceptions.NewConnectionError():
            return "the connection was refused, or there is no way to it"
        case urllib3.exceptions.ConnectTimeoutError():
            return f"nobody answered within {_CONNECT_S:g} s"
        case urllib3.exceptions.SSLError():
            return "its certificate is not trusted, or it speaks no TLS"
        case _:
            return "the connection broke off"


def _retry_after_s(written: str | None) -> float | None:
    """What `Retry-After` asks for, at most an hour; None where it can't be read."""
    if not written:
        return None
    try:
        if written.strip().isdigit():
            wait_s = float(written[:10])
        else:
            from datetime import UTC, datetime

            wait_s = (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait_s, 0.0), _LONGEST_RETRY_AFTER_S)
