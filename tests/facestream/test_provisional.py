"""Readers see what a re-cluster has not confirmed yet: as a run leaves it that was killed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_runs import Done

import facestream
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.effects import Effects
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.track_record import OBSERVATION, TrackRecord

Here = Callable[..., Done]

# Ada was known before; of her second track, of Bob and of a track of nobody only the run knows.
OWNERS = {"v-1.0.0": "p1", "v-1.25.0": "p1", "v-1.50.0": "p2", "v-1.75.0": None}
SEEN = {
    "p1": (Sighting("v-1", 0, 0.2), Sighting("v-1", 1, 1.2)),
    "p2": (Sighting("v-1", 2, 2.2),),
}
PROVISIONAL = {"v-1.25.0", "v-1.50.0", "v-1.75.0"}


def a_track(track_id: str) -> TrackRecord:
    observations = np.zeros(2, OBSERVATION)
    observations["frame"] = int(track_id.split(".")[1]) + np.array([0, 5])
    observations["media_s"] = observations["frame"] / 25
    observations["score"] = 0.9
    return TrackRecord(track_id, "v-1", observations, ())


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder with people of whom not everything is settled; `here` looks there."""
    folder, keys = tmp_path / "data", Keys("default")
    with open_redis(None, DataFolder(folder)) as handle:
        store, lease = IdentityStore(handle.client, keys), Lease(handle.client, keys.leader)
        assert lease.acquire()
        store.claim_model("dlib@1", {"pack": "open", "licence": "CC0-1.0", "commercial_use": "1"})
        store.register_source(SourceRecord("v-1", "video", "/films/a.mp4", 640, 360, 4.0, None, 5.0))
        members: dict[str, set[str]] = {}
        for track_id, owner in OWNERS.items():
            if owner:
                members.setdefault(owner, set()).add(track_id)
        people = [
            Identity(i, tracks=len(ids), faces=4, seconds=1.0, sightings=SEEN[i])
            for i, ids in members.items()
        ]
        effects = Effects(
            tracks=[a_track(track_id) for track_id in OWNERS],
            assignments=dict(OWNERS),
            provisional=dict.fromkeys(PROVISIONAL, True),
            identities=people,
            members_added=members,
        )
        store.commit(effects, lease)
        lease.release()
    return folder


def test_commands_tell_what_is_provisional(data_dir: Path, here: Here, tmp_path: Path) -> None:
    listed = here("people", "--no-thumbnails")
    assert [line.split()[:2] for line in listed.stdout.splitlines()[1:]] == [["p1", "-"], ["p2", "~"]]
    assert "~ 1 person provisional" in listed.stderr
    assert "provisional" not in here("people", "--no-thumbnails", "-q").stderr
    assert [person["provisional"] for person in here("people", "--json").json()] == [False, True]

    assert here("people", "show", "p2").stdout.startswith("p2: seen 1.0 s in 1 sighting; 1 track, 4 faces; ")
    assert "provisional" not in here("people", "show", "p1").stdout
    assert here("people", "show", "p2", "--json").json()["provisional"] is True
    # Of Ada, one of two sightings.
    shown = here("people", "show", "p1")
    assert [line.split()[1:3] for line in shown.stdout.splitlines()[-2:]] == [
        ["00:00.2", "/films/a.mp4"],
        ["00:01.2", "~"],
    ]
    assert "~ 1 sighting provisional" in shown.stderr
    seen = here("people", "show", "p1", "--json").json()["sightings"]
    assert [sighting["provisional"] for sighting in seen] == [False, True]
    listed = here("people", "--json").json()
    assert [[s["provisional"] for s in person["sightings"]] for person in listed] == [[False, True], [True]]

    rows = here("export", "--json").json()
    assert {row["track"] for row in rows if row["provisional"]} == PROVISIONAL
    lines = csv.DictReader(here("export").stdout.splitlines())
    assert [line["provisional"] for line in lines] == [str(int(row["provisional"])) for row in rows]

    tracks = here("tracks", "list")
    marks = ["~" in line.split()[:3] for line in tracks.stdout.splitlines()[1:]]
    assert marks == [track_id in PROVISIONAL for track_id in OWNERS]
    assert "~ 3 tracks provisional" in tracks.stderr
    told = {track["id"]: track["provisional"] for track in here("tracks", "list", "--json").json()}
    assert told == {track_id: track_id in PROVISIONAL for track_id in OWNERS}
    assert here("tracks", "show", "v-1.50.0").stdout.startswith("v-1.50.0: p2 (provisional), 2 faces\n")

    assert "provisional tracks: 3" in here("stats").stdout
    assert "4, 1 of nobody, 3 provisional" in here("collections", "stats").stdout
    assert here("collections", "stats", "--json").json()["provisional"] == 3

    here("report", "-o", tmp_path / "people.html")
    page = (tmp_path / "people.html").read_text()
    assert page.count(">provisional</small>") == 1


def test_the_python_client_tells_what_is_provisional(data_dir: Path) -> None:
    with facestream.connect(data_dir) as store:
        assert {person.id: person.provisional for person in store.people()} == {"p1": False, "p2": True}
        assert [store.person(person_id).provisional for person_id in ("p1", "p2")] == [False, True]
        assert {track.id for track in store.tracks() if track.provisional} == PROVISIONAL
        assert [track.provisional for track in store.tracks("p1")] == [False, True]
        assert store.track("v-1.50.0").provisional
        assert store.provisional_tracks() == PROVISIONAL
