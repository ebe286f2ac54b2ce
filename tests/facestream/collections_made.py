"""A collection that is filled through storage, without models: people in two films, a photo and a camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.track_record import OBSERVATION, TrackRecord

DAY_S = 1_777_636_800.0
FILM, DATED, PHOTO, DOOR = "v-film", "v-dated", "i-photo", "c-door"
# Track: person, source, first frame, sampled frames (5 a second of 25).
TRACKS = {
    f"{FILM}.0.0": ("p1", FILM, 0, 6),
    f"{FILM}.10.0": ("p2", FILM, 10, 6),
    f"{FILM}.100.0": ("p1", FILM, 100, 2),
    f"{FILM}.100.1": ("p1", FILM, 100, 1),
    f"{FILM}.150.0": (None, FILM, 150, 2),
    f"{DATED}.0.0": ("p1", DATED, 0, 6),
    f"{PHOTO}.0.0": ("p2", PHOTO, 0, 1),
    f"{DOOR}.50.0": ("p3", DOOR, 50, 6),
}
NAMES = {"p1": "Ada <b> & Co"}
JPEG = b"\xff\xd8\xff\xe0 a picture of "


def fill(
    folder: Path,
    film: Path | None = None,
    film_id: str = FILM,
    dated: Path | None = None,
    dated_id: str = DATED,
) -> Path:
    """Fill a data folder; `film` is where the first film lies, under the id that it has by its content."""
    keys = Keys("default")

    def named(text: str) -> str:
        return text.replace(FILM, film_id).replace(DATED, dated_id)

    tracks = {named(t): (p, named(s), first, n) for t, (p, s, first, n) in TRACKS.items()}
    with open_redis(None, DataFolder(folder)) as handle:
        store, lease = IdentityStore(handle.client, keys), Lease(handle.client, keys.leader)
        assert lease.acquire()
        store.claim_model("dlib@1", {"pack": "open", "licence": "CC0-1.0", "commercial_use": "1"})
        for source in (
            SourceRecord(film_id, "video", str(film or "/films/a film.mp4"), 640, 360, 8.0, None, 5.0),
            SourceRecord(dated_id, "video", str(dated or "/films/dated.mp4"), 640, 360, 8.0, DAY_S, 5.0),
            SourceRecord(PHOTO, "photo", "/photos/group.jpg", 640, 360),
            SourceRecord(DOOR, "camera", "rtsp://host/door", 640, 360, None, DAY_S + 60, 5.0),
        ):
            store.register_source(source)
        records = {t: _track(t, source, first, n) for t, (_, source, first, n) in tracks.items()}
        members: dict[str, set[str]] = {}
        seen: dict[str, list[Sighting]] = {}
        for track_id, (owner, source_id, _, _) in tracks.items():
            if owner:
                members.setdefault(owner, set()).add(track_id)
                record = records[track_id]
                seen.setdefault(owner, []).append(Sighting(source_id, record.first_s, record.last_s))
        people = [
            Identity(
                i,
                tracks=len(ids),
                faces=sum(len(records[t].observations) for t in ids),
                seconds=1.0,
                sightings=tuple(dict.fromkeys(seen[i])),
                thumbnails=(f"{min(ids)}.s",),
            )
            for i, ids in members.items()
        ]
        changes = [
            IdentityChange(
                ChangeKind.CREATED,
                owner,
                track_id,
                f"{track_id}.s",
                records[track_id].last_s,
                DAY_S + 100,
                provisional=True,
            )
            for track_id, (owner, *_) in tracks.items()
            if owner
        ]
        changes.append(IdentityChange(ChangeKind.MERGED, "p2", other_id="p9", published_at_s=DAY_S + 101))
        store.commit(
            Effects(
                tracks=list(records.values()),
                samples=[_sample(f"{t}.s", t, records[t].source_id) for t in tracks],
                assignments={t: owner for t, (owner, *_) in tracks.items()},
                identities=people,
                members_added=members,
                changes=changes,
            ),
            lease,
        )
        lease.release()
    import facestream

    with facestream.connect(folder) as opened:
        for person, name in NAMES.items():
            opened.name(person, name)
    return folder


def _track(track_id: str, source_id: str, first: int, count: int) -> TrackRecord:
    observations = np.zeros(count, OBSERVATION)
    observations["frame"] = first + 5 * np.arange(count)
    observations["media_s"] = observations["frame"] / 25
    observations["box_xyxy"] = (10, 20, 110, 140)
    observations["score"] = 0.9
    return TrackRecord(track_id, source_id, observations, (f"{track_id}.s",), photo=source_id == PHOTO)


def _sample(sample_id: str, track_id: str, source_id: str) -> FaceSample:
    vector = np.random.default_rng(len(track_id)).normal(size=128).astype(np.float32)
    return FaceSample(
        sample_id=sample_id,
        track_id=track_id,
        source_id=source_id,
        frame=0,
        media_s=0.0,
        box_xyxy=np.array([10, 20, 110, 140], np.float32),
        score=0.9,
        size_px=109.5,
        effective_px=100.0,
        quality=0.75,
        model_id="dlib@1",
        vector=vector / np.linalg.norm(vector),
        crop_jpeg=JPEG + sample_id.encode(),
    )
