"""Clips of videos over HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from served_place import until
from web_serving import Serving

from facestream.errors import RefusedError
from facestream.web.clip_room import MAX_CLIP_S, ClipRoom
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord
from stream.fingerprint import fingerprint
from stream.video_writer import VideoWriter

FPS = 25
Url = Callable[[float, float], str]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "a film.mp4"
    with VideoWriter(path, 64, 48, FPS) as writer:
        for number in range(200):
            writer.write(np.full((48, 64, 3), number, np.uint8))
    return path


@pytest.fixture
def url(serving: Serving, film: Path) -> Url:
    """Where clips of the film are, while temporary files lie in an empty folder."""
    source_id = f"v-{fingerprint(film)[:16]}"
    store = IdentityStore(serving.handle.client, serving.keys)
    store.register_source(SourceRecord(source_id, "video", str(film), 64, 48, 10.0))
    serving.context.people.refresh()
    return lambda start_s, end_s: f"/api/v1/sources/{source_id}/clip?start_s={start_s}&end_s={end_s}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are put."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_stretch_is_cut_out_of_a_video_and_nothing_is_left_behind(
    serving: Serving, url: Url, tmp_path: Path, temporary: Path
) -> None:
    answer = serving.client.get(url(4, 5))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].endswith("film-4-5.mp4")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    (tmp_path / "clip.mp4").write_bytes(answer.content)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        shown = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    assert shown[-1] == pytest.approx(5 * FPS, abs=4)
    # Players ask for parts, which are parts of the same.
    part = serving.client.get(
        url(4, 5), headers={"Range": "bytes=100-199", "If-Range": answer.headers["etag"]}
    )
    assert (part.status_code, part.content) == (206, answer.content[100:200])
    # Nor is it cut again for who has it.
    known = serving.client.get(url(4, 5), headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    until(lambda: not list(temporary.iterdir()))


def test_what_can_t_be_cut_is_said(serving: Serving, url: Url, film: Path, temporary: Path) -> None:
    def problem(start_s: float, end_s: float) -> tuple[int, str]:
        answer = serving.client.get(url(start_s, end_s))
        return answer.status_code, answer.json()["detail"]

    for start_s, end_s in ((2, 1), (1, 1), (0, MAX_CLIP_S + 1)):
        status, detail = problem(start_s, end_s)
        assert status == 422
        assert "end_s must be after start_s" in detail
    assert problem(-1, 2)[0] == problem(float("nan"), 2)[0] == problem(0, float("inf"))[0] == 422
    status, detail = problem(100, 101)
    assert status == 422
    assert "no picture between" in detail
    with film.open("ab") as file:
        file.write(b"more")
    assert problem(4, 5)[0] == 404
    until(lambda: not list(temporary.iterdir()))


def test_what_is_no_video_that_is_there_has_no_clips(serving: Serving) -> None:
    for source, status in (("v-1", 404), ("v-none", 404), ("c-door", 404), ("i-1", 422)):
        answer = serving.client.get(f"/api/v1/sources/{source}/clip?start_s=0&end_s=1")
        assert answer.status_code == status


def test_only_so_many_clips_lie_about_at_a_time(temporary: Path) -> None:
    room = ClipRoom(at_a_time=2)
    with room.folder(), room.folder():
        with pytest.raises(RefusedError, match="Try again"), room.folder():
            pass
        assert len(list(temporary.iterdir())) == 2
    assert list(temporary.iterdir()) == []
    with room.folder():
        pass


def test_clips_leave_room_to_others_where_temporary_files_lie(
    serving: Serving, url: Url, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 70 << 20
    monkeypatch.setattr("facestream.web.clip_room.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    assert serving.client.get(url(4, 5)).status_code == 200
    free = 66 << 20
    answer = serving.client.get(url(4, 5))
    assert (answer.status_code, "no room" in answer.text) == (507, True)


def test_a_clip_goes_with_whoever_asked_for_it(serving: Serving, url: Url, temporary: Path) -> None:
    for _ in range(5):
        with serving.client.stream("GET", url(0, 8)) as answer:
            assert answer.status_code == 200
        until(lambda: not list(temporary.iterdir()))
