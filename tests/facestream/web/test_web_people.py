from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import made_up
import pytest
from web_serving import Serving

from facestream.configuration.settings import Place
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.sighting_record import Sighting

Serve = Callable[[Place], contextlib.AbstractContextManager[Serving]]


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """Shared by the tests of this file, which only read."""
    return shared_serving


def asked(serving: Serving, path: str, status: int = 200, **query: Any) -> Any:
    answer = serving.client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def listed(serving: Serving, **query: Any) -> list[str]:
    return [person["id"] for person in asked(serving, "people", **query)["items"]]


def test_a_person_tells_where_they_were_seen_first_and_last(serving: Serving) -> None:
    found = asked(serving, "people/p1")
    assert found | {"first": {}, "last": {}} == {
        "id": "p1",
        "name": "Ada",
        "ignored": False,
        "provisional": False,
        "seconds": 0.0,
        "faces": 6,
        "tracks": 3,
        "sightings": 3,
        "first": {},
        "last": {},
        "thumbnails": ["v-1.0.0.5", "v-1.200.0.205", "v-2.0.0.30"],
        "sources": ["v-1", "v-2"],
        "cameras": [],
    }
    assert found["first"] == {
        "source_id": "v-1",
        "source": "/films/a.mp4",
        "camera": None,
        "photo": False,
        "start_s": 0.0,
        "end_s": 4.0,
        "start_at": "2026-05-01T12:00:00Z",
        "end_at": "2026-05-01T12:00:04Z",
        "seconds": 4.0,
        "provisional": False,
        "playable": False,
    }
    # Where something has a date, the last is something with one.
    assert found["last"]["start_at"] is not None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["p1", "p2", "p3"]),
        ({"reverse": "true"}, ["p3", "p2", "p1"]),
        ({"q": "AD"}, ["p1"]),
        ({"q": " p2 "}, ["p2"]),
        ({"q": "nobody"}, []),
        ({"named": "true"}, ["p1"]),
        ({"named": "false"}, ["p2", "p3"]),
        ({"source": "b.mp4"}, ["p1", "p3"]),
        ({"source": ["c.jpg", "v-1"]}, ["p1", "p2"]),
        ({"camera": "door"}, []),
        ({"since": "2026-05-01T12:00:07Z"}, ["p1"]),
        ({"since": "2026-05-01T14:00:07+02:00", "until": "2026-05-01"}, ["p1"]),
        ({"until": "2026-04-30"}, []),
        ({"offset": 1, "limit": 1}, ["p2"]),
        ({"offset": 99}, []),
    ],
    ids=str,
)
def test_lists_are_sorted_filtered_and_cut(
    serving: Serving, query: dict[str, Any], expected: list[str]
) -> None:
    assert listed(serving, sort="id", **query) == expected


def test_a_page_tells_how_many_there_are_in_all(serving: Serving) -> None:
    page = asked(serving, "people", limit=2, offset=1)
    assert (len(page["items"]), page["total"], page["offset"], page["limit"]) == (2, 3, 1, 2)


def test_with_a_source_sightings_and_seconds_are_those_in_it(serving: Serving) -> None:
    (found,) = asked(serving, "people", source="v-1", q="ada")["items"]
    assert (found["sightings"], found["seconds"], found["last"]["end_s"]) == (2, 6.0, 10.0)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("people", {"limit": 501}),
        ("people", {"limit": 0}),
        ("people", {"offset": -1}),
        ("people", {"sort": "beauty"}),
        ("people", {"ignored": "perhaps"}),
        ("people", {"since": "yesterday"}),
        ("people", {"since": "90"}),
        ("people", {"until": "2026-02-30"}),
        ("people", {"since": "2026-05-02", "until": "2026-05-01"}),
        ("people", {"min_seconds": "nan"}),
        ("people", {"q": "x" * 201}),
        ("sightings", {"person": "../p1"}),
        ("people/p1;x", {}),
        ("people/..%2Fp1", {}),
        ("tracks/a%20b", {}),
        ("tracks/" + "a" * 201, {}),
    ],
    ids=str,
)
def test_what_can_not_be_asked_is_said(serving: Serving, path: str, query: dict[str, Any]) -> None:
    assert serving.client.get(f"/api/v1/{path}", params=query).status_code in (404, 422)


@pytest.mark.parametrize("path", ["people/p9", "people/p9/sightings", "people/p9/tracks", "tracks/v-9.0.0"])
def test_who_was_never_there_is_not_found(serving: Serving, path: str) -> None:
    asked(serving, path, 404)


def test_sightings_of_a_person_come_in_order_of_time(serving: Serving) -> None:
    page = asked(serving, "people/p1/sightings")
    assert [(s["source_id"], s["start_s"]) for s in page["items"]] == [
        ("v-1", 0.0),
        ("v-1", 8.0),
        ("v-2", 1.0),
    ]
    page = asked(serving, "people/p1/sightings", source="a.mp4", offset=1)
    assert (page["total"], [s["start_s"] for s in page["items"]]) == (2, [8.0])


