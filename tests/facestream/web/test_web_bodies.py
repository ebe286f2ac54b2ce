"""Bodies that are too long, too slow, or nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from web_serving import Serving

from facestream.configuration.settings import Place
from facestream.web import body_limits, server
from facestream.web.body_limits import JSON_BYTES, PHOTO_BYTES, BodyPace

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]
LOGIN = "/api/v1/session"


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """Shared by the tests of this file, which change nothing."""
    return shared_serving


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def endless(sent: list[int]) -> Iterator[bytes]:
    """A gigabyte, unless somebody stops it."""
    for _ in range(1024):
        sent.append(1)
        yield b"x" * (1 << 20)


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for as long as in earnest."""
    monkeypatch.setattr(body_limits, "_LINGER_S", 0.2)


def test_a_gigabyte_is_refused_at_once_by_its_announcement(serving: Serving) -> None:
    for path, kind, status in (
        (LOGIN, "application/json", 413),
        ("/api/v1/people/merge", "application/json", 413),
        ("/api/v1/search", "multipart/form-data; boundary=x", 413),
        ("/api/v1/search", "application/json", 415),
        ("/api/v1/nowhere", "application/json", 404),
    ):
        with connected(serving.url) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                "Content-Length: 1000000000\r\n\r\n{".encode()
            )
            answer = rest(connection)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), path
        assert b"connection: close" in answer


def test_who_asks_first_is_not_told_to_send_what_is_refused(serving: Serving) -> None:
    for path, size, told in ((LOGIN, 1_000_000_000, b"HTTP/1.1 413 "), (LOGIN, 15, b"HTTP/1.1 100 ")):
        with connected(serving.url) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {size}\r\nExpect: 100-continue\r\n\r\n".encode()
            )
            assert connection.recv(13) == told
            if size == 15:
                connection.sendall(b'{"token": "no"}')
            assert b"100 Continue" not in (answer := rest_of(connection)), answer


def rest_of(connection: socket.socket) -> bytes:
    """Up to the end of a problem."""
    received = b""
    while not received.endswith(b"}") and (piece := connection.recv(65536)):
        received += piece
    return received


def test_a_gigabyte_that_isn_t_announced_is_cut_off_early(serving: Serving) -> None:
    sent: list[int] = []
    try:
        answer = serving.client.post(
            LOGIN, content=endless(sent), headers={"Content-Type": "application/json"}
        )
    except httpx2.TransportError:
        # Its sender writes on and on, and comes too late to read why.
        pass
    else:
        assert answer.status_code == 413
        assert f"{JSON_BYTES:,}" in answer.json()["detail"]
    assert len(sent) < 100
    assert serving.client.get("/healthz").status_code == 200


