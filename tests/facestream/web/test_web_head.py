"""HEAD is answered wherever GET is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import made_up
import pytest
from served_place import until
from web_serving import Serving

from facestream.web.head_requests import HeadRequests
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord
from stream.fingerprint import fingerprint

ENDLESS = "/api/v1/events"
# What differs from one answer to the next.
PASSING = {"date", "content-length"}


@pytest.fixture(scope="module")
def there(shared_serve: Callable[..., Serving]) -> Serving:
    """One server for all."""
    return shared_serve(made_up.fill)


def test_what_can_be_asked_for_can_be_asked_about(there: Serving) -> None:
    document = there.client.get("/api/v1/openapi.json").json()
    paths = [path for path, of_path in document["paths"].items() if "get" in of_path and path != ENDLESS]
    assert len(paths) > 20
    ids = {"person_id": "p1", "track_id": "v-1.0.0", "sample_id": "v-1.0.0.5", "source_id": "v-1"}
    ids |= {"number": "1", "name": "door", "job_id": "j-0123456789abcdef", "webhook_id": "w0123456789ab"}
    found = set()
    for path in [*(path.format(**ids) for path in paths), "/", "/assets/app.js", "/healthz", "/nowhere"]:
        whole, head = there.client.get(path), there.client.head(path)
        assert head.status_code == whole.status_code, path
        assert head.content == b"", path
        for name in whole.headers.keys() - PASSING:
            assert head.headers[name] == whole.headers[name], (path, name)
        assert "content-length" in head.headers
        found.add(head.status_code)
    assert {200, 404} <= found


def test_a_file_is_told_of_and_not_read(there: Serving, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(256)) * 4096)
    source_id = f"v-{fingerprint(film)[:16]}"
    IdentityStore(there.handle.client, there.keys).register_source(
        SourceRecord(source_id, "video", str(film), 64, 48, 10.0)
    )
    there.context.people.refresh()
    url = f"/api/v1/sources/{source_id}/media"
    whole = there.client.head(url)
    assert (whole.status_code, whole.headers["content-length"]) == (200, str(film.stat().st_size))
    part = there.client.head(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")
    assert part.headers["content-range"] == f"bytes 10-19/{film.stat().st_size}"
    # The connection goes on.
    assert there.client.get(url, headers={"Range": "bytes=10-19"}).content == bytes(range(10, 20))


def test_who_asks_about_events_does_not_stay(there: Serving) -> None:
    answer = there.client.head(ENDLESS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    until(lambda: not there.context.live_feed._clients)


def test_other_addresses_know_neither(there: Serving) -> None:
    answer = there.client.head("/api/v1/decisions/1/undo")
    assert (answer.status_code, answer.content) == (405, b"")
    assert answer.headers["allow"] == "POST"
    assert there.client.put("/api/v1/people/p1").headers["allow"] == "DELETE, GET, HEAD"


def test_who_has_no_token_learns_nothing(there: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(there.context.access, "token_required", True)
    answer = there.client.head("/api/v1/people/p1")
    assert (answer.status_code, answer.content) == (401, b"")


def test_pieces_are_not_asked_for() -> None:
    asked = []

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1000):
            asked.append(number)
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})

    sent = []

    async def send(message):  # type: ignore[no-untyped-def]
        sent.append(message)

    asyncio.run(HeadRequests(app)({"type": "http", "method": "HEAD"}, None, send))  # type: ignore[arg-type]
    assert asked == [0]
    assert [(one["type"], one.get("body", b"")) for one in sent] == [
        ("http.response.start", b""),
        ("http.response.body", b""),
    ]