def test_sightings_of_everybody_begin_with_the_newest(serving: Serving) -> None:
    page = asked(serving, "sightings")
    dated = [s["end_at"] for s in page["items"] if s["end_at"]]
    assert dated == sorted(dated, reverse=True)
    assert len(dated) == 3
    assert page["total"] == 6
    first = page["items"][0]
    assert (first["person_id"], first["person_name"], first["thumbnail"]) == ("p1", "Ada", "v-1.0.0.5")
    assert asked(serving, "sightings", person="p2")["total"] == 2
    assert asked(serving, "sightings", source="v-2")["total"] == 2
    assert asked(serving, "sightings", limit=2, offset=2)["items"] == page["items"][2:4]


def test_tracks_have_their_samples_and_faces(serving: Serving) -> None:
    page = asked(serving, "people/p1/tracks", limit=2)
    assert (page["total"], [track["id"] for track in page["items"]]) == (3, ["v-1.0.0", "v-1.200.0"])
    assert page["items"][0]["faces"] == 2
    assert [sample["id"] for sample in page["items"][0]["samples"]] == ["v-1.0.0.5"]
    track = asked(serving, "tracks/v-2.100.0")
    assert (track["person_id"], track["provisional"]) == ("p3", True)
    assert track["faces"][0]["box_xyxy"] == [10.0, 20.0, 110.0, 140.0]


def test_sources_tell_how_many_people_were_seen_in_them(serving: Serving) -> None:
    page = asked(serving, "sources", limit=2)
    assert page["total"] == 3
    assert [(s["id"], s["people"], s["playable"]) for s in page["items"]] == [
        ("v-1", 2, False),
        ("v-2", 2, False),
    ]
    assert page["items"][0]["recorded_at"] == "2026-05-01T12:00:00Z"


def test_stats_count_what_is_there(serving: Serving) -> None:
    assert asked(serving, "stats") == {
        "people": 3,
        "named": 1,
        "ignored": 0,
        "provisional": 1,
        "tracks": 6,
        "sources": 3,
        "cameras": 0,
        "sightings": 6,
        "vectors": 6,
        "reclusters": [],
        "churn": None,
    }


def test_a_collection_that_is_not_there_yet_is_empty(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place) as serving:
        for path in ("people", "sightings", "sources", "decisions"):
            assert asked(serving, path) == {"items": [], "total": 0, "offset": 0, "limit": 50}
        assert asked(serving, "stats")["people"] == 0
        asked(serving, "people/p1", 404)


@pytest.fixture
def own_serving(filled_place: Place, serve_place: Serve) -> Iterator[Serving]:
    """A server of one test."""
    with serve_place(filled_place) as served:
        yield served


def test_what_other_processes_write_shows_within_a_moment(own_serving: Serving) -> None:
    serving = own_serving
    client, keys = serving.handle.client, serving.keys
    assert listed(serving, q="grace") == []
    DecisionLog(client, keys).rename("p2", "Grace")
    store, lease = IdentityStore(client, keys), Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    grown = Identity("p3", tracks=1, faces=9, sightings=(Sighting("v-2", 4.0, 99.0),))
    new = Identity("p4", tracks=1, faces=1, sightings=(Sighting("v-1", 0.0, 1.0),))
    store.commit(Effects(identities=[grown, new], changes=[IdentityChange(ChangeKind.CREATED, "p4")]), lease)
    lease.release()
    until = datetime.now(UTC) + timedelta(seconds=30)
    shows = False
    while not shows and datetime.now(UTC) < until:
        shows = (
            listed(serving, q="grace") == ["p2"]
            and listed(serving, sort="id") == ["p1", "p2", "p3", "p4"]
            and asked(serving, "people/p3")["last"]["end_s"] == 99.0
        )
    assert shows
    assert made_up.PEOPLE.keys() == {"p1", "p2", "p3"}


def test_a_parameter_that_no_one_reads_is_refused_with_the_one_that_was_meant(serving: Serving) -> None:
    answer = serving.client.get("/api/v1/people", params={"sinse": "2026-05-01", "limit": 5, "colour": "red"})
    assert answer.status_code == 422
    (near, none) = answer.json()["errors"]
    assert near == {"where": ["query", "sinse"], "message": "unknown; did you mean since?"}
    assert none["where"] == ["query", "colour"]
    assert "known are: camera, " in none["message"]
    said = serving.client.delete("/api/v1/people/p1", params={"dry_run": 1})
    assert (said.status_code, said.json()["detail"]) == (
        422,
        "query dry_run: unknown; known are: and_ignore_return, exactly.",
    )
    assert "there are none" in asked(serving, "people/p1", 422, full=1)["detail"]
    asked(serving, "people/p1")