def test_who_sends_too_much_and_then_reads_is_told(serving: Serving) -> None:
    content = b"x" * (JSON_BYTES + 1)
    answer = serving.client.post(LOGIN, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_photos_and_uploads_have_limits_of_their_own(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place, upload_gb=0.04) as serving:

        async def taken(request: Request) -> int:
            return len(await request.body())

        # In place of the routes that take them.
        serving.app.router.routes.insert(0, _route("/api/v1/search", taken))
        serving.app.router.routes.insert(0, _route("/api/v1/jobs/upload", taken))
        for path, size, status in (
            ("/api/v1/search", PHOTO_BYTES, 200),
            ("/api/v1/search", PHOTO_BYTES + (1 << 20), 413),
            ("/api/v1/jobs/upload", 40_000_000, 200),
            ("/api/v1/jobs/upload", 40_000_001, 413),
        ):
            assert serving.client.post(path, content=b"x" * size).status_code == status, (path, size)


def _route(path: str, endpoint: Callable[..., object]) -> object:
    from fastapi.routing import APIRoute

    return APIRoute(path, endpoint, methods=["POST"])


def test_who_sends_nothing_more_is_let_go(
    empty_place: Place, serve_place: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limits, "BodyPace", lambda: BodyPace(0.3, 60.0, 1.0))
    with serve_place(empty_place) as serving, connected(serving.url) as connection:
        connection.sendall(
            f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            'Content-Length: 100\r\n\r\n{"token'.encode()
        )
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"too slowly" in answer


def test_a_byte_now_and_then_is_not_enough(
    empty_place: Place, serve_place: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limits, "BodyPace", lambda: BodyPace(60.0, 0.5, 1000.0))
    with serve_place(empty_place) as serving, connected(serving.url) as connection:
        connection.sendall(
            f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000\r\n\r\n".encode()
        )
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b" ")
                time.sleep(0.02)
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_who_never_says_what_they_want_is_let_go(
    empty_place: Place, serve_place: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEADERS_S", 0.4)
    with serve_place(empty_place) as serving:
        with connected(serving.url) as silent, connected(serving.url) as slow:
            assert rest(silent) == b""
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    slow.sendall(b"G")
                    time.sleep(0.02)
                pytest.fail("still connected")
        with connected(serving.url) as connection:
            # Nor on a connection that was of use before.
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while not answer.endswith(b'"ok"}'):
                answer += connection.recv(65536)
            connection.sendall(b"GET /healthz HT")
            assert rest(connection) == b""


def test_who_doesn_t_read_an_answer_is_let_go(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READER_S", 0.4)
    ended = threading.Event()

    async def endless() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(1 << 16)
                    await asyncio.sleep(0)
            finally:
                ended.set()

        return StreamingResponse(pieces())

    serving.app.add_api_route("/api/v1/test-endless", endless, response_model=None)
    with connected(serving.url) as connection:
        connection.sendall(b"GET /api/v1/test-endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ended.wait(60)


def test_an_unread_body_and_the_next_request_are_not_mixed_up(serving: Serving) -> None:
    smuggled = b"GET /api/v1/people/p1 HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    with connected(serving.url) as connection:
        connection.sendall(
            b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
            + smuggled
            + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        answer = rest(connection)
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'{"status":"ok"}')
    # Two ways to say how long a body is are one too many.
    with connected(serving.url) as connection:
        connection.sendall(
            b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
        )
        assert rest(connection).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"token": 1}',
        b'{"token": null}',
        b"\xff\xfe",
        b'{"token": "\\ud800"}',
        b"[" * 100_000,
        b'{"token": ' + b"9" * 10_000 + b"}",
        b"NaN",
    ],
)
def test_nonsense_is_a_problem_and_not_repeated(serving: Serving, content: bytes) -> None:
    answer = serving.client.post(LOGIN, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 401, 422)
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert len(answer.content) < 1000


def test_other_types_of_content_are_refused(serving: Serving) -> None:
    # What a form of another site could send.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = serving.client.post(LOGIN, content=b'{"token": "x"}', headers={"Content-Type": kind})
        assert (answer.status_code, "application/json" in answer.json()["detail"]) == (415, True), kind


def test_a_small_body_that_a_route_has_no_use_for_costs_no_connection(serving: Serving) -> None:
    for body in ({}, None):
        answer = serving.client.request("DELETE", LOGIN, content=json.dumps(body))
        assert answer.status_code == 204
        assert "connection" not in answer.headers


def test_a_body_that_nobody_reads_is_refused_before_anything_is_done(serving: Serving) -> None:
    client = serving.client
    for method, path in (
        ("DELETE", "people/p1"),
        ("POST", "decisions/1/undo"),
        ("POST", "cameras/door/pause"),
    ):
        answer = client.request(method, f"/api/v1/{path}", json={"dry_run": True})
        assert answer.status_code == 422, path
        assert answer.json()["errors"] == [{"where": ["body"], "message": "unknown; there is none here"}]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "cameras", {"name": "zz", "url": "rtsp://192.168.1.20/1", "minface": 40}),
        ("PATCH", "cameras/door", {"fsp": 3}),
        ("POST", "people/merge", {"keep": "p1", "others": ["p2"], "dry_run": True}),
        ("POST", "people/p1/name", {"name": "Ada", "colour": "red"}),
        ("POST", "jobs", {"path": "/films/a.mp4", "frames": 5}),
        ("POST", "webhooks", {"url": "https://hooks.example/x", "person": "p1"}),
    ],
)
def test_a_field_that_nobody_reads_is_refused(
    serving: Serving, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = serving.client.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error == {"where": ["body", list(body)[-1]], "message": "Extra inputs are not permitted"}
