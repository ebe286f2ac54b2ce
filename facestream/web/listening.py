"""The socket that a server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket

from facestream.errors import FacestreamError, UsageError

_BACKLOG = 512


def is_loopback(host: str) -> bool:
    """Whether an address or name leads nowhere but to this machine."""
    try:
        found = _addresses(host, 0)
    except OSError:
        return False
    return all(ipaddress.ip_address(address[0].partition("%")[0]).is_loopback for _, address in found)


def listen(host: str, port: int) -> socket.socket:
    """Take a port.

    Args:
        host: Address, or a name of one, to listen on; the first if it has several.
        port: 0 for a free one.

    Raises:
        UsageError: If this machine has no such address.
        FacestreamError: If the port is taken, or may not be.
    """
    try:
        family, address = _addresses(host, port)[0]
    except OSError as error:
        raise UsageError(f"{host!r} is no address to listen on: {error.strerror}.") from error
    # By the name of its protocol asyncio knows that it may send at once: else the body of each answer waits
    # 40 ms for its head to be confirmed.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port whose last server has just ended is free.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise FacestreamError(
                f"port {port} of {host} is in use, perhaps by another `facestream serve`. Choose another one "
                "with --port, or --port 0 for any that is free."
            ) from error
        if error.errno == errno.EACCES:
            raise FacestreamError(
                f"port {port} may not be used by this user: choose one above 1023 with --port."
            ) from error
        raise UsageError(f"this machine can't listen on {host}: {error.strerror}.") from error
    listening.set_inheritable(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """Where the page is, for somebody on this machine."""
    address, port = listening.getsockname()[:2]
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.is_unspecified:
        found = ipaddress.ip_address("127.0.0.1")
    return f"http://{f'[{found}]' if found.version == 6 else found}:{port}"


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]
