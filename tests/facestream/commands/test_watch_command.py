"""facestream watch, worker and cluster-worker, and run for a camera, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done

Here = Callable[..., Done]

SYNTHETIC = "synthetic://box?width=320&height=240"


def events(done: Done) -> dict[str, list[dict[str, object]]]:
    """What was told, by the kind of the event."""
    found: dict[str, list[dict[str, object]]] = {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        found.setdefault(event["event"], []).append(event)
    return found


def test_without_cameras_it_says_how_to_add_one(here: Here) -> None:
    done = here("watch", "--collection", "lobby", code=2)
    assert "collection 'lobby' has no cameras yet" in done.stderr
    assert "camera add door rtsp://user:password@host/stream --collection lobby" in done.stderr


def test_a_camera_that_there_is_not_is_named_with_those_that_there_are(here: Here) -> None:
    here("camera", "add", "door", SYNTHETIC)
    done = here("watch", "dor", code=2)
    assert "no camera 'dor' in collection 'default': there are door" in done.stderr


def test_lines_tell_how_a_watch_goes_on_and_who_was_seen(here: Here) -> None:
    here("camera", "add", "door", SYNTHETIC)
    done = here("watch", "--for", "2s")
    assert "watches collection default, with models open on cpu" in done.stderr
    assert "takes on 1 camera: door" in done.stderr
    assert "door: streaming (320x240 synthetic)" in done.stderr
    assert done.stdout == "Nobody was seen.\n"


def test_a_url_is_watched_and_told_as_json_without_its_password(here: Here) -> None:
    done = here("run", "rtsp://admin:S3cret@127.0.0.1:1/live", "--for", "1", "--json", "--fps", "10")
    told = events(done)
    (began,), (ended,) = told["began"], told["ended"]
    assert began["collection"] == "default"
    # On a busy machine, a second may not be enough to find out that nobody listens there.
    assert told["camera"][-1]["state"] in ("connecting", "backing_off")
    assert ended["people"] == []
    assert began["url"] == "rtsp://admin:***@127.0.0.1:1/live"
    assert told["ending"]
    assert "S3cret" not in done.said


def test_the_workers_tell_what_they_do(here: Here) -> None:
    done = here("worker", "--for", "1", "--json")
    assert events(done).keys() >= {"began"}
    assert "ended" not in events(done)
    assert events(here("cluster-worker", "--for", "1", "--json")).keys() == {"leads"}


def test_a_url_is_told_by_host_and_path(here: Here) -> None:
    done = here("run", "synthetic://box?width=320&height=240", "--for", "1")
    assert "watches synthetic://box?width=320&height=240 for collection default" in done.stderr
    assert "takes on 1 camera: box?width=320&height=240\n" in done.stderr
    assert "url-" not in done.said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("rtsp://host/a", "rtsp://host/b"), "a camera is watched alone"),
        (("rtsp://host/a", "film.mp4"), "a camera is watched alone"),
        (("rtsp://host/a", "--start", "3"), "--start is for files"),
        (("rtsp://host/a", "--report", "page.html"), "--report is for files"),
        (("rtsp://host/a", "--fps", "26"), "--fps is at most 25"),
        (("rtsp://host/a", "--fps", "native"), "--fps is at most 25"),
        (("rtsp://host/a", "--for", "soon"), "'soon' is no duration"),
        (("film.mp4", "--for", "3s"), "--for is for cameras"),
    ],
)
def test_what_can_not_be_asked_of_a_camera_is_refused(
    here: Here, words: tuple[str, ...], reason: str
) -> None:
    assert reason in here("run", *words, code=2).stderr


@pytest.mark.parametrize(("name", "hinted"), [("hall.mp4", True), ("live/hall.m3u8", False)])
def test_a_recording_of_the_web_is_to_be_downloaded(
    here: Here, monkeypatch: pytest.MonkeyPatch, name: str, hinted: bool
) -> None:
    monkeypatch.delenv("FACESTREAM_RETENTION_UNNAMED")
    told = here("run", f"https://user:S3cret@host/{name}", code=2).stderr
    assert "nobody has said yet how long people are kept" in told
    assert ("download it, and process the file" in told) is hinted
    assert "S3cret" not in told


@pytest.mark.parametrize("url", ["rtsp://admin:S3cret@host:99999/x", "rtmp://admin:S3cret@host/x", "rtsp://"])
def test_a_url_that_is_none_is_refused_without_its_secrets(here: Here, url: str) -> None:
    done = here("run", url, code=1)
    assert done.stderr.startswith("Error: ")
    assert "S3cret" not in done.said


@pytest.mark.parametrize("login", ["guard:S3cret@host", "./guard:S3cret@host", "S3cret@host.mp4"])
def test_what_may_be_a_login_is_not_repeated(here: Here, tmp_path: Path, login: str) -> None:
    for sources in ([login], [tmp_path, login]):
        done = here("run", *sources, code=1)
        assert "no file that exists" in done.stderr
        assert "S3cret" not in done.said


def test_a_file_is_a_file_whatever_it_is_called(here: Here, tmp_path: Path) -> None:
    done = here("run", tmp_path / "rtsp: no camera.mp4", code=1)
    assert "doesn't exist" in done.stderr
