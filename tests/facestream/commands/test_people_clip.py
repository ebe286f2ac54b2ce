"""people clip: the moments of a person as a film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from collections_made import fill
from command_runs import Done

from facestream.exports.source_files import file_stems
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.effects import Effects
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from stream.fingerprint import fingerprint
from stream.video_writer import VideoWriter

Here = Callable[..., Done]


def write_film(path: Path, shade: int) -> Path:
    with VideoWriter(path, 64, 48, 25) as writer:
        for number in range(200):
            writer.write(np.full((48, 64, 3), (number + shade) % 256, np.uint8))
    return path


def id_of(film: Path) -> str:
    return f"v-{fingerprint(film)[:16]}"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "a film.mp4", 0)


@pytest.fixture
def source_id(film: Path, tmp_path: Path) -> str:
    fill(tmp_path / "data", film, id_of(film))
    return id_of(film)


def length_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(sum(1 for _ in container.decode(video=0)) / 25)


def test_a_film_of_each_video_and_a_note_on_the_rest(source_id: str, here: Here, tmp_path: Path) -> None:
    said = here("people", "clip", "p2", "-o", tmp_path / "p2.mp4")
    assert "p2.mp4: " in said.stdout
    assert "without sound" in said.stdout
    assert "Left out: /photos/group.jpg is a photo." in said.stderr
    # Seen from 0.4 to 1.4 s, with half a second before and after.
    assert 1.8 < length_s(tmp_path / "p2.mp4") < 2.3

    told = here(
        "people", "clip", "p1", "--source", "a film", "--margin", "0", "-o", tmp_path / "clips", "--json"
    ).json()
    (clip,) = told["clips"]
    assert (clip["source_id"], clip["sound"]) == (source_id, False)
    assert Path(clip["path"]).name == "p1-a_film.mp4"
    assert clip["seconds"] == pytest.approx(length_s(Path(clip["path"])), abs=0.1)


def test_what_can_t_be_cut_is_said(source_id: str, here: Here, tmp_path: Path, film: Path) -> None:
    out = tmp_path / "x.mp4"
    assert "what it saw is not kept" in here("people", "clip", "p3", "-o", out, code=1).stderr
    assert "was not seen in nothing" in (
        here("people", "clip", "p1", "--source", "nothing", "-o", out, code=1).stderr
    )
    assert "would be lost" in here("people", "clip", "p2", "-o", film, code=2).stderr
    with film.open("ab") as file:
        file.write(b"more")
    assert "has other content" in here("people", "clip", "p2", "-o", out, code=1).stderr
    assert not out.exists()


def test_somebody_of_photos_alone_is_in_no_video(here: Here, tmp_path: Path) -> None:
    photos = {f"i-{number:016x}" for number in range(35)}
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        keys = Keys("default")
        store, lease = IdentityStore(handle.client, keys), Lease(handle.client, keys.leader)
        assert lease.acquire()
        store.claim_model("dlib@1", {"pack": "open", "licence": "CC0-1.0", "commercial_use": "1"})
        sightings = tuple(Sighting(source_id, 0.0, 0.0) for source_id in photos)
        for source_id in photos:
            store.register_source(SourceRecord(source_id, "photo", f"/photos/{source_id}.jpg", 64, 48))
        store.commit(Effects(identities=[Identity("p1", tracks=35, faces=35, sightings=sightings)]), lease)
    said = here("people", "clip", "p1", "-o", tmp_path / "x.mp4", code=1).stderr
    assert said == "Error: there is no film of p1 to cut: p1 is on 35 photos and in no video.\n"


def test_a_video_that_is_gone_or_another_one_keeps_no_other_from_being_cut(
    film: Path, here: Here, tmp_path: Path
) -> None:
    dated = write_film(tmp_path / "dated.mp4", 60)
    known = id_of(dated)
    fill(tmp_path / "data", film, id_of(film), dated, known)
    one, folder = tmp_path / "x.mp4", tmp_path / "clips"
    assert "was seen in 2 videos" in here("people", "clip", "p1", "-o", one, code=2).stderr

    write_film(dated, 90)
    said = here("people", "clip", "p1", "-o", folder, code=1)
    assert f"Error: {dated}: has other content than when it was processed" in said.stderr
    assert [path.name for path in folder.iterdir()] == ["p1-a_film.mp4"]

    dated.unlink()
    told = here("people", "clip", "p1", "-o", one, "--json", code=1).json()
    assert [clip["path"] for clip in told["clips"]] == [str(one)]
    assert list(told["failed"]) == [known]
    assert (
        "is not there any more. Where it was moved, `facestream run` on its new place"
        in told["failed"][known]
    )


def test_films_that_are_called_alike_in_whatever_case_get_files_of_their_own() -> None:
    sources = [
        SourceRecord(source_id, "video", path, 64, 48)
        for source_id, path in (("v-1", "/a/Lobby.mp4"), ("v-2", "/b/lobby.mkv"), ("v-3", "/b/door.mp4"))
    ]
    assert file_stems(sources) == {"v-1": "Lobby-v-1", "v-2": "lobby-v-2", "v-3": "door"}


def test_captions_are_called_as_their_video_is() -> None:
    paths = {"v-1": "/tv/Who's “Là”？ [720p] #1.mkv", "v-2": f"/tv/{'ü' * 120}.ts", "c-1": "rtsp://x/a b"}
    sources = [SourceRecord(i, "video", path, 1, 1, 1.0) for i, path in paths.items()]
    stems = file_stems(sources, exact=True)
    assert stems["v-1"] == "Who's “Là”？ [720p] #1"
    # With room for another ending.
    assert stems["v-2"] == "ü" * 116
    assert stems["c-1"] == "1"
