"""Connections: how many there may be, and what is answered before there is a request."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

import made_up
import pytest
from receiver import wait_until
from web_serving import PATIENCE_S, Serving

from facestream.configuration.serve_table import ServeTable
from facestream.web.connection_room import ConnectionRoom
from facestream.web.listening import listen, url_of
from facestream.web.photo_places import MOST_PHOTOS
from facestream.web.server import WebServer

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def there(shared_serve: Callable[..., Serving]) -> Serving:
    return shared_serve(made_up.fill)


@contextlib.contextmanager
def small(there: Serving, room: ConnectionRoom) -> Iterator[str]:
    """Serve with another room."""
    with listen("127.0.0.1", 0) as listening:
        server = WebServer(there.app, ServeTable(), room=room)
        thread = threading.Thread(target=server.run_on, args=[listening], daemon=True)
        thread.start()
        try:
            yield url_of(listening)
        finally:
            server.end()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE_S) as connection:
        yield connection


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def problem(text: bytes) -> dict[str, object]:
    """What a problem says, which has the headers of all answers."""
    head, _, body = text.partition(b"\r\n\r\n")
    for name in (b"x-content-type-options: nosniff", b"content-security-policy: default-src 'none'"):
        assert name in head.lower()
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    found: dict[str, object] = json.loads(body)
    return found


def test_who_finds_no_room_is_told_so_and_others_go_on(there: Serving) -> None:
    room = ConnectionRoom(2)
    with small(there, room) as url, contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(connected(url)) for _ in range(2))
        wait_until(lambda: len(room) == 2)
        with connected(url) as third:
            third.sendall(ASK)
            found = problem(answer(third))
        assert (found["status"], "2 connections" in str(found["detail"])) == (503, True)
        first.sendall(ASK)
        assert first.recv(65536).startswith(b"HTTP/1.1 200")
        second.close()
        wait_until(lambda: len(room) == 1)
        with connected(url) as fourth:
            fourth.sendall(ASK)
            assert fourth.recv(65536).startswith(b"HTTP/1.1 200")
    wait_until(lambda: len(room) == 0)


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"x" * 70_000])
def test_what_is_no_request_is_answered_as_other_mistakes_are(there: Serving, sent: bytes) -> None:
    with connected(there.url) as connection:
        connection.sendall(sent)
        text = b""
        with contextlib.suppress(ConnectionResetError):
            text = answer(connection)
    # What was sent and not read may take the answer away.
    assert len(sent) > 1000 or problem(text)["status"] == 400


def test_an_address_takes_its_share_and_no_more() -> None:
    room = ConnectionRoom(6, 2, [ip_network("10.0.0.0/8")])
    assert [room.enter(f"2001:db8::{k}") for k in range(2)] == ["", ""]
    assert "2 connections from 2001:db8::/64" in room.enter("2001:db8::9")
    room.leave("2001:db8::0")
    assert room.enter("2001:db8::9") == ""
    # Proxies connect for others, and who is on this machine is not held up.
    for address in ("10.1.2.3", "10.1.2.3", "10.1.2.3", "::ffff:127.0.0.1"):
        assert room.enter(address) == ""
    assert "6 connections already" in room.enter("127.0.0.1")


def test_as_many_files_may_be_open_as_connections_take(there: Serving) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = ConnectionRoom(100)
    wanted = 100 + 600
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this machine allows fewer")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, wanted - 100), hard))
    try:
        with small(there, room):
            wait_until(lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= wanted)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_so_many_photos_are_searched_for_at_once(there: Serving) -> None:
    begun = (
        b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    places = there.context.photo_places
    with contextlib.ExitStack() as stack:
        for count in range(1, MOST_PHOTOS + 1):
            stack.enter_context(connected(there.url)).sendall(begun)
            wait_until(lambda count=count: places.taken == count)
        refused = there.client.post("/api/v1/search", files={"photo": b"none"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert refused.headers["content-type"] == "application/problem+json"
    wait_until(lambda: places.taken == 0)
    assert there.client.post("/api/v1/search", files={"photo": b"none"}).status_code == 422
