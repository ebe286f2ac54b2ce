"""Live events on a real server and a real Redis."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from live_server import Served, serving_events
from receiver import PATIENCE_S, wait_until

from facestream.web import event_stream, live_feed
from facestream.wiring import make_log, make_store, make_token_store
from storage.connection import RedisHandle
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity
from storage.lease import Lease
from storage.token_record import Scope


@pytest.fixture
def served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    with serving_events(web_folder, f"events-{uuid4().hex}", event_clients=20) as served:
        yield served


@pytest.fixture(scope="module")
def shared_served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    """Of tests in which nothing happens."""
    with serving_events(web_folder, f"events-{uuid4().hex}") as served:
        yield served


@dataclass
class Reader:
    """Reads a stream in a thread."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last_id: str = ""
    connected: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    comments: int = 0

    def read(self, url: str, params: Any, headers: dict[str, str], stop: threading.Event) -> None:
        try:
            with httpx2.stream(
                "GET", f"{url}/events", params=params, headers=headers, timeout=PATIENCE_S, verify=False
            ) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                kind = data = ""
                for line in answer.iter_lines():
                    if stop.is_set():
                        return
                    name, _, value = line.partition(": ")
                    if line.startswith(":"):
                        self.comments += 1
                    elif name == "id":
                        self.last_id = value
                    elif name == "event":
                        kind = value
                    elif name == "data":
                        data = value
                    elif not line:
                        if data:
                            self.events.append((kind, json.loads(data)))
                        kind = data = ""
                        self.connected.set()
        finally:
            self.ended.set()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        wait_until(lambda: len(self.events) >= count)
        return self.events


@contextmanager
def reading(
    served: Served, last_id: str | None = None, token: str | None = None, **params: Any
) -> Iterator[Reader]:
    reader, stop = Reader(), threading.Event()
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
    thread = threading.Thread(target=reader.read, args=(served.url, params, headers, stop))
    thread.start()
    try:
        assert reader.connected.wait(PATIENCE_S)
        yield reader
    finally:
        stop.set()
        if not reader.ended.is_set():
            # Something that it reads, to come upon the end.
            served.context.live_feed.publish("job", {})
            served.happens(ChangeKind.RENAMED, "p1")
            if params:
                served.context.live_feed.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def ids(reader: Reader) -> list[str]:
    return [data["id"] for _, data in reader.events]


def test_an_event_tells_who_where_and_when(served: Served) -> None:
    with reading(served) as reader:
        entry = served.happens(
            ChangeKind.ASSIGNED,
            "p1",
            track_id="c-door.1",
            thumbnail="c-door.1.7",
            event_s=2.5,
            provisional=True,
        )
        ((kind, data),) = reader.wait_for(1)
        assert kind == "assigned"
        assert data == {
            "id": entry,
            "kind": "assigned",
            "person_id": "p1",
            "person_name": None,
            "ignored": False,
            "other_id": None,
            "track_id": "c-door.1",
            "thumbnail": "c-door.1.7",
            "source_id": "c-door",
            "camera": "door",
            "event_s": 2.5,
            "event_at": "2023-11-14T22:13:22.500Z",
            "published_at": "2027-01-15T08:00:00.000Z",
            "provisional": True,
        }
        assert reader.last_id == entry


def test_a_name_is_in_the_event_that_tells_of_it(served: Served) -> None:
    store = make_store(served.handle, served.keys)
    lease = Lease(served.handle.client, served.keys.leader, ttl_s=60)
    assert lease.acquire()
    person = store.new_identity_id()
    with reading(served) as reader:
        store.commit(Effects(identities=[Identity(person, tracks=1)]), lease)
        assert make_log(served.handle, served.keys).rename(person, "Ada\u2028 <b>")
        ((kind, data),) = reader.wait_for(1)
        assert (kind, data["person_id"], data["person_name"]) == ("renamed", person, "Ada\u2028 <b>")


def test_who_connects_again_is_told_of_what_happened_meanwhile_once(served: Served) -> None:
    with reading(served) as reader:
        first = served.happens(ChangeKind.CREATED, "p1")
        reader.wait_for(1)
    missed = [served.happens(ChangeKind.CREATED, f"p{k}") for k in range(2, 5)]
    with reading(served, first) as reader:
        later = served.happens(ChangeKind.CREATED, "p9")
        wait_until(lambda: later in ids(reader))
        found = ids(reader)
        # The last of the first reader's, which ended it, is between them.
        assert [entry for entry in found if entry in {*missed, later}] == [*missed, later]
        assert len(set(found)) == len(found)
        assert all(kind != "reset" for kind, _ in reader.events)


