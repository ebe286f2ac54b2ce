"""Requests that nobody should answer: foreign hosts, other sites, tokens in addresses."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from web_serving import Serving

from facestream.configuration.settings import Place
from facestream.wiring import make_token_store
from storage.token_record import Scope

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """Shared by the tests of this file, which change nothing."""
    return shared_serving


def raw(url: str, head: bytes) -> bytes:
    """What a server answers to bytes as they are."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(head)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


def test_a_name_that_was_made_to_lead_here_is_refused(serving: Serving) -> None:
    port = urlsplit(serving.url).port
    for host in ("localhost", "LOCALHOST:1", f"localhost.:{port}", "[::1]", "127.0.0.1", f"127.0.0.1:{port}"):
        assert serving.client.get("/api/v1/about", headers={"Host": host}).status_code == 200, host
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.1.7",
        "0.0.0.0",
        "[::2]",
    ):
        for path in ("/", "/healthz", "/api/v1/about", "/assets/app.js"):
            answer = serving.client.get(path, headers={"Host": host})
            assert answer.status_code == 421, (host, path)
            assert "serve.allowed_hosts" in answer.json()["detail"]
    for host in ("", "a@localhost", "localhost/x", "[::1", "localhost:x", "localhost:99999", "local host"):
        answer = serving.client.get("/api/v1/about", headers={"Host": host})
        assert answer.status_code in (400, 421), host


def test_a_request_names_one_host(serving: Serving) -> None:
    assert b" 400 " in raw(serving.url, b"GET /healthz HTTP/1.0\r\n\r\n")
    twice = b"Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert b" 400 " in raw(serving.url, b"GET /healthz HTTP/1.1\r\n" + twice)
    absolute = b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert b'"ok"' not in raw(serving.url, absolute)


def test_names_that_are_allowed_and_addresses_lead_to_who_serves_others(
    empty_place: Place, serve_place: Serve
) -> None:
    with serve_place(empty_place, host="0.0.0.0", allowed_hosts="Faces.Example, nas.local") as serving:
        for host in ("faces.example:443", "NAS.local", "192.168.1.7:8765", "[fe80::1]", "localhost"):
            assert serving.client.get("/healthz", headers={"Host": host}).status_code == 200, host
        assert serving.client.get("/healthz", headers={"Host": "www.faces.example"}).status_code == 421


@pytest.mark.parametrize(
    "query",
    [
        "token=x",
        "TOKEN=x",
        "access_token=",
        "limit=1&api_key=x",
        "%74oken=x",
        "authorization=Bearer%20x",
        "other=fst_abc",
        "other=%66st_abc",
        "fst_abc",
        "bearer",
    ],
)
def test_a_token_in_an_address_is_refused_everywhere(serving: Serving, query: str) -> None:
    for path in ("/api/v1/about", "/api/v1/openapi.json", "/healthz", "/", "/assets/app.js", "/nowhere"):
        answer = serving.client.get(f"{path}?{query}")
        assert answer.status_code == 400, path
        assert "Authorization: Bearer" in answer.json()["detail"]
        assert "abc" not in answer.text
    assert serving.client.post(f"/api/v1/session?{query}", json={"token": "x"}).status_code == 400


def test_other_queries_go_on(serving: Serving) -> None:
    assert serving.client.get("/api/v1/people?q=token&source=tokens&camera=author").status_code == 200
    assert serving.client.get("/api/v1/about?" + "a=1&" * 2000).status_code == 400


def test_other_sites_can_t_make_a_browser_ask(serving: Serving) -> None:
    client, login = serving.client, "/api/v1/session"
    own = serving.url
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://[bad"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"{own}.evil.example"},
        {"Origin": own, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": ""},
    ):
        answer = client.post(login, json={"token": "x"}, headers=headers)
        assert answer.status_code == 403, headers
        assert client.delete(login, headers=headers).status_code == 403, headers
        assert client.get("/api/v1/about", headers=headers).status_code == 403, headers
        assert "access-control-allow-origin" not in answer.headers
    for headers in ({}, {"Origin": own}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert client.post(login, json={"token": "x"}, headers=headers).status_code == 401, headers
        assert client.get("/api/v1/about", headers=headers).status_code == 200, headers


def test_a_cookie_is_no_help_to_other_sites_and_a_token_needs_none(
    empty_place: Place, serve_place: Serve
) -> None:
    with serve_place(empty_place, require_token=True) as serving:
        token = make_token_store(serving.handle, serving.keys).add("me", Scope.ADMIN)
        assert serving.client.post("/api/v1/session", json={"token": token}).status_code == 200
        foreign = {"Origin": "http://evil.example"}
        assert serving.client.delete("/api/v1/session", headers=foreign).status_code == 403
        bearing = foreign | {"Authorization": f"Bearer {token}"}
        assert serving.client.get("/api/v1/about", headers=bearing).status_code == 200
        # A browser asks first whether it may send that header: nobody may.
        asks = foreign | {
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = serving.client.options("/api/v1/session", headers=asks)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_behind_tls_the_origin_has_no_port(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place, allowed_hosts="faces.example") as serving:
        for origin, status in (
            ("https://faces.example", 401),
            ("https://faces.example:443", 401),
            ("https://faces.example:8443", 403),
            ("https://other.example", 403),
        ):
            headers = {"Host": "faces.example", "Origin": origin}
            answer = serving.client.post("/api/v1/session", json={"token": "x"}, headers=headers)
            assert answer.status_code == status, origin


def test_all_answers_tell_browsers_what_not_to_do(serving: Serving) -> None:
    for path, status in (("/healthz", 200), ("/api/v1/about", 200), ("/nowhere", 404), ("/?token=x", 400)):
        answer = serving.client.get(path)
        assert answer.status_code == status
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
    assert "img-src 'self' blob: data:" in serving.client.get("/").headers["content-security-policy"]


def test_nothing_of_fastapi_s_own_pages_is_there(serving: Serving) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
        assert serving.client.get(path).status_code == 404
