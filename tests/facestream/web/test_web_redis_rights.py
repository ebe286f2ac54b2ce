"""Served from a server of one's own, with the rights that docs/redis.md says."""

from __future__ import annotations

import contextlib
from pathlib import Path

import drawn_people
import pytest
import redis
from documented_user import allow, refused, url_of
from own_server import OwnServer
from web_serving import open_client, serving_place

from facestream.configuration.settings import Place
from storage.keys import Keys


def test_they_are_enough_for_all_that_is_asked_of_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("UNNAMED", "NAMED"):
        monkeypatch.setenv(f"FACESTREAM_RETENTION_{who}", "forever")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(OwnServer(tmp_path / "own"))
        owner = redis.Redis(unix_socket_path=str(server.socket_path), protocol=2)
        stack.enter_context(contextlib.closing(owner))
        drawn_people.fill(owner, Keys("default"), drawn_people.EVERYBODY)
        allow(owner)
        place = Place(tmp_path / "data", url_of(server))
        _, _, url = stack.enter_context(serving_place(place))
        client = stack.enter_context(open_client(f"{url}/api/v1/"))
        reads = (
            *("people", "people/p1", "people/p1/tracks", "people/p1/similar", "people/p1/thumbnail"),
            *("sightings", "duplicates", "sources", "cameras", "jobs", "decisions", "stats", "webhooks"),
            *("../../metrics", "../../readyz"),
        )
        for path in reads:
            assert client.get(path).status_code == 200, path
        for path, body in (
            ("people/p1/name", {"name": "Eve"}),
            ("people/p1/ignore", {"ignored": True}),
            ("cameras", {"name": "yard", "url": "rtsp://93.184.215.14/live"}),
        ):
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
        for path in ("cameras/yard", "people/p2"):
            assert client.delete(path).is_success, path
        assert refused(owner) == set()