def test_who_saw_nothing_yet_has_something_to_resume_by(served: Served) -> None:
    served.happens(ChangeKind.CREATED, "p1")
    wait_until(lambda: served.context.live_feed.position != "0-0")
    with reading(served) as reader:
        start = reader.last_id
    entry = served.happens(ChangeKind.CREATED, "p2")
    with reading(served, start) as reader:
        wait_until(lambda: entry in ids(reader))
        assert all(kind != "reset" for kind, _ in reader.events)


def test_nothing_is_lost_or_told_twice_where_replay_meets_the_present(served: Served) -> None:
    first = served.happens(ChangeKind.CREATED, "p1")
    entries = [served.happens(ChangeKind.CREATED, "p1") for _ in range(50)]
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set() and len(entries) < 3000:
            entries.append(served.happens(ChangeKind.CREATED, "p1"))

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for _ in range(3):
            with reading(served, first) as reader:
                wait_until(lambda reader=reader, goal=entries[-1]: goal in ids(reader))
                # Without those that end readers.
                found = [data["id"] for kind, data in reader.events if kind == "created"]
                # It may have come before whoever wrote it noted it down.
                wait_until(lambda found=found: len(entries) >= len(found))
                assert found == entries[: len(found)]
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize(
    "last_id", ["5-1", "99999999999999-0", "banana", "1" * 50, f"{2**64 - 1}-{2**64 - 1}"]
)
def test_what_is_no_longer_there_is_told(served: Served, last_id: str) -> None:
    served.happens(ChangeKind.CREATED, "p1")
    wait_until(lambda: served.context.live_feed.position != "0-0")
    with reading(served, last_id) as reader:
        ((kind, data),) = reader.wait_for(1)
        assert (kind, data["reason"]) == ("reset", "expired")
        assert reader.last_id == served.context.live_feed.position
        entry = served.happens(ChangeKind.CREATED, "p2")
        reader.wait_for(2)
        assert reader.last_id == entry


def test_a_collection_that_was_replaced_is_told(served: Served) -> None:
    entry = served.happens(ChangeKind.CREATED, "p1")
    wait_until(lambda: served.context.live_feed.position == entry)
    with reading(served) as reader:
        served.handle.client.delete(served.keys.changes)
        kind, data = reader.wait_for(1)[-1]
        assert (kind, data["reason"]) == ("reset", "missed")


def test_people_and_kinds_are_filtered_and_merges_followed(served: Served) -> None:
    client = served.handle.client
    client.hset(served.keys.identity("p3"), mapping={"identity_id": "p3", "merged_into": "p1"})
    client.hset(served.keys.identity("p1"), mapping={"identity_id": "p1", "name": "Ada"})
    with reading(served, person=["p3"], kind=["assigned", "merged"]) as reader:
        served.happens(ChangeKind.ASSIGNED, "p2")
        served.happens(ChangeKind.CREATED, "p1")
        served.happens(ChangeKind.ASSIGNED, "p1")
        served.happens(ChangeKind.MERGED, "p1", other_id="p7")
        served.happens(ChangeKind.ASSIGNED, "p7")
        served.context.live_feed.publish("job", {"id": "1"})
        told = [(kind, data["person_id"], data["person_name"]) for kind, data in reader.wait_for(3)]
        assert told == [("assigned", "p1", "Ada"), ("merged", "p1", "Ada"), ("assigned", "p7", None)]


def test_jobs_and_cameras_are_told_without_an_id(served: Served) -> None:
    with reading(served) as reader:
        entry = served.happens(ChangeKind.CREATED, "p1")
        reader.wait_for(1)
        served.context.live_feed.publish("camera", {"name": "door"})
        assert reader.wait_for(2)[1] == ("camera", {"name": "door"})
        assert reader.last_id == entry


