"""Decisions, of which the very next answer knows."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from served_place import until
from web_serving import Serving

from facestream.people.people_filter import PeopleFilter


def told(serving: Serving, path: str, body: object = None, status: int = 200) -> Any:
    answer = serving.client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def listed(serving: Serving, **query: Any) -> list[str]:
    page = serving.client.get("/api/v1/people", params={"sort": "id", **query}).json()
    return [person["id"] for person in page["items"]]


def person(serving: Serving, person_id: str) -> Any:
    return serving.client.get(f"/api/v1/people/{person_id}").json()


def test_names_are_given_and_taken_away(serving: Serving) -> None:
    decision = told(serving, "people/p2/name", {"name": " Grace <b>Hopper</b> "})["decision"]
    assert (decision["kind"], decision["people"], decision["name"]) == ("name", ["p2"], "Grace <b>Hopper</b>")
    assert listed(serving, q="grace") == ["p2"]
    assert told(serving, "people/p2/name", {"name": "Grace <b>Hopper</b>"}) == {"decision": None}
    told(serving, f"decisions/{decision['number']}/undo")
    assert listed(serving, q="grace") == []
    assert person(serving, "p2")["name"] == ""


def test_people_are_merged_and_parted_again(serving: Serving) -> None:
    decision = told(serving, "people/merge", {"keep": "p1", "others": ["p2"]})["decision"]
    assert listed(serving) == ["p1", "p3"]
    assert person(serving, "p2")["id"] == "p1"
    assert person(serving, "p1")["tracks"] == 5
    told(serving, f"decisions/{decision['number']}/undo")
    assert listed(serving) == ["p1", "p2", "p3"]
    assert person(serving, "p2")["id"] == "p2"
    log = serving.client.get("/api/v1/decisions").json()
    assert [entry["kind"] for entry in log["items"]] == ["undo", "merge", "name"]
    assert (log["total"], log["items"][1]["undone_by"]) == (3, log["items"][0]["number"])
    assert log["items"][1]["text"] == "p1 and p2 are one person, p1"


def test_tracks_are_split_off(serving: Serving) -> None:
    decision = told(serving, "people/p1/split", {"tracks": ["v-2.0.0"]})["decision"]
    new_id = decision["people"][-1]
    assert listed(serving, source="v-2") == ["p3", new_id]
    told(serving, "people/p1/split", {"tracks": ["i-1.0.0"]}, 422)
    told(serving, "people/p1/split", {"tracks": ["v-9.0.0"]}, 404)
    told(serving, "people/p1/split", {"tracks": []}, 422)


def test_who_is_ignored_is_left_out_of_lists(serving: Serving) -> None:
    told(serving, "people/p1/ignore", {"ignored": True})
    assert listed(serving) == ["p2", "p3"]
    assert listed(serving, ignored="true") == ["p1", "p2", "p3"]
    assert listed(serving, ignored="only") == ["p1"]
    seen = serving.client.get("/api/v1/sightings").json()
    assert (seen["total"], {s["person_id"] for s in seen["items"]}) == (3, {"p2", "p3"})
    assert told(serving, "people/p1/ignore", {"ignored": True}) == {"decision": None}
    told(serving, "people/p1/ignore", {"ignored": False})
    assert listed(serving) == ["p1", "p2", "p3"]


def test_somebody_is_shown_by_another_face(serving: Serving) -> None:
    told(serving, "people/p1/cover", {"track": "v-2.0.0"})
    assert person(serving, "p1")["thumbnails"][0] == "v-2.0.0.30"


def test_two_who_differ_are_not_merged(serving: Serving) -> None:
    decision = told(serving, "people/differs", {"first": "p1", "second": "p2"})["decision"]
    told(serving, "people/merge", {"keep": "p1", "others": ["p2"]}, 409)
    told(serving, f"decisions/{decision['number']}/undo")
    told(serving, "people/merge", {"keep": "p1", "others": ["p2"]})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("people/p9/name", {"name": "X"}, 404),
        ("people/p1/name", {"name": "a\nb"}, 422),
        ("people/p1/name", {"name": "x" * 201}, 422),
        ("people/p1/name", {}, 422),
        ("people/merge", {"keep": "p1", "others": []}, 422),
        ("people/merge", {"keep": "p1", "others": ["p1"]}, 422),
        ("people/merge", {"keep": "../p1", "others": ["p2"]}, 422),
        ("people/merge", {"keep": "Ada", "others": ["p2"]}, 422),
        ("decisions/99/undo", None, 404),
        ("decisions/0/undo", None, 422),
        ("decisions/99999999999999999999/undo", None, 422),
    ],
    ids=str,
)
def test_what_can_not_be_decided_changes_nothing(
    shared_serving: Serving, path: str, body: object, status: int
) -> None:
    told(shared_serving, path, body, status)
    assert shared_serving.client.get("/api/v1/decisions").json()["total"] == 1


def test_nothing_is_left_of_who_is_forgotten(serving: Serving) -> None:
    answer = serving.client.delete("/api/v1/people/p1").json()
    assert (answer["id"], answer["tracks"], answer["sources"]) == ("p1", 3, ["/films/a.mp4", "/films/b.mp4"])
    for path in ("people/p1", "people/p1/sightings", "people/p1/tracks", "people/p1/thumbnail"):
        assert serving.client.get(f"/api/v1/{path}").status_code == 410, path
    assert serving.client.get("/api/v1/people/p9").status_code == 404
    assert serving.client.get("/api/v1/samples/v-1.0.0.5/thumbnail").status_code == 404
    assert listed(serving) == ["p2", "p3"]
    assert serving.client.get("/api/v1/sightings").json()["total"] == 3
    told(serving, "people/p1/name", {"name": "X"}, 410)


def test_a_merge_and_a_deletion_of_one_person_at_once_end_cleanly(serving: Serving) -> None:
    statuses: dict[str, int] = {}
    ready = threading.Barrier(2)

    def at_once(what: str, ask: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            ready.wait()
            answer = ask()
            statuses[what] = answer.status_code
            # Whatever happened is told in words.
            assert answer.json()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [
        at_once(
            "merge",
            lambda: serving.client.post("/api/v1/people/merge", json={"keep": "p1", "others": ["p2"]}),
        ),
        at_once("forget", lambda: serving.client.delete("/api/v1/people/p2")),
    ]
    for thread in threads:
        thread.join()
    assert statuses.keys() == {"merge", "forget"}
    assert set(statuses.values()) <= {200, 404, 409, 410, 422}, statuses
    assert 200 in statuses.values()
    found = serving.client.get("/api/v1/people/p2")
    if statuses["forget"] == 200:
        assert found.status_code == 410
    else:
        # Somebody else by then, who was not to be deleted.
        assert found.json()["id"] == "p1"
    fresh = serving.context.store.people(PeopleFilter(), sort="id")
    assert listed(serving) == [one.id for one in fresh]
    left = {track.identity for track in serving.context.store.tracks()}
    assert left == {one.id for one in fresh}


def test_decisions_and_a_deletion_among_many_who_look_fail_nobody(serving: Serving) -> None:
    """The same people again and again, from several sides."""
    unexpected: list[tuple[str, int, str]] = []
    done = threading.Event()

    def ask(method: str, path: str, body: object = None) -> None:
        answer = serving.client.request(method, f"/api/v1/{path}", json=body)
        if answer.status_code not in (200, 404, 409, 410, 422, 503):
            unexpected.append((path, answer.status_code, answer.text))

    def look() -> None:
        while not done.is_set():
            for path in ("people", "sightings", "people/p2", "people/p2/tracks", "duplicates"):
                ask("GET", path)

    def merge() -> None:
        for number in range(2, 12):
            ask("POST", "people/merge", {"keep": "p1", "others": ["p2"]})
            ask("POST", f"decisions/{number}/undo")

    def change() -> None:
        for number in range(10):
            ask("POST", "people/p2/name", {"name": f"Grace {number}"})
            ask("POST", "people/p2/ignore", {"ignored": bool(number % 2)})

    def forget() -> None:
        time.sleep(0.2)
        ask("DELETE", "people/p2")

    reader = threading.Thread(target=look)
    writers = [threading.Thread(target=target) for target in (merge, change, forget)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert not unexpected
    fresh = [one.id for one in serving.context.store.people(PeopleFilter(ignored=True), sort="id")]
    until(lambda: listed(serving, ignored="true") == fresh)
    assert {track.identity for track in serving.context.store.tracks()} == set(fresh)


def test_work_beyond_what_can_be_done_at_once_is_told_to_come_back(serving: Serving) -> None:
    with contextlib.ExitStack() as work:
        for _ in range(8):
            work.enter_context(serving.context.deciding.taken())
        answer = serving.client.post("/api/v1/people/p2/name", json={"name": "Grace"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert listed(serving) == ["p1", "p2", "p3"]
    told(serving, "people/p2/name", {"name": "Grace"})
