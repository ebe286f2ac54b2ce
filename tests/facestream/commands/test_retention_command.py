"""How long people are kept is said once, and cameras need it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import Done
from test_erased_bytes import KEYS, plant

from facestream.configuration.settings import Place
from facestream.erasure.retention import require_policy, settle_policy
from facestream.errors import UsageError
from facestream.jobs.uploads import Uploads
from facestream.wiring import make_job_store, make_store, uploads_folder
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.job_record import Job, JobState, new_job_id
from storage.retention_policy import DAY_S, RetentionPolicy

Here = Callable[..., Done]


@pytest.fixture
def handle(tmp_path: Path) -> RedisHandle:  # type: ignore[misc]
    """The server of the data folder, with somebody of long ago and somebody of yesterday."""
    with open_redis(None, DataFolder(tmp_path / "data")) as opened:
        plant(tmp_path / "data")
        yield opened


@pytest.fixture
def unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set."""
    for name in ("UNNAMED", "NAMED"):
        monkeypatch.delenv(f"FACESTREAM_RETENTION_{name}")


def test_a_dry_run_says_what_would_go_and_keeps_everything(
    here: Here, handle: RedisHandle, unsaid: None
) -> None:
    words = ("retention", "--unnamed", "30", "--named", "30")
    done = here(*words, "--dry-run")
    assert "1 track would go, with 1 person of whom nothing would be left" in done.stdout
    found = json.loads(here(*words, "--dry-run", "--json").stdout)
    assert found["policy"]["unnamed"] == 30
    assert (found["dry_run"], found["tracks"], found["people"], found["pictures"]) == (True, 1, 1, 0)
    store = make_store(handle, KEYS)
    assert len(store.track_ids()) == 2
    assert store.retention() == RetentionPolicy()


def test_a_policy_that_deletes_asks_first_and_stays_with_the_collection(
    here: Here, handle: RedisHandle, unsaid: None
) -> None:
    words = ("retention", "--unnamed", "30", "--named", "30", "--no-files")
    assert "Nothing was done: nobody is there to ask. Say --yes." in here(*words, code=2).stderr
    store = make_store(handle, KEYS)
    assert store.retention() == RetentionPolicy()
    found = json.loads(here(*words, "--yes", "--json").stdout)
    assert (found["dry_run"], found["tracks"], found["people"]) == (False, 1, 1)
    assert found["history_erased"] is True
    assert store.retention() == RetentionPolicy(unnamed=30, named=30, files=False)
    assert [p.identity_id for p in store.people()] == ["p2"]
    # It is the collection's own from now on: nobody is asked.
    assert "nothing was deleted" in here("retention").stdout
    assert [(e.reason, e.tracks) for e in store.erasures(None)] == [("retention", 1)]


def test_pictures_are_counted_where_there_are_some(here: Here, handle: RedisHandle, unsaid: None) -> None:
    words = ("retention", "--pictures", "30", "--json")
    assert json.loads(here(*words, "--dry-run").stdout)["pictures"] == 1
    assert json.loads(here(*words, "--yes").stdout)["pictures"] == 1
    assert json.loads(here(*words, "--dry-run").stdout)["pictures"] == 0


@pytest.mark.parametrize("written", ["0", "-1", "soon", "nan", "40000"])
def test_what_is_no_number_of_days_is_refused(here: Here, written: str) -> None:
    assert "is no number of days" in here("retention", "--unnamed", written, code=2).stderr


def test_cameras_are_refused_until_it_is_said_and_the_settings_are_named(
    here: Here, unsaid: None, tmp_path: Path
) -> None:
    said = here("run", "rtsp://127.0.0.1:9/door", code=2).stderr
    assert "retention.unnamed and retention.named" in said
    assert "FACESTREAM_RETENTION_UNNAMED and FACESTREAM_RETENTION_NAMED" in said
    assert "facestream retention --unnamed 30 --named 365" in said
    assert "retention.unnamed" in here("worker", code=2).stderr


