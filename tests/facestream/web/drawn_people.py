"""A collection of drawn faces that no model made: who looks like whom is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import redis

from facestream.wiring import calibration_of, facts_of, find_parts
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
from workers.models.calibration import normalised

MARKUP = '<img src=x onerror="document.title=1">'
FACE_PX = 96
RECORDED_AT_S = 1_777_636_800.0
SOURCES = (
    SourceRecord("v-1", "video", "/films/hall.mp4", 1920, 1080, 600.0, recorded_at_s=RECORDED_AT_S),
    SourceRecord("v-2", "video", "/films/yard.mp4", 1280, 720, 600.0),
    SourceRecord("c-door", "camera", "rtsp://192.168.1.20/1", 1280, 720, None, recorded_at_s=RECORDED_AT_S),
)


@dataclass(frozen=True)
class Drawn:
    """Somebody.

    Attributes:
        name: What they are called, or empty.
        face: Whose face they have.
        seen: In which source from when, s; each is a track.
        length_s: For how long each time.
        vector: Of their face, if a model has seen it.
        pictures: JPEGs of their face, or none for a drawn one.
    """

    name: str
    face: int
    seen: Sequence[tuple[str, float]]
    length_s: float = 2.0
    vector: npt.NDArray[np.float32] | None = None
    pictures: Sequence[bytes] = ()


# Seen in other moments each: who is seen at the same time is nobody's double.
EVERYBODY = (
    Drawn("Ada", 1, (("v-1", 0.0), ("v-1", 60.0), ("v-2", 30.0), ("c-door", 10.0))),
    Drawn("", 2, (("v-1", 10.0), ("v-2", 40.0))),
    Drawn("", 3, (("v-1", 20.0), ("v-2", 50.0))),
    Drawn(MARKUP, 4, (("v-1", 30.0), ("c-door", 20.0))),
    # The same face under two ids, twice.
    Drawn("Grace", 5, (("v-1", 40.0), ("v-2", 60.0))),
    Drawn("", 5, (("v-1", 100.0),)),
    Drawn("", 6, (("v-1", 110.0), ("v-2", 110.0))),
    Drawn("", 6, (("v-2", 120.0),)),
)


def fill(
    client: redis.Redis,
    keys: Keys,
    everybody: Sequence[Drawn] = EVERYBODY,
    in_sources: Sequence[SourceRecord] = SOURCES,
) -> None:
    """Make p1, p2 and so on of them."""
    store = IdentityStore(client, keys)
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    parts = find_parts("open")
    store.claim_model(parts.manifest.model_id, facts_of(parts, "open"))
    sources = {source.source_id: store.register_source(source) for source in in_sources}
    people = [(store.new_identity_id(), drawn) for drawn in everybody]
    effects = Effects(
        sources={i: source.with_segment(SegmentDone(i, 0, 9, 9)) for i, source in sources.items()}
    )
    for person, drawn in people:
        _add(effects, person, drawn, parts.manifest.model_id)
    store.commit(effects, lease)
    lease.release()
    log = DecisionLog(client, keys)
    for person, drawn in people:
        if drawn.name:
            log.rename(person, drawn.name)


def fill_many(client: redis.Redis, keys: Keys, count: int) -> None:
    """Further people, every second one with a name, who have no tracks and share the pictures of p1."""
    store = IdentityStore(client, keys)
    lease = Lease(client, keys.leader, ttl_s=600)
    pictures = tuple(f"{_track_id('v-1', 1, k)}.5" for k in range(2))
    first = len(EVERYBODY) + 1
    for start in range(first, first + count, 2000):
        assert lease.acquire()
        numbers = range(start, min(start + 2000, first + count))
        store.commit(
            Effects(
                identities=[
                    Identity(
                        f"p{number}",
                        tracks=1,
                        faces=9,
                        seconds=2.0,
                        sightings=(Sighting("v-1", float(number % 500), number % 500 + 2.0),),
                        thumbnails=pictures[number % 2 :],
                    )
                    for number in numbers
                ],
                names={f"p{number}": f"Name {number}" for number in numbers if number % 2},
            ),
            lease,
        )
    lease.release()


def _track_id(source_id: str, number: int, k: int) -> str:
    return f"{source_id}.{number}.{k}"


def _add(effects: Effects, person: str, drawn: Drawn, model_id: str) -> None:
    track_ids = []
    for k, (source_id, start_s) in enumerate(drawn.seen):
        track_id = _track_id(source_id, int(person[1:]), k)
        track_ids.append(track_id)
        vector = _vector(drawn.face, track_id) if drawn.vector is None else drawn.vector
        picture = drawn.pictures[k % len(drawn.pictures)] if drawn.pictures else _picture(drawn.face)
        effects.tracks.append(_track(track_id, source_id, start_s, drawn.length_s))
        effects.samples.append(_sample(track_id, source_id, start_s, vector, picture, model_id))
        effects.templates[track_id] = encode_template(vector, 100.0, 2.0, photo=False)
        effects.assignments[track_id] = person
        effects.provisional[track_id] = False
        effects.changes.append(IdentityChange(ChangeKind.ASSIGNED, person, track_id))
    effects.members_added[person] = set(track_ids)
    effects.identities.append(
        Identity(
            person,
            tracks=len(track_ids),
            faces=11 * len(track_ids),
            seconds=drawn.length_s * len(track_ids),
            sightings=tuple(Sighting(source, at_s, at_s + drawn.length_s) for source, at_s in drawn.seen),
            thumbnails=tuple(f"{track_id}.5" for track_id in track_ids),
        )
    )


@cache
def _vector(face: int, track_id: str) -> npt.NDArray[np.float32]:
    """Like a face, and near to others of the same."""
    mean = calibration_of(find_parts("open")).mean[-1]
    own, slight = (
        np.random.default_rng(list(text.encode())).normal(size=128) for text in (str(face), track_id)
    )
    vector = mean / np.linalg.norm(mean) + (0.42 * own + 0.02 * slight) / np.sqrt(128)
    return np.asarray(normalised(np.asarray(vector, np.float32)[None])[0], np.float32)


@cache
def _picture(face: int) -> bytes:
    """JPEG of a drawn face."""
    colour = [int(one) for one in np.random.default_rng(face).integers(60, 230, 3)]
    image = np.full((FACE_PX, FACE_PX, 3), colour, np.uint8)
    cv2.ellipse(image, (48, 52), (28, 36), 0, 0, 360, (170, 200, 235), -1, cv2.LINE_AA)
    for x in (37, 59):
        cv2.circle(image, (x, 44), 4, (60, 40, 30), -1, cv2.LINE_AA)
    cv2.ellipse(image, (48, 62), (4 + 2 * (face % 5), 7), 0, 10, 170, (80, 80, 190), 2, cv2.LINE_AA)
    done, data = cv2.imencode(".jpg", image)
    assert done
    return data.tobytes()


def _track(track_id: str, source_id: str, start_s: float, length_s: float) -> TrackRecord:
    rows = np.zeros(11, OBSERVATION)
    rows["media_s"] = start_s + np.linspace(0, length_s, 11)
    rows["frame"] = rows["media_s"] * 25
    rows["box_xyxy"], rows["score"] = (10, 10, 110, 130), 0.9
    return TrackRecord(track_id, source_id, rows, (f"{track_id}.5",), founder=True, ended=True)


def _sample(
    track_id: str,
    source_id: str,
    start_s: float,
    vector: npt.NDArray[np.float32],
    picture: bytes,
    model_id: str,
) -> FaceSample:
    return FaceSample(
        sample_id=f"{track_id}.5",
        track_id=track_id,
        source_id=source_id,
        frame=round(start_s * 25) + 5,
        media_s=start_s,
        box_xyxy=np.array([10, 10, 110, 130], np.float32),
        score=0.9,
        size_px=100.0,
        effective_px=100.0,
        quality=0.8,
        model_id=model_id,
        vector=vector,
        crop_jpeg=picture,
    )


def pairs(everybody: Iterable[Drawn] = EVERYBODY) -> set[frozenset[str]]:
    """Ids of those who have the same face."""
    faces: dict[int, list[str]] = {}
    for number, drawn in enumerate(everybody, 1):
        faces.setdefault(drawn.face, []).append(f"p{number}")
    return {frozenset(ids) for ids in faces.values() if len(ids) > 1}
