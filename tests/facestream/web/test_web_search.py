"""Search by photo, similar people and duplicates, on a real server over a real Redis."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from searched_collection import PATIENCE_S, TRACKS, Collection, Seen, Served
from web_serving import open_client, serving_place

from facestream.configuration.settings import Place
from facestream.demo_video import ASTRONAUT, GROUP
from facestream.wiring import make_pack
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.decision_record import Decision, DecisionKind, Side
from workers.models.pack import Pack


@pytest.fixture(scope="module")
def search_handle(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Iterator[RedisHandle]:
    """One embedded server for this module, with the models of the test run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        # Short: the path of a unix socket has at most 107 characters.
        with open_redis(None, DataFolder(tmp_path_factory.mktemp("fs") / "data")) as handle:
            yield handle


@pytest.fixture(scope="module")
def pack(search_handle: RedisHandle) -> Pack:
    return make_pack("open")


@pytest.fixture(scope="module")
def serve_search(
    search_handle: RedisHandle, pack: Pack
) -> Callable[[], contextlib.AbstractContextManager[Served]]:
    @contextlib.contextmanager
    def serve(*, filled: bool = True) -> Iterator[Served]:
        assert search_handle.socket_path is not None
        place = Place(search_handle.socket_path.parent.parent, None, f"web-{uuid4().hex}")
        collection = Collection(search_handle, place, pack)
        if filled:
            collection.fill()
        with serving_place(place) as (_, context, url), open_client(url) as client:
            yield Served(client, collection, context)

    return serve


@pytest.fixture(scope="module")
def looked_at(serve_search: Callable[[], contextlib.AbstractContextManager[Served]]) -> Iterator[Served]:
    """A server to be asked and not changed."""
    with serve_search() as served:
        yield served


@pytest.fixture
def changed(serve_search: Callable[[], contextlib.AbstractContextManager[Served]]) -> Iterator[Served]:
    """A server whose collection is this test's own."""
    with serve_search() as served:
        yield served


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    with Image.open(ASTRONAUT.path()) as image:
        return image.convert("RGB").crop((100, 0, 400, 300))


def names(answer: Any) -> list[str]:
    return [match["person"]["id"] for match in answer["faces"][0]["people"]]


# Search by photo ------------------------------------------------------------------------------------------


def test_a_photo_finds_people_and_tracks_over_all_sources(looked_at: Served, astronaut: Image.Image) -> None:
    answer = looked_at.search(encoded(astronaut, "JPEG"), limit="4")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["photo"] == {"width_px": 300, "height_px": 300}
    (face,) = found["faces"]
    assert set(names(found)[:2]) == {"p1", "p2"}
    assert len(face["people"]) == 4
    best, third = face["people"][0], face["people"][2]
    assert best["similarity"] > third["similarity"]
    assert best["sureness"] > 0.2 > third["sureness"]
    assert third["verdict"] == "unlikely"
    assert best["person"]["sightings"] == len(best["sightings"])
    assert {track["track_id"] for track in face["tracks"][:3]} == {"v-1.0.0", "v-2.0.0", "v-3.0.0"}
    track = next(track for track in face["tracks"] if track["track_id"] == "v-2.0.0")
    assert (track["person_id"], track["source_id"], track["source"]) == ("p1", "v-2", "/films/v-2.mp4")
    assert (track["start_s"], track["end_s"], track["camera"]) == (5.0, 7.0, None)
    assert track["start_at"].startswith("2026-")
    assert track["thumbnail"] == "v-2.0.0.5"


def test_what_the_client_finds_the_server_finds(looked_at: Served) -> None:
    by_client = looked_at.context.store.find(ASTRONAUT.path(), limit=5)[0]
    (by_server,) = looked_at.search(ASTRONAUT.path().read_bytes(), limit="5").json()["faces"]
    assert [match.person.id for match in by_client.matches] == [
        match["person"]["id"] for match in by_server["people"]
    ]
    for mine, theirs in zip(by_client.matches, by_server["people"], strict=True):
        assert theirs["sureness"] == pytest.approx(mine.sureness, abs=1e-4)
        assert theirs["similarity"] == pytest.approx(mine.similarity, abs=1e-4)
        assert theirs["track_id"] == mine.track


def test_of_several_faces_all_or_one_are_searched_for(looked_at: Served) -> None:
    group = GROUP.path().read_bytes()
    everybody = looked_at.search(group, limit="1").json()["faces"]
    assert len(everybody) == len(GROUP.faces)
    largest = looked_at.search(group, limit="1", face="largest").json()["faces"]
    third = looked_at.search(group, limit="1", face="2").json()["faces"]
    assert [face["box_xyxy"] for face in (*largest, *third)] == [
        face["box_xyxy"] for face in (everybody[0], everybody[2])
    ]
    assert largest[0]["people"][0]["person"]["id"] in ("p3", "p4")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_photo_is_known_by_its_content(looked_at: Served, astronaut: Image.Image, kind: str) -> None:
    answer = looked_at.search(encoded(astronaut, kind), name="photo.txt", limit="2", face="largest")
    assert answer.status_code == 200, answer.text
    assert set(names(answer.json())) == {"p1", "p2"}


