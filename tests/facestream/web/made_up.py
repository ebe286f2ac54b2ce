"""A small collection that no model made: three people in two videos and a photo."""

from __future__ import annotations

import cv2
import numpy as np
import redis

from facestream.wiring import facts_of, find_parts
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SegmentDone, SourceRecord
from storage.template_record import encode_template
from storage.track_record import OBSERVATION, TrackRecord

RECORDED_AT_S = 1_777_636_800.0
SOURCES = (
    SourceRecord("v-1", "video", "/films/a.mp4", 1920, 1080, recorded_at_s=RECORDED_AT_S),
    SourceRecord("v-2", "video", "/films/b.mp4", 1280, 720),
    SourceRecord("i-1", "photo", "/photos/c.jpg", 800, 600),
)
# Who is seen where: source, start and end.
TRACKS: dict[str, tuple[str, float, float]] = {
    "v-1.0.0": ("v-1", 0.0, 4.0),
    "v-1.200.0": ("v-1", 8.0, 10.0),
    "v-2.0.0": ("v-2", 1.0, 2.0),
    "v-1.50.1": ("v-1", 2.0, 6.0),
    "i-1.0.0": ("i-1", 0.0, 0.0),
    "v-2.100.0": ("v-2", 4.0, 5.0),
}
PEOPLE = {
    "p1": ("v-1.0.0", "v-1.200.0", "v-2.0.0"),
    "p2": ("v-1.50.1", "i-1.0.0"),
    "p3": ("v-2.100.0",),
}


def fill(client: redis.Redis, keys: Keys) -> None:
    """Make p1, called Ada, and p2 and p3 without names; the last is provisional."""
    store = IdentityStore(client, keys)
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    parts = find_parts("open")
    store.claim_model(parts.manifest.model_id, facts_of(parts, "open"))
    sources = {source.source_id: store.register_source(source) for source in SOURCES}
    owners = {track_id: person for person, track_ids in PEOPLE.items() for track_id in track_ids}
    assert [store.new_identity_id() for _ in PEOPLE] == list(PEOPLE)
    samples = [_sample(track_id, owner, parts.manifest.model_id) for track_id, owner in owners.items()]
    store.commit(
        Effects(
            samples=samples,
            tracks=[_track(track_id) for track_id in TRACKS],
            assignments=dict(owners),
            provisional={track_id: owner == "p3" for track_id, owner in owners.items()},
            sources={i: source.with_segment(SegmentDone(i, 0, 300, 300)) for i, source in sources.items()},
            identities=[_person(person) for person in PEOPLE],
            members_added={person: set(track_ids) for person, track_ids in PEOPLE.items()},
            templates={
                sample.track_id: encode_template(sample.vector, 100.0, 1.0, photo=sample.source_id == "i-1")
                for sample in samples
            },
            changes=[
                IdentityChange(ChangeKind.CREATED, person, track_ids[0])
                for person, track_ids in PEOPLE.items()
            ],
        ),
        lease,
    )
    lease.release()
    DecisionLog(client, keys).rename("p1", "Ada")


def vector(person: str, track_id: str) -> np.ndarray:
    """Near to others of the person."""
    own, slight = (np.random.default_rng(list(text.encode())) for text in (person, track_id))
    towards = own.normal(size=128) + 0.15 * slight.normal(size=128)
    return (towards / np.linalg.norm(towards)).astype(np.float32)


def crop_jpeg(track_id: str) -> bytes:
    """A picture in a colour of the track's own."""
    colour = np.random.default_rng(list(track_id.encode())).integers(0, 256, 3)
    done, data = cv2.imencode(".jpg", np.full((96, 96, 3), colour, np.uint8))
    assert done
    return data.tobytes()


def _sample(track_id: str, person: str, model_id: str) -> FaceSample:
    source_id, start_s, _ = TRACKS[track_id]
    frame = round(start_s * 25) + 5
    return FaceSample(
        sample_id=f"{track_id}.{frame}",
        track_id=track_id,
        source_id=source_id,
        frame=frame,
        media_s=start_s,
        box_xyxy=np.array([10, 20, 110, 140], np.float32),
        score=0.99,
        size_px=109.5,
        effective_px=100.25,
        quality=0.75,
        model_id=model_id,
        vector=vector(person, track_id),
        crop_jpeg=crop_jpeg(track_id),
    )


def _track(track_id: str) -> TrackRecord:
    source_id, start_s, end_s = TRACKS[track_id]
    frame = round(start_s * 25) + 5
    seen = np.zeros(2 if end_s > start_s else 1, OBSERVATION)
    for k, (at_s, left_px) in enumerate(((start_s, 10), (end_s, 40))[: len(seen)]):
        seen[k] = (round(at_s * 25), at_s, (left_px, 20, left_px + 100, 140), 0.9)
    return TrackRecord(
        track_id=track_id,
        source_id=source_id,
        observations=seen,
        sample_ids=(f"{track_id}.{frame}",),
        photo=source_id == "i-1",
        founder=True,
        ended=True,
    )


def _person(person: str) -> Identity:
    track_ids = PEOPLE[person]
    return Identity(
        person,
        tracks=len(track_ids),
        faces=2 * len(track_ids),
        sightings=tuple(Sighting(*TRACKS[track_id]) for track_id in track_ids),
        thumbnails=tuple(f"{track_id}.{round(TRACKS[track_id][1] * 25) + 5}" for track_id in track_ids),
    )
