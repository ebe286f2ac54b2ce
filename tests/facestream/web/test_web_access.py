"""Tokens, sessions and scopes over HTTP."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

import pytest
from fastapi import Request
from web_serving import Serving, open_client

from facestream.configuration.settings import Place
from facestream.web import event_stream
from facestream.web.failure_limit import FAILURES, FailureLimit
from facestream.web.scopes import needs_admin, needs_read, needs_write
from facestream.wiring import make_token_store
from storage.token_record import Scope
from storage.token_store import TokenStore

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """On this machine alone, shared by the tests of this file."""
    return shared_serving


@pytest.fixture(scope="module")
def shared_guarded(shared_serve: Callable[..., Serving]) -> Serving:
    """A server that others can get at."""
    return shared_serve(lambda *_: None, host="0.0.0.0")


@pytest.fixture
def guarded(shared_guarded: Serving) -> Iterator[Serving]:
    """The same, where nobody has a token, is logged in or has shown a wrong token."""
    yield shared_guarded
    for record, _ in tokens(shared_guarded).all():
        tokens(shared_guarded).remove(record.name)
    shared_guarded.client.cookies.clear()
    shared_guarded.context.access.failures = FailureLimit()


def tokens(serving: Serving) -> TokenStore:
    return make_token_store(serving.handle, serving.keys)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_on_this_machine_nobody_needs_a_token(serving: Serving) -> None:
    assert serving.client.get("/api/v1/session").json() == {"scope": "admin", "name": None}


def test_a_token_that_is_shown_counts_on_this_machine_too(serving: Serving) -> None:
    token = tokens(serving).add("tablet", Scope.READ)
    ask = serving.client.get
    assert ask("/api/v1/session", headers=bearing(token)).json() == {"scope": "read", "name": "tablet"}
    assert ask("/api/v1/session", headers=bearing("fst_wrong")).status_code == 401
    # A cookie of yesterday is no hindrance.
    cookies = {"Cookie": f"{serving.context.access.cookie}=old"}
    assert ask("/api/v1/session", headers=cookies).json() == {"scope": "admin", "name": None}


@pytest.mark.parametrize(
    "settings",
    [
        {"require_token": True},
        {"allowed_hosts": "faces.example"},
        {"trusted_proxies": "127.0.0.1"},
        {"host": "0.0.0.0"},
        {"host": "::"},
        {"host": "no.such.name.invalid"},
    ],
)
def test_everybody_needs_one_where_others_may_come(
    empty_place: Place, serve_place: Serve, settings: dict[str, object]
) -> None:
    with serve_place(empty_place, **settings) as serving:
        assert serving.client.get("/api/v1/about").status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_who_comes_through_a_proxy_is_not_of_this_machine(serving: Serving, header: str) -> None:
    assert serving.client.get("/api/v1/about", headers={header: "192.0.2.1"}).status_code == 401


def test_without_a_token_only_the_health_the_login_and_the_page_are_open(guarded: Serving) -> None:
    client = guarded.client
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/").status_code in (200, 404)
    answer = client.get("/api/v1/about")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="facestream"'
    assert answer.headers["content-type"] == "application/problem+json"
    for path in ("openapi.json", "session", "people", "nowhere", "people/p1/../../about", ""):
        assert client.get(f"/api/v1/{path}").status_code == 401, path
    for path in ("/api/", "/api/v2/about", "/api/v1/session/"):
        assert client.post(path, json={}).status_code == 401, path
    assert client.post("/api/v1/session", json={}).status_code == 422


def test_every_route_of_the_api_is_closed(guarded: Serving) -> None:
    token = tokens(guarded).add("me", Scope.READ)
    document = guarded.client.get("/api/v1/openapi.json", headers=bearing(token)).json()
    routes = [(method, path) for path, of_path in document["paths"].items() for method in of_path]
    assert ("get", "/api/v1/about") in routes
    for method, path in routes:
        if (method, path) != ("post", "/api/v1/session"):
            assert guarded.client.request(method.upper(), path).status_code == 401, (method, path)


def test_scopes_include_those_before(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place, require_token=True) as serving:
        app = serving.app
        for name, needs in (("r", needs_read), ("w", needs_write), ("a", needs_admin)):
            app.add_api_route(f"/api/v1/test-{name}", lambda: "done", dependencies=[needs], methods=["POST"])
        may = {}
        for scope in Scope:
            token = tokens(serving).add(scope, scope)
            answers = [
                serving.client.post(f"/api/v1/test-{name}", headers=bearing(token))
                for name in ("r", "w", "a")
            ]
            may[scope] = [answer.status_code for answer in answers]
            refused = [answer.json() for answer in answers if answer.status_code == 403]
            assert all(f"'{scope}' has {scope}" in problem["detail"] for problem in refused)
        assert may == {
            Scope.READ: [200, 403, 403],
            Scope.WRITE: [200, 200, 403],
            Scope.ADMIN: [200, 200, 200],
        }


def test_a_removed_token_stops_at_once(guarded: Serving) -> None:
    token = tokens(guarded).add("tablet", Scope.READ)
    assert guarded.client.get("/api/v1/about", headers=bearing(token)).json()["scope"] == "read"
    tokens(guarded).remove("tablet")
    assert guarded.client.get("/api/v1/about", headers=bearing(token)).status_code == 401


@pytest.mark.parametrize("written", ["", "Bearer", "Basic YTpi", "fst_x", "Bearer \xff"])
def test_other_headers_are_refused(guarded: Serving, written: str) -> None:
    answer = guarded.client.get("/api/v1/about", headers={"Authorization": written.encode("latin-1")})
    assert answer.status_code == 401


def test_who_guesses_is_soon_not_listened_to_and_who_is_logged_in_goes_on(guarded: Serving) -> None:
    token, new = (tokens(guarded).add(name, Scope.READ) for name in ("tablet", "new"))
    with open_client(guarded.url) as browser:
        assert browser.post("/api/v1/session", json={"token": token}).status_code == 200
        for number in range(FAILURES):
            wrong = f"fst_{number}"
            if number % 2:
                answer = guarded.client.post("/api/v1/session", json={"token": wrong})
            else:
                answer = guarded.client.get("/api/v1/about", headers=bearing(wrong))
            assert answer.status_code == 401
        for answer in (
            guarded.client.get("/api/v1/about", headers=bearing(new)),
            guarded.client.post("/api/v1/session", json={"token": new}),
            guarded.client.get("/api/v1/about", headers=bearing("fst_another")),
        ):
            assert answer.status_code == 429
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert browser.get("/api/v1/about").status_code == 200
        assert guarded.client.get("/healthz").status_code == 200
        # Behind one router others show wrong ones: what was right is no guess, as long as it is a token.
        assert guarded.client.get("/api/v1/about", headers=bearing(token)).status_code == 200
        tokens(guarded).remove("tablet")
        answers = [guarded.client.get("/api/v1/about", headers=bearing(token)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [401, 429]


def test_a_page_that_asks_with_an_old_cookie_is_no_guesser(guarded: Serving) -> None:
    token = tokens(guarded).add("tablet", Scope.READ)
    cookies = {"Cookie": f"{guarded.context.access.cookie}=old"}
    for _ in range(FAILURES + 2):
        assert guarded.client.get("/api/v1/about", headers=cookies).status_code == 401
    assert guarded.client.get("/api/v1/about", headers=bearing(token)).status_code == 200


def test_a_login_gives_a_cookie_that_lets_in_until_the_logout(guarded: Serving) -> None:
    client, token = guarded.client, tokens(guarded).add("family", Scope.WRITE)
    answer = client.post("/api/v1/session", json={"token": f" {token}\n"})
    assert answer.json() == {"scope": "write", "name": "family"}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert f"Max-Age={7 * 24 * 3600}" in cookie
    assert "Secure" not in cookie
    assert token not in cookie
    assert client.get("/api/v1/session").json() == {"scope": "write", "name": "family"}
    copied = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
    assert client.delete("/api/v1/session").status_code == 204
    assert not client.cookies
    assert client.get("/api/v1/session").status_code == 401
    assert client.get("/api/v1/session", headers=copied).status_code == 401


def test_a_session_ends_with_its_token(guarded: Serving) -> None:
    store = tokens(guarded)
    guarded.client.post("/api/v1/session", json={"token": store.add("family", Scope.WRITE)})
    assert guarded.client.get("/api/v1/session").status_code == 200
    store.remove("family")
    assert guarded.client.get("/api/v1/session").status_code == 401


def test_behind_a_proxy_with_tls_the_cookie_is_secure(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place, trusted_proxies="127.0.0.1", allowed_hosts="faces.example") as serving:
        token = tokens(serving).add("family", Scope.WRITE)
        forwarded = {
            "Host": "faces.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
            "Origin": "https://faces.example",
        }
        answer = serving.client.post("/api/v1/session", json={"token": token}, headers=forwarded)
        assert "Secure" in answer.headers["set-cookie"]
        # Wrong tokens are counted by who sends them, not by the proxy.
        for _ in range(FAILURES + 1):
            answer = serving.client.post("/api/v1/session", json={"token": "fst_x"}, headers=forwarded)
        assert answer.status_code == 429
        other = forwarded | {"X-Forwarded-For": "192.0.2.8"}
        assert serving.client.post("/api/v1/session", json={"token": token}, headers=other).status_code == 200


def test_nobody_is_believed_whom_they_ask_for(guarded: Serving) -> None:
    for number in range(FAILURES + 1):
        forwarded = {"X-Forwarded-For": f"192.0.2.{number}"}
        answer = guarded.client.post("/api/v1/session", json={"token": "fst_x"}, headers=forwarded)
    assert answer.status_code == 429


def test_an_answer_that_lasts_learns_that_its_caller_may_no_longer(guarded: Serving) -> None:
    seen = []

    async def keep(request: Request) -> None:
        seen.append(request.state.is_still_allowed)

    guarded.app.add_api_route("/api/v1/test-keep", keep)
    store = tokens(guarded)
    guarded.client.get("/api/v1/test-keep", headers=bearing(store.add("tablet", Scope.READ)))
    (is_still_allowed,) = seen
    assert is_still_allowed()
    store.remove("tablet")
    assert not is_still_allowed()


def test_a_stream_of_events_ends_with_its_token(guarded: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.1)
    store = tokens(guarded)
    headers = bearing(store.add("tablet", Scope.READ))
    with guarded.client.stream("GET", "/api/v1/events", headers=headers) as answer:
        lines = answer.iter_lines()
        assert next(lines)
        store.remove("tablet")
        # To its end, which would not come otherwise.
        assert len(list(lines)) < 10_000


def test_no_token_gets_into_the_log(guarded: Serving, caplog: pytest.LogCaptureFixture) -> None:
    token = tokens(guarded).add("tablet", Scope.READ)
    with caplog.at_level(logging.DEBUG):
        guarded.client.get("/api/v1/about", headers=bearing(token))
        guarded.client.get(f"/api/v1/about?token={token}")
        guarded.client.get(f"/api/v1/people/{token}")
        guarded.client.post("/api/v1/session", json={"token": token})
        guarded.client.post("/api/v1/session", json={"token": [token]})
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    assert any(
        "GET /api/v1/about' 200" in record.getMessage() or "200" in record.getMessage() for record in ours
    )
    assert not [record for record in ours if token in record.getMessage()]