def test_what_is_set_is_taken_over_by_the_collection(
    handle: RedisHandle, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, store = Place(tmp_path / "data"), make_store(handle, KEYS)
    monkeypatch.setenv("FACESTREAM_RETENTION_UNNAMED", "30")
    require_policy(handle, KEYS, place)
    assert store.retention() == RetentionPolicy(unnamed=30, named=float("inf"))
    # Without settings as well, from now on.
    for name in ("UNNAMED", "NAMED"):
        monkeypatch.delenv(f"FACESTREAM_RETENTION_{name}")
    require_policy(handle, KEYS, place)
    store.keep_retention(RetentionPolicy(named=7))
    assert store.retention() == RetentionPolicy(unnamed=30, named=7)


def test_on_a_terminal_it_is_asked_once(
    handle: RedisHandle, here: Here, unsaid: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, store = Place(tmp_path / "data"), make_store(handle, KEYS)
    questions: list[str] = []

    def answer(question: str, *, default: str, value_proc: Callable[[str], float], **_: object) -> float:
        questions.append(question)
        return value_proc(default if "without" in question else "forever")

    with pytest.raises(UsageError):
        settle_policy(handle, KEYS, place)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", answer)
    settle_policy(handle, KEYS, place)
    settle_policy(handle, KEYS, place)
    assert len(questions) == 2
    assert store.retention() == RetentionPolicy(unnamed=30, named=float("inf"))


def test_much_is_forgotten_at_once_after_the_number_of_tracks_was_said(
    here: Here, handle: RedisHandle
) -> None:
    store = make_store(handle, KEYS)
    dry = json.loads(here("people", "forget", "--all", "--dry-run", "--json").stdout)
    assert dry == {"tracks": 2, "people": 2, "dry_run": True}
    assert "Delete 2 tracks, with 2 people" in here("people", "forget", "--all", code=2).stderr
    assert len(store.track_ids()) == 2
    yesterweek = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 7 * DAY_S))
    done = json.loads(here("people", "forget", "--before", yesterweek, "--yes", "--json").stdout)
    assert (done["tracks"], done["people"], done["history_erased"]) == (1, 1, True)
    done = json.loads(here("people", "forget", "--source", "door", "--yes", "--json").stdout)
    assert (done["tracks"], done["people"]) == (1, 1)
    assert store.people() == []
    assert [e.reason for e in store.erasures(None)] == ["source", "before"]


def test_uploads_that_no_job_tells_of_any_more_go_with_all_the_rest(
    here: Here, handle: RedisHandle, tmp_path: Path
) -> None:
    uploads = Uploads(uploads_folder(Place(tmp_path / "data")), 0)
    waiting, over, unknown = (Job(new_job_id(), "home", "film.mp4", "upload", "") for _ in range(3))
    store = make_job_store(handle, KEYS)
    for job in (waiting, over, unknown):
        path = uploads.folder / job.id / job.name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"film")
        if job is not unknown:
            store.add(replace(job, path=str(path)))
    store.change(over.id, lambda job: job.changed(state=JobState.CANCELLED))

    done = here("people", "forget", "--all", "--yes", "--json").json()

    assert done["uploads"] == 2
    assert [path.name for path in uploads.folder.glob("j-*")] == [waiting.id]
    assert [job.id for job in store.all()] == [waiting.id]


@pytest.mark.parametrize("words", [(), ("p1", "--all"), ("--all", "--source", "door")])
def test_exactly_one_of_them_is_said(here: Here, words: tuple[str, ...]) -> None:
    assert "say whom" in here("people", "forget", *words, code=2).stderr


def test_who_is_meant_must_be_there_and_past(here: Here, handle: RedisHandle) -> None:
    assert "no source 'nowhere'" in here("people", "forget", "--source", "nowhere", code=1).stderr
    assert "has not come yet" in here("people", "forget", "--before", "2999-01-01", code=2).stderr