def test_a_client_that_takes_nothing_loses_its_backlog_and_no_one_else_waits(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "BACKLOG", 20)
    feed = served.context.live_feed
    host, port = served.url.removeprefix("http://").removesuffix("/api/v1").split(":")
    with socket.socket() as slow, reading(served, kind=["camera"]) as reader:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        slow.recv(64)
        text = {"text": "x" * 100_000}
        for k in range(200):
            feed.publish("job", text)
            feed.publish("camera", {"k": k})
            reader.wait_for(k + 1)
        assert [data["k"] for _, data in reader.events] == list(range(200))
        # Nothing but what fits into the buffers of the sockets, and the backlog, was kept for it.
        waiting = [len(client._waiting) for client in feed._clients]
        assert max(waiting) <= 20
        slow.settimeout(PATIENCE_S)
        received = b""
        while b'"reason":"slow"' not in received:
            received = received[-1000:] + slow.recv(1 << 20)
        assert b"event: reset" in received


@pytest.mark.parametrize("is_told", [True, False], ids=["forgotten", "erased"])
def test_what_waits_for_a_slow_client_tells_nothing_of_who_was_forgotten_meanwhile(
    served: Served, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[live_feed.FeedItem] = []
    take = live_feed.FeedClient.take

    def noted(client: live_feed.FeedClient) -> list[live_feed.FeedItem]:
        found = take(client)
        taken.extend(found)
        return found

    monkeypatch.setattr(live_feed.FeedClient, "take", noted)
    feed, client, keys = served.context.live_feed, served.handle.client, served.keys
    client.hset(keys.identity("p1"), mapping={"identity_id": "p1", "name": "Ada"})
    host, port = served.url.removeprefix("http://").removesuffix("/api/v1").split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        slow.recv(64)
        wait_until(lambda: bool(feed._clients))
        (listener,) = feed._clients
        # More than fits into the buffers of the sockets; what is taken behind it is not sent, nor more taken.
        feed.publish("job", {"text": "x" * 8_000_000})
        wait_until(lambda: len(taken) == 1)
        feed.publish("job", {})
        wait_until(lambda: len(taken) == 2)
        entry = served.happens(ChangeKind.CREATED, "p1", track_id="c-door.1")
        served.happens(ChangeKind.CREATED, "p2")
        wait_until(lambda: sum(item.event is not None for item in listener._waiting) == 2)
        if is_told:
            served.forgets("p1", entry)
        else:
            # As what was seen in one source goes: no event tells of that.
            client.xdel(keys.changes, entry)
            time.sleep(live_feed._FRESH_S + 0.1)
        served.happens(ChangeKind.CREATED, "p3")
        slow.settimeout(PATIENCE_S)
        received = b""
        while b'"person_id":"p3"' not in received:
            received = received[-100_000:] + slow.recv(1 << 20)
    assert b'"person_id":"p2"' in received
    assert b"Ada" not in received
    assert b"c-door" not in received
    assert (b"event: forgotten" in received) == is_told
    assert b"event: reset" not in received


def test_more_clients_than_may_are_refused_and_places_become_free(served: Served) -> None:
    feed = served.context.live_feed
    host, port = served.url.removeprefix("http://").removesuffix("/api/v1").split(":")
    clients = []
    for _ in range(20):
        clients.append(socket.create_connection((host, int(port))))
        clients[-1].sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        clients[-1].recv(64)
    refused = served.client.get("/events")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "30"
    for client in clients:
        client.close()
    wait_until(lambda: not feed._clients)
    with reading(served) as reader:
        served.happens(ChangeKind.CREATED, "p1")
        reader.wait_for(1)


def test_comments_keep_a_stream_alive_and_whose_token_is_removed_is_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.1)
    tokens = make_token_store(served.handle, served.keys)
    token = tokens.add("tablet", Scope.READ)
    with reading(served, token=token) as reader, reading(served) as other:
        wait_until(lambda: reader.comments >= 3)
        tokens.remove("tablet")
        assert reader.ended.wait(PATIENCE_S)
        assert not other.ended.is_set()


@pytest.mark.parametrize("query", ["person=../x", "person=p", "kind=sung"])
def test_a_filter_that_can_not_be_is_refused(shared_served: Served, query: str) -> None:
    assert shared_served.client.get(f"/events?{query}").status_code == 422


def test_a_server_that_stops_ends_its_streams(served: Served) -> None:
    with reading(served) as reader:
        served.context.live_feed.close()
        assert reader.ended.wait(PATIENCE_S)
