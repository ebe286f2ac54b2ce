"""Thumbnails, and the files that people were seen in."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import made_up
import pytest
from web_serving import Serving

from facestream.readable_path import readable
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord
from stream.fingerprint import fingerprint


@pytest.fixture
def serving(shared_serving: Serving) -> Serving:
    """Shared by the tests of this file, which add files of their own."""
    return shared_serving


@pytest.mark.parametrize(
    "path", ["samples/v-1.0.0.5/thumbnail", "people/p1/thumbnail", "tracks/v-1.0.0/thumbnail"]
)
def test_a_picture_is_sent_once(serving: Serving, path: str) -> None:
    answer = serving.client.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    assert answer.content == made_up.crop_jpeg("v-1.0.0")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private")
    for known in (answer.headers["etag"], f'"other", W/{answer.headers["etag"]}', "*"):
        again = serving.client.get(f"/api/v1/{path}", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    other = serving.client.get(f"/api/v1/{path}", headers={"If-None-Match": '"other"'})
    assert other.content == answer.content


@pytest.mark.parametrize(
    "path", ["samples/v-1.0.0.6/thumbnail", "people/p9/thumbnail", "tracks/v-9/thumbnail"]
)
def test_a_picture_that_is_not_there_is_not_found(serving: Serving, path: str) -> None:
    assert serving.client.get(f"/api/v1/{path}").status_code == 404


def made_known(serving: Serving, file: Path, kind: str = "video", path: str = "") -> str:
    """A file that was processed, as the collection knows it."""
    source_id = f"{kind[0] if kind == 'video' else 'i'}-{fingerprint(file)[:16]}"
    store = IdentityStore(serving.handle.client, serving.keys)
    store.register_source(SourceRecord(source_id, kind, path or readable(str(file)), 640, 360, 10.0))
    serving.context.people.refresh()
    return source_id


@pytest.fixture
def film(tmp_path: Path) -> Path:
    film = tmp_path / "a film.mp4"
    # Of no other test: files are known by their content.
    film.write_bytes(uuid4().bytes + bytes(range(256)) * 400)
    return film


def test_a_film_is_sent_in_parts(serving: Serving, film: Path) -> None:
    url = f"/api/v1/sources/{made_known(serving, film)}/media"
    whole = serving.client.get(url)
    assert whole.content == film.read_bytes()
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]
    part = serving.client.get(url, headers={"Range": "bytes=1000-1099"})
    assert (part.status_code, part.content) == (206, film.read_bytes()[1000:1100])
    assert part.headers["content-range"] == f"bytes 1000-1099/{film.stat().st_size}"
    several = serving.client.get(url, headers={"Range": "bytes=0-0, 999999999-, -5"})
    assert several.status_code == 206


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0", "bytes=102416-102417,999999999-"])
def test_a_part_that_a_film_has_not_is_a_problem(serving: Serving, film: Path, asked: str) -> None:
    answer = serving.client.get(
        f"/api/v1/sources/{made_known(serving, film)}/media", headers={"Range": asked}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (416, "application/problem+json")
    assert answer.headers["content-range"] == f"bytes */{film.stat().st_size}"


@pytest.mark.parametrize("asked", ["pages=1-2", "bytes=5-2", "bytes=", "bytes=x-y", "bytes", "bytes=1-2,5-2"])
def test_a_range_that_is_none_plays_no_part(serving: Serving, film: Path, asked: str) -> None:
    answer = serving.client.get(
        f"/api/v1/sources/{made_known(serving, film)}/media", headers={"Range": asked}
    )
    assert (answer.status_code, answer.content) == (200, film.read_bytes())


def test_a_film_is_not_sent_again_to_who_has_it(serving: Serving, film: Path) -> None:
    url = f"/api/v1/sources/{made_known(serving, film)}/media"
    etag = serving.client.get(url).headers["etag"]
    known = serving.client.get(url, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert known.headers["cache-control"] == "private, no-cache"
    assert serving.client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_film_whose_name_is_no_utf_8_is_sent(serving: Serving, tmp_path: Path) -> None:
    film = tmp_path / os.fsdecode(b'bad\xff"name.mp4')
    film.write_bytes(uuid4().bytes + b"film")
    answer = serving.client.get(f"/api/v1/sources/{made_known(serving, film)}/media")
    assert (answer.status_code, answer.content) == (200, film.read_bytes())
    assert "bad%5Cxff%22name.mp4" in answer.headers["content-disposition"]


def test_a_file_that_has_changed_is_not_sent(serving: Serving, film: Path) -> None:
    url = f"/api/v1/sources/{made_known(serving, film)}/media"
    assert serving.client.get(url).status_code == 200
    before = film.stat()
    # Something secret of the same size and time, moved there.
    other = film.with_name("other")
    other.write_bytes(bytes(before.st_size))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(film)
    answer = serving.client.get(url)
    assert answer.status_code == 404
    assert bytes(100) not in answer.content
    film.unlink()
    assert serving.client.get(url).status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "/", "/dev/zero", "", "a\0b", "../../etc/passwd"], ids=repr)
def test_a_path_that_somebody_wrote_into_redis_leads_nowhere(serving: Serving, film: Path, path: str) -> None:
    source_id = made_known(serving, film)
    serving.handle.client.hset(serving.keys.source(source_id), "path", path)
    serving.context.people.refresh(compare=True)
    answer = serving.client.get(f"/api/v1/sources/{source_id}/media")
    assert answer.status_code == 404
    assert b"root:" not in answer.content


def test_what_a_browser_would_run_is_not_sent_as_such(serving: Serving, tmp_path: Path) -> None:
    page = tmp_path / "page.svg"
    page.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    answer = serving.client.get(f"/api/v1/sources/{made_known(serving, page, 'photo')}/media")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_cameras_have_no_file(serving: Serving) -> None:
    store = IdentityStore(serving.handle.client, serving.keys)
    store.register_source(SourceRecord("c-door", "camera", "/etc/passwd", 640, 360))
    serving.context.people.refresh()
    assert serving.client.get("/api/v1/sources/c-door/media").status_code == 404
    assert serving.client.get("/api/v1/sources/v-none/media").status_code == 404


def test_a_file_that_is_still_there_is_playable(serving: Serving, film: Path) -> None:
    source_id = made_known(serving, film)
    playable = {s["id"]: s["playable"] for s in serving.client.get("/api/v1/sources").json()["items"]}
    assert playable.items() >= {"v-1": False, "v-2": False, "i-1": False, source_id: True}.items()