def test_a_photo_that_lies_on_its_side_is_turned_upright(looked_at: Served, astronaut: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    lying = astronaut.crop((0, 0, 300, 260)).rotate(90, expand=True)
    answer = looked_at.search(encoded(lying, "JPEG", exif=exif), limit="2").json()
    assert answer["photo"] == {"width_px": 300, "height_px": 260}
    assert set(names(answer)) == {"p1", "p2"}


def test_an_empty_collection_answers_with_the_faces_and_nobody(
    serve_search: Callable[..., contextlib.AbstractContextManager[Served]], astronaut: Image.Image
) -> None:
    with serve_search(filled=False) as served:
        (face,) = served.search(encoded(astronaut, "JPEG")).json()["faces"]
        assert (face["people"], face["tracks"]) == ([], [])
        assert served.client.get("/api/v1/duplicates").json() == {
            "items": [],
            "total": 0,
            "offset": 0,
            "limit": 50,
        }


# What is refused ------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A PNG of some KB that would be 2.5 thousand million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * (1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


BAD: dict[str, tuple[Callable[[Image.Image], bytes], str]] = {
    "svg": (
        lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "not a photo",
    ),
    "html": (lambda _: b"<!doctype html><script>alert(1)</script>", "not a photo"),
    "bomb": (lambda _: bomb(), "pixels"),
    "empty": (lambda _: b"", "empty"),
    "cut off": (lambda image: encoded(image, "JPEG")[:2000], "cut-off"),
    "animation": (
        lambda image: encoded(image, "GIF", save_all=True, append_images=[image.rotate(90)]),
        "several pictures",
    ),
    "no face": (lambda _: encoded(Image.new("RGB", (200, 200), "grey"), "PNG"), "no face"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_photo_of_a_face_is_refused_with_a_reason(
    looked_at: Served, astronaut: Image.Image, case: str
) -> None:
    make, reason = BAD[case]
    answer = looked_at.search(make(astronaut), name="../../photo.jpg")
    assert answer.status_code == 422, answer.text
    assert reason in answer.json()["detail"]


def test_a_face_that_is_not_there_is_refused(looked_at: Served, astronaut: Image.Image) -> None:
    photo = encoded(astronaut, "JPEG")
    assert looked_at.search(photo, face="7").status_code == 422
    assert looked_at.search(photo, face="-1").status_code == 422
    assert looked_at.search(photo, limit="0").status_code == 422
    assert looked_at.search(photo, limit="ten").status_code == 422


def test_a_body_without_a_photo_is_refused(looked_at: Served) -> None:
    client = looked_at.client
    assert client.post("/api/v1/search", content=b"photo").status_code == 415
    assert client.post("/api/v1/search", files={"other": ("a.jpg", b"photo")}).status_code == 422
    assert client.post("/api/v1/search", data={"photo": "text"}, files={"x": b""}).status_code == 422
    mistaken = client.post("/api/v1/search", data={"limt": "3"}, files={"photo": ("a.jpg", b"photo")})
    assert (mistaken.status_code, "'limt'" in mistaken.json()["detail"]) == (422, True)
    broken = client.post(
        "/api/v1/search", content=b"nothing", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 422
    unbounded = client.post(
        "/api/v1/search", content=b"nothing", headers={"content-type": "multipart/form-data"}
    )
    assert unbounded.status_code == 422


def test_an_upload_that_is_too_large_is_refused_before_it_is_sent(looked_at: Served) -> None:
    host, port = looked_at.client.base_url.host, looked_at.client.base_url.port
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        connection.sendall(
            b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_an_upload_of_unknown_length_is_cut_off_where_it_gets_too_large(looked_at: Served) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        for _ in range(40):
            yield b"\xff" * (1 << 20)

    answer = looked_at.client.post(
        "/api/v1/search", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413


def test_nothing_of_a_photo_touches_the_disk(
    looked_at: Served, astronaut: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever makes a file for a moment fails.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    photo = encoded(astronaut.resize((1500, 1500)), "PNG")
    assert len(photo) > 1 << 20
    assert looked_at.search(photo, limit="1").status_code == 200


# Similar people and duplicates ----------------------------------------------------------------------------


def test_people_who_are_alike_come_first_among_the_similar(looked_at: Served) -> None:
    found = looked_at.client.get("/api/v1/people/p1/similar?limit=3").json()
    assert len(found) == 3
    assert found[0]["person"]["id"] == "p2"
    assert found[0]["sureness"] > 0.9 > 0.2 > found[1]["sureness"]
    assert looked_at.client.get("/api/v1/people/p99/similar").status_code == 404
    assert looked_at.client.get("/api/v1/people/%2e%2e/similar").status_code in (404, 422)


def test_likely_one_person_twice_is_told_and_twins_seen_together_are_not(looked_at: Served) -> None:
    page = looked_at.client.get("/api/v1/duplicates?limit=10").json()
    assert (page["total"], page["offset"], page["limit"]) == (1, 0, 10)
    (pair,) = page["items"]
    assert (pair["first"]["id"], pair["second"]["id"]) == ("p1", "p2")
    assert pair["sureness"] > 0.9
    assert pair["verdict"] in ("very likely", "almost certain")
    assert looked_at.client.get("/api/v1/duplicates?offset=1").json()["items"] == []
    assert looked_at.client.get("/api/v1/duplicates?limit=501").status_code == 422


def test_who_is_said_to_differ_is_no_duplicate_until_that_is_taken_back(changed: Served) -> None:
    log = changed.collection.log
    sides = (Side("p1", ("v-1.0.0", "v-2.0.0")), Side("p2", ("v-3.0.0",)))
    number = log.append(Decision(DecisionKind.DIFFERS, sides), 0, ["p1", "p2"])
    changed.eventually("duplicates", lambda page: page["total"] == 0)
    assert all(one["person"]["id"] != "p2" for one in changed.client.get("/api/v1/people/p1/similar").json())
    log.append(Decision(DecisionKind.UNDO, undoes=number), 1, [])
    changed.eventually("duplicates", lambda page: page["total"] == 1)
    assert changed.client.get("/api/v1/people/p1/similar").json()[0]["person"]["id"] == "p2"


def test_who_is_ignored_is_no_duplicate(changed: Served) -> None:
    changed.eventually("duplicates", lambda page: page["total"] == 1)
    changed.collection.log.append_ignore(Decision(DecisionKind.IGNORE, (Side("p2"),)), 0, "p2", on=True)
    changed.eventually("duplicates", lambda page: page["total"] == 0)


# What happens meanwhile -----------------------------------------------------------------------------------


def test_whoever_comes_later_is_compared_with_all_who_were_there(
    changed: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed.eventually("duplicates", lambda page: page["total"] == 1)
    # The same woman for the third time; nobody else changes.
    monkeypatch.setitem(TRACKS, "v-3.5.0", Seen("p20", "v-3", 20.0, "astronaut", 0.05))
    changed.collection.change({"v-3.5.0": "p20"})
    changed.eventually(
        "duplicates",
        lambda page: (
            {"p1", "p2"} <= {pair["first"]["id"] for pair in page["items"] if pair["second"]["id"] == "p20"}
        ),
    )


def test_a_merge_is_followed(changed: Served, astronaut: Image.Image) -> None:
    photo = encoded(astronaut, "JPEG")
    changed.eventually("duplicates", lambda page: page["total"] == 1)
    changed.collection.change({"v-3.0.0": "p1"}, merged={"p2": "p1"})
    changed.eventually("duplicates", lambda page: page["total"] == 0)
    (face,) = changed.search(photo, limit="5").json()["faces"]
    assert names({"faces": [face]}).count("p1") == 1
    assert {track["person_id"] for track in face["tracks"][:3]} == {"p1"}
    assert "p2" not in names({"faces": [face]})


def test_of_somebody_forgotten_nothing_stays_in_memory(changed: Served, astronaut: Image.Image) -> None:
    photo = encoded(astronaut, "JPEG")
    assert set(names(changed.search(photo, limit="2").json())) == {"p1", "p2"}
    changed.collection.forget("p1")
    deadline_s = time.monotonic() + PATIENCE_S
    search = changed.context.search.people._search
    while "p1" in search.people():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    answer = changed.search(photo, limit="20").json()
    found = names(answer)
    assert "p1" not in found
    assert found[0] == "p2"
    assert {track["track_id"] for track in answer["faces"][0]["tracks"]}.isdisjoint({"v-1.0.0", "v-2.0.0"})
    gallery = search._gallery
    assert gallery is not None
    assert not gallery._templates._array[len(gallery) : len(TRACKS)].any()
    changed.eventually("duplicates", lambda page: page["total"] == 0)
    book = changed.context.search.people._book
    assert book is not None
    assert "p1" not in book


def test_a_collection_that_is_filled_later_is_searched_in(
    serve_search: Callable[..., contextlib.AbstractContextManager[Served]], astronaut: Image.Image
) -> None:
    with serve_search(filled=False) as served:
        photo = encoded(astronaut, "JPEG")
        assert names(served.search(photo).json()) == []
        served.collection.fill()
        served.eventually("duplicates", lambda page: page["total"] == 1)
        assert set(names(served.search(photo, limit="2").json())) == {"p1", "p2"}


def test_many_searches_at_once_all_get_an_answer(looked_at: Served, astronaut: Image.Image) -> None:
    photo = encoded(astronaut, "JPEG")
    answers: list[int] = []

    def ask() -> None:
        answers.append(looked_at.search(photo, limit="1").status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(answers) == 8
    # On a slow machine some are asked to come again.
    assert set(answers) <= {200, 503}
    assert 200 in answers
