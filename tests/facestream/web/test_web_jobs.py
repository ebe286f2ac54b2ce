"""Jobs over HTTP."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
import redis
from broken_files import video_of_size
from served_place import Served, served, until

from facestream.configuration.settings import Place
from facestream.demo_video import ASTRONAUT
from facestream.jobs.uploads import Uploads
from facestream.wiring import keys_of, make_job_store, make_store, uploads_folder
from storage.connection import RedisHandle
from storage.job_record import Job, JobState
from storage.job_store import JobStore

PHOTO = cv2.imencode(".jpg", np.full((200, 300, 3), 90, np.uint8))[1].tobytes()

Serve = Callable[[], contextlib.AbstractContextManager[Served]]


@pytest.fixture
def place(empty_place: Place) -> Place:
    return empty_place


@pytest.fixture
def handle(web_handle: RedisHandle) -> RedisHandle:
    return web_handle


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "me.jpg").write_bytes(PHOTO)
    return folder


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def serving(place: Place, handle: RedisHandle, environ: None, films: Path) -> Iterator[Served]:
    # What waits stays as it is, and no process is started.
    with served(place, jobs=0, folders=str(films)) as serving:
        yield serving


def upload(serving: Served, name: str = "me.jpg", content: bytes = PHOTO) -> dict[str, object]:
    answer = serving.client.post("/jobs/upload", params={"name": name}, content=content)
    assert answer.status_code == 202, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_files_of_allowed_folders_are_taken(serving: Served, films: Path) -> None:
    answer = serving.client.post("/jobs", json={"path": str(films / "me.jpg"), "fps": 2})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["name"], job["kind"], job["state"]) == ("me.jpg", "path", "queued")
    assert str(films) not in answer.text
    assert serving.client.get(f"/jobs/{job['id']}").json() == job
    assert serving.client.get("/jobs").json() == {"items": [job], "total": 1, "offset": 0, "limit": 50}


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/none", "../../etc/passwd", "a\0b/../../x"])
def test_files_elsewhere_are_forbidden(serving: Served, path: str) -> None:
    assert serving.client.post("/jobs", json={"path": path}).status_code in (403, 404)
    assert serving.client.get("/jobs").json()["total"] == 0


def test_what_is_no_date_and_no_rate_is_refused(serving: Served) -> None:
    for wrong in (
        {"recorded_at": "2026-01-01T00:00:00"},
        {"recorded_at": "9999-01-01T00:00:00Z"},
        {"recorded_at": "2026-01-01T00:00:00Z", "dated_names": True},
        {"fps": 0},
    ):
        assert serving.client.post("/jobs", json={"path": "me.jpg", **wrong}).status_code == 422
        answer = serving.client.post("/jobs/upload", params={"name": "me.jpg", **wrong}, content=PHOTO)
        assert answer.status_code == 422
    assert serving.client.get("/jobs").json()["total"] == 0


def test_an_upload_is_kept_under_its_safe_name(serving: Served, place: Place) -> None:
    job = upload(serving, "../../<b>me.jpg")
    assert (job["name"], job["kind"]) == ("_b_me.jpg", "upload")
    file = uploads_folder(place) / str(job["id"]) / "_b_me.jpg"
    assert file.read_bytes() == PHOTO


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 415), (b"<svg onload='alert(1)'/>", 415), (b"#EXTM3U\nfile:///etc/passwd\n", 415)],
)
def test_what_is_no_media_is_refused(serving: Served, place: Place, content: bytes, status: int) -> None:
    answer = serving.client.post("/jobs/upload", params={"name": "me.jpg"}, content=content)
    assert answer.status_code == status
    assert not [path for path in uploads_folder(place).glob("*") if not path.name.startswith(".home")]


def test_a_gigabyte_is_refused_before_it_is_sent(serving: Served) -> None:
    serving.context.jobs.uploads.most_bytes = 1000
    base = serving.client.base_url
    with socket.create_connection((base.host, base.port or 80)) as connection:
        # Only announced: who waits for the body waits for ever.
        connection.sendall(
            b"POST /api/v1/jobs/upload?name=x.mp4 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        assert b" 413 " in connection.recv(100)

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1 << 20)

    with contextlib.suppress(Exception):
        answer = serving.client.post("/jobs/upload", params={"name": "x.mp4"}, content=endless())
        assert answer.status_code == 413
    assert serving.client.get("/jobs").json()["total"] == 0


def test_an_upload_that_breaks_off_leaves_nothing(serving: Served, place: Place) -> None:
    base = serving.client.base_url
    with socket.create_connection((base.host, base.port or 80)) as connection:
        connection.sendall(
            b"POST /api/v1/jobs/upload?name=x.mp4 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 5000\r\n\r\n1234"
        )
        until(lambda: list(uploads_folder(place).glob(".partial-*")))
    until(lambda: not list(uploads_folder(place).glob(".partial-*")))
    # The place is free again.
    assert [upload(serving)["state"] for _ in range(5)] == ["queued"] * 5


def test_a_job_that_waits_is_cancelled_and_removed_with_its_file(serving: Served, place: Place) -> None:
    job_id = upload(serving)["id"]
    folder = uploads_folder(place) / str(job_id)
    cancelled = serving.client.post(f"/jobs/{job_id}/cancel").json()
    assert (cancelled["state"], cancelled["ended_at"] is None) == ("cancelled", False)
    assert serving.client.post(f"/jobs/{job_id}/cancel").json() == cancelled
    assert serving.client.delete(f"/jobs/{job_id}").status_code == 204
    # Nobody was found in it, and nothing would tell of it any more.
    assert not folder.exists()
    other = upload(serving)["id"]
    assert serving.client.delete(f"/jobs/{other}", params={"file": True}).status_code == 204
    assert not (uploads_folder(place) / str(other)).exists()
    assert serving.client.get(f"/jobs/{other}").status_code == 404


def test_a_file_of_a_folder_stays_whatever_is_asked(serving: Served, films: Path) -> None:
    job_id = serving.client.post("/jobs", json={"path": "me.jpg"}).json()["id"]
    assert serving.client.delete(f"/jobs/{job_id}", params={"file": True}).status_code == 204
    assert (films / "me.jpg").exists()


@pytest.mark.parametrize("job_id", ["j-0", "..%2Fx", "j-0123456789abcdeg"])
def test_ids_of_jobs_are_checked(untouched: Served, job_id: str) -> None:
    assert untouched.client.get(f"/jobs/{job_id}").status_code in (404, 422)
    assert untouched.client.post(f"/jobs/{job_id}/cancel").status_code in (404, 422)


@pytest.mark.e2e
def test_an_upload_whose_job_was_never_entered_goes_with_a_later_server(
    place: Place, handle: RedisHandle, environ: None
) -> None:
    with served(place, jobs=0) as serving:
        entered = str(upload(serving)["id"])
    folder = uploads_folder(place)
    assert not list(folder.glob(".unentered-*"))
    # As a server leaves it that was killed right before its job was entered.
    arrived = Uploads(folder, 10_000).begin("me.jpg")
    arrived.write(PHOTO)
    stray = arrived.finish()
    arrived.close()
    day_ago_s = time.time() - 90_000
    for path in (*folder.glob(".unentered-*"), folder / entered):
        os.utime(path, (day_ago_s, day_ago_s))
    with served(place, jobs=1):
        until(lambda: not stray.parent.exists())
    assert (folder / entered).exists()


@pytest.mark.e2e
def test_what_waits_and_what_ran_goes_on_with_the_next_server(
    place: Place, handle: RedisHandle, environ: None
) -> None:
    store = make_job_store(handle, keys_of(place))
    with served(place, jobs=0) as serving:
        ran, gone, stopped = (str(upload(serving, content=PHOTO + bytes([n]))["id"]) for n in range(3))
    # As a server that was killed leaves it.
    store.change(ran, lambda job: job.changed(state=JobState.RUNNING, progress=0.5))
    shutil.rmtree(uploads_folder(place) / gone)
    with served(place, jobs=1) as serving:
        until(lambda: serving.client.get(f"/jobs/{ran}").json()["state"] == "done")
        done = serving.client.get(f"/jobs/{ran}").json()
        assert (done["progress"], done["people"], done["error"]) == (1.0, 0, "")
        assert [source_id[:2] for source_id in done["source_ids"]] == ["i-"]
        until(lambda: serving.client.get(f"/jobs/{stopped}").json()["state"] == "running")
        assert serving.client.delete(f"/jobs/{stopped}").status_code == 409
        serving.client.post(f"/jobs/{stopped}/cancel")
        until(lambda: serving.client.get(f"/jobs/{stopped}").json()["state"] in ("cancelled", "done"))
        until(lambda: serving.client.get(f"/jobs/{gone}").json()["state"] == "failed")
        failed = serving.client.get(f"/jobs/{gone}").json()
        assert failed["error"] == "The uploaded file is gone."


@pytest.mark.e2e
def test_a_video_has_the_date_of_its_name_where_that_is_asked_for(
    place: Place, handle: RedisHandle, environ: None, tmp_path: Path
) -> None:
    name = "hall_20261129_220000Z.mp4"
    video = video_of_size(tmp_path / name, 64, frames=5)
    (films := tmp_path / "dated").mkdir()
    shutil.copy(video_of_size(tmp_path / "b.mp4", 64, frames=6), films / "2026-11-30_07-00-00Z.mp4")
    with served(place, jobs=1, folders=str(films)) as serving:
        dated = {"dated_names": True}
        sent = serving.client.post("/jobs/upload", params={"name": name, **dated}, content=video.read_bytes())
        lying = serving.client.post("/jobs", json={"path": str(films), **dated})
        jobs = [f"/jobs/{answer.json()['id']}" for answer in (sent, lying)]
        until(lambda: all(serving.client.get(job).json()["state"] == "done" for job in jobs))
    store = make_store(handle, keys_of(place))
    began = {datetime.fromtimestamp(source.recorded_at_s or 0.0, UTC) for source in store.sources()}
    assert began == {datetime(2026, 11, 29, 22, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)}


@pytest.mark.e2e
def test_a_job_that_finds_ignored_people_alone_says_so(place: Place, environ: None, films: Path) -> None:
    shutil.copy(ASTRONAUT.path(), films / "her.jpg")
    with served(place, jobs=1, folders=str(films)) as serving:

        def job() -> dict[str, object]:
            sent = serving.client.post("/jobs", json={"path": str(films / "her.jpg")}).json()
            until(lambda: serving.client.get(f"/jobs/{sent['id']}").json()["state"] == "done")
            return serving.client.get(f"/jobs/{sent['id']}").json()

        found = job()
        assert (found["people"], found["message"]) == (1, "")
        (person,) = serving.client.get("/people").json()["items"]
        ignored = serving.client.post(f"/people/{person['id']}/ignore", json={"ignored": True})
        assert ignored.is_success, ignored.text
        again = job()
        assert (again["people"], again["message"]) == (0, "only people who are ignored were found")


@pytest.mark.e2e
def test_an_end_that_the_server_had_no_room_for_is_written_when_it_has(
    place: Place, handle: RedisHandle, environ: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, refused, began_s = JobStore.change, list[str](), set[float | None]()

    def at_its_limit(store: JobStore, job_id: str, how: Callable[[Job], Job]) -> Job:
        began_s.add(store.get(job_id).started_at_s)
        if refused or how(store.get(job_id)).state is not JobState.DONE:
            return change(store, job_id, how)
        handle.client.config_set("maxmemory", 1)
        try:
            return change(store, job_id, how)
        except redis.OutOfMemoryError as error:
            refused.append(str(error))
            raise
        finally:
            handle.client.config_set("maxmemory", 0)

    monkeypatch.setattr(JobStore, "change", at_its_limit)
    with served(place, jobs=1) as serving:
        job_id = upload(serving)["id"]
        until(lambda: serving.client.get(f"/jobs/{job_id}").json()["state"] == "done")
        assert len(refused) == 1
        # It was not done again.
        assert len(began_s - {None}) == 1
        assert serving.client.delete(f"/jobs/{job_id}").status_code == 204
