"""What was erased is in no file any more: planted bytes are found before, and none of them after."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_runs import Done

from facestream.wiring import make_manifest
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.retention_policy import DAY_S
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.template_record import encode_template
from storage.track_record import OBSERVATION, TrackRecord

KEYS = Keys("default")
NAME = "Ada Remarkable-Lovelace"
DOOMED, KEPT = "c-door.0.0", "c-door.900.0"


def planted(track_id: str, media_s: float, seed: int) -> tuple[FaceSample, TrackRecord]:
    """A face whose vector and picture are bytes that stand nowhere else."""
    noise = np.random.default_rng(seed)
    vector = noise.normal(size=128).astype(np.float32)
    vector /= np.linalg.norm(vector)
    observations = np.zeros(5, OBSERVATION)
    observations["media_s"] = media_s + np.arange(5) / 5
    observations["box_xyxy"] = (10, 10, 90, 90)
    observations["score"] = 0.99
    sample = FaceSample(
        sample_id=f"{track_id}.1",
        track_id=track_id,
        source_id="c-door",
        frame=1,
        media_s=media_s,
        box_xyxy=np.array([10, 10, 90, 90], np.float32),
        score=0.99,
        size_px=80.0,
        effective_px=80.0,
        quality=0.9,
        model_id=make_manifest("open").model_id,
        vector=vector,
        crop_jpeg=b"\xff\xd8" + noise.bytes(200),
    )
    return sample, TrackRecord(track_id, "c-door", observations, (sample.sample_id,))


def canaries(sample: FaceSample) -> dict[str, bytes]:
    """Bytes of a vector and of a picture, each long enough to stand nowhere by chance."""
    return {
        "vector": sample.vector.astype("<f2").tobytes()[:64],
        "picture": sample.crop_jpeg[40:104],
    }


def plant(data_dir: Path) -> dict[str, dict[str, bytes]]:
    """A collection with somebody who was at the door a hundred days ago, and somebody of yesterday.

    Returns:
        What gives each of them away, by track.
    """
    found = {}
    with open_redis(None, DataFolder(data_dir)) as handle:
        client = handle.client
        store, queue, lease = (
            IdentityStore(client, KEYS),
            SampleQueue(client, KEYS),
            Lease(client, KEYS.leader),
        )
        manifest = make_manifest("open")
        store.claim_model(manifest.model_id, {"pack": "open", "models": "open"})
        store.register_source(
            SourceRecord("c-door", "camera", "rtsp://door", 640, 360, recorded_at_s=time.time() - 100 * DAY_S)
        )
        assert lease.acquire()
        for seed, (track_id, media_s) in enumerate(((DOOMED, 0.0), (KEPT, 99 * DAY_S))):
            sample, track = planted(track_id, media_s, seed)
            found[track_id] = canaries(sample)
            identity_id = store.new_identity_id()
            person = Identity(
                identity_id,
                tracks=1,
                faces=5,
                sightings=(Sighting("c-door", media_s, media_s + 1),),
                thumbnails=(sample.sample_id,),
            )
            store.commit(
                Effects(
                    samples=[sample],
                    tracks=[track],
                    assignments={track_id: identity_id},
                    identities=[person],
                    members_added={identity_id: {track_id}},
                    templates={track_id: encode_template(sample.vector, 80.0, 1.0, photo=False)},
                ),
                lease,
            )
            # In a block of the log with others, where a deletion alone leaves them.
            queue.send([], faces=[sample])
            client.xadd(KEYS.dead, {"type": "sample", **sample.encode(), "dead_reason": "canary"})
        assert DecisionLog(client, KEYS).rename("p1", NAME)
        lease.release()
    found[DOOMED]["name"] = NAME.encode()
    return found


def files_with(folders: list[Path], wanted: dict[str, bytes]) -> dict[str, set[str]]:
    """Names of the files in which each of these bytes stand."""
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                for name, piece in wanted.items():
                    if piece in data:
                        found[name].add(path.name)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("people", "forget", "p1", "--yes"),
        ("people", "forget", "--before", "YESTERWEEK", "--yes"),
        ("retention", "--unnamed", "30", "--named", "30", "--yes"),
    ],
    ids=["forgotten", "from before a moment", "over age"],
)
def test_erased_bytes_are_in_no_file_any_more(
    here: Callable[..., Done], tmp_path: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    data_dir = tmp_path / "data"
    # The data folder with the server's files, its log and thumbnails; and what else a command writes.
    folders = [data_dir, Path(environment["HOME"])]
    with open_redis(None, DataFolder(data_dir)):
        planted_bytes = plant(data_dir)
        here("people")
        (data_dir / "thumbnails" / "default").mkdir(parents=True, exist_ok=True)
        before = files_with(folders, planted_bytes[DOOMED])
        assert all(before.values()), "what is not found before proves nothing after"
        assert any(name.endswith(".aof") for name in before["vector"])
        kept = files_with(folders, planted_bytes[KEPT])
        yesterweek = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 7 * DAY_S))

        here(*(yesterweek if word == "YESTERWEEK" else word for word in words))

        assert files_with(folders, planted_bytes[DOOMED]) == {
            "vector": set(),
            "picture": set(),
            "name": set(),
        }
        assert all(files_with(folders, planted_bytes[KEPT]).values())
        assert kept.keys() == planted_bytes[KEPT].keys()
        assert "forgotten" in here("people", "show", "p1", code=1).stderr
    assert os.access(data_dir, os.W_OK)


def test_the_name_of_somebody_who_had_vanished_is_in_no_file_any_more(
    here: Callable[..., Done], tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    name = {"name": NAME.encode()}
    with open_redis(None, DataFolder(data_dir)) as handle:
        plant(data_dir)
        lease = Lease(handle.client, KEYS.leader)
        assert lease.acquire()
        # Whose track was found by a run that was stopped, and not again.
        gone = Effects(
            tracks_removed={DOOMED: "c-door"},
            samples_removed={f"{DOOMED}.1"},
            members_removed={"p1": {DOOMED}},
            identities=[Identity("p1")],
        )
        IdentityStore(handle.client, KEYS).commit(gone, lease)
        lease.release()
        assert "no person 'p1'" in here("people", "show", "p1", code=1).stderr
        assert all(files_with([data_dir], name).values())

        assert "which would go" in here("people", "forget", "p1", "--dry-run").stdout
        said = here("people", "forget", "p1", "--yes").stdout

        assert said == "p1 is forgotten: what was decided about them is deleted.\n"
        assert files_with([data_dir], name) == {"name": set()}
        assert "was forgotten before" in here("people", "forget", "p1").stdout
