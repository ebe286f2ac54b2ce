"""A collection with the faces of two photographs in it, and a server that is asked about them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import numpy as np
import numpy.typing as npt

from facestream.configuration.settings import Place
from facestream.demo_video import ASTRONAUT, GROUP
from facestream.search.search import faces_of, read_photo
from facestream.web.context import WebContext
from facestream.wiring import facts_of, find_parts
from storage.connection import RedisHandle
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.template_record import encode_template
from storage.track_record import OBSERVATION, TrackRecord
from workers.models.calibration import normalised
from workers.models.pack import Pack

FloatArray = npt.NDArray[np.float32]

PATIENCE_S = 20.0
PHOTOS = {"astronaut": ASTRONAUT, "group": GROUP}
STRANGERS = tuple(f"p{number}" for number in range(5, 13))


@dataclass(frozen=True)
class Seen:
    """A track: whose, where, when, and whose face it shows, how far off."""

    person: str
    source: str
    start_s: float
    face: str
    off: float


TRACKS = {
    "v-1.0.0": Seen("p1", "v-1", 0.0, "astronaut", 0.02),
    "v-2.0.0": Seen("p1", "v-2", 5.0, "astronaut", 0.03),
    # The same woman once more, under an id of her own.
    "v-3.0.0": Seen("p2", "v-3", 0.0, "astronaut", 0.04),
    # Twins: alike, and seen at the same time.
    "v-1.0.1": Seen("p3", "v-1", 1.0, "group", 0.02),
    "v-1.0.2": Seen("p4", "v-1", 1.0, "group", 0.03),
    **{f"v-2.9.{person}": Seen(person, "v-2", 30.0, person, 0.0) for person in STRANGERS},
}


class Collection:
    """A collection that is filled by hand, with the faces of two photographs in it.

    Args:
        handle: Server.
        place: Where.
        pack: Models.
    """

    def __init__(self, handle: RedisHandle, place: Place, pack: Pack) -> None:
        self.handle, self.place, self.pack = handle, place, pack
        self.keys = Keys(place.collection)
        self.store = IdentityStore(handle.client, self.keys)
        self.log = DecisionLog(handle.client, self.keys)
        self.owners: dict[str, str] = {}
        self._lease = Lease(handle.client, self.keys.leader, ttl_s=600)
        assert self._lease.acquire()

    def fill(self) -> None:
        parts = find_parts("open")
        self.store.claim_model(parts.manifest.model_id, facts_of(parts, "open"))
        for source_id in ("v-1", "v-2", "v-3"):
            self.store.register_source(
                SourceRecord(source_id, "video", f"/films/{source_id}.mp4", 640, 360, 60.0, 1.77e9, 5.0)
            )
        self.change({track_id: seen.person for track_id, seen in TRACKS.items()})

    def vector(self, track_id: str) -> FloatArray:
        seen = TRACKS[track_id]
        noise = np.random.default_rng(list(track_id.encode())).normal(size=128)
        if seen.face in PHOTOS:
            vector = _face_vector(seen.face, self.pack) + seen.off * noise / np.sqrt(128)
        else:
            # Like a face, and like nobody's.
            mean = self.pack.calibration.mean[-1]
            vector = mean / np.linalg.norm(mean) + 0.42 * noise / np.sqrt(128)
        return normalised(np.asarray(vector, np.float32)[None])[0]

    def change(self, owners: dict[str, str], merged: dict[str, str] | None = None) -> None:
        """Give tracks to people, and say who took over those who have none any more."""
        fresh = owners.keys() - self.owners.keys()
        effects = Effects(assignments=dict(owners))
        for track_id, owner in owners.items():
            if track_id in self.owners:
                effects.members_removed.setdefault(self.owners[track_id], set()).add(track_id)
            effects.members_added.setdefault(owner, set()).add(track_id)
        self.owners |= owners
        for track_id in fresh:
            seen, vector = TRACKS[track_id], self.vector(track_id)
            effects.tracks.append(track_record(track_id, seen))
            effects.samples.append(sample(track_id, seen, vector, self.pack))
            effects.templates[track_id] = encode_template(vector, 100.0, 2.0, photo=False)
        for person in {seen.person for seen in TRACKS.values()}:
            effects.identities.append(self._identity(person))
        effects.changes += [
            *(IdentityChange(ChangeKind.ASSIGNED, person, track) for track, person in owners.items()),
            *(IdentityChange(ChangeKind.MERGED, one, other_id=heir) for one, heir in (merged or {}).items()),
        ]
        self.store.commit(effects, self._lease)

    def forget(self, person: str) -> None:
        gone = {
            track_id: TRACKS[track_id].source for track_id, owner in self.owners.items() if owner == person
        }
        self.store.commit(
            Effects(
                tracks_removed=gone,
                forgotten=[person],
                changes=[IdentityChange(ChangeKind.FORGOTTEN, person)],
            ),
            self._lease,
        )

    def _identity(self, person: str) -> Identity:
        tracks = [track_id for track_id, owner in self.owners.items() if owner == person]
        sightings = tuple(
            Sighting(TRACKS[t].source, TRACKS[t].start_s, TRACKS[t].start_s + 2.0) for t in tracks
        )
        return Identity(person, tracks=len(tracks), faces=11 * len(tracks), sightings=sightings)


@functools.cache
def _face_vector(photo: str, pack: Pack) -> FloatArray:
    """Of the first face of a photograph, which many collections have."""
    return faces_of(read_photo(PHOTOS[photo].path()), pack)[0].vector


def track_record(track_id: str, seen: Seen) -> TrackRecord:
    rows = np.zeros(11, OBSERVATION)
    rows["media_s"] = seen.start_s + np.arange(11) / 5
    rows["frame"] = rows["media_s"] * 25
    rows["box_xyxy"], rows["score"] = (10, 10, 110, 130), 0.9
    return TrackRecord(track_id, seen.source, rows, (f"{track_id}.5",))


def sample(track_id: str, seen: Seen, vector: FloatArray, pack: Pack) -> FaceSample:
    box = np.array([10, 10, 110, 130], np.float32)
    return FaceSample(
        f"{track_id}.5",
        track_id,
        seen.source,
        5,
        seen.start_s,
        box,
        0.9,
        100.0,
        100.0,
        0.8,
        pack.manifest.model_id,
        vector,
        b"\xff\xd8 no picture",
    )


@dataclass(frozen=True)
class Served:
    """A server over a collection."""

    client: httpx2.Client
    collection: Collection
    context: WebContext

    def search(self, photo: bytes, name: str = "photo.jpg", **fields: str) -> httpx2.Response:
        return self.client.post("/api/v1/search", files={"photo": (name, photo)}, data=fields)

    def eventually(self, path: str, holds: Callable[[Any], bool]) -> Any:
        """What is answered when it is as it should be."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            answer = self.client.get(f"/api/v1/{path}")
            if answer.status_code == 200 and holds(answer.json()):
                return answer.json()
            assert time.monotonic() < deadline_s, answer.text
            time.sleep(0.05)
