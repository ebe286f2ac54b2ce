"""Tracks of made-up people: vectors around orthogonal centres, so that who is who is known."""

from dataclasses import dataclass, field

import numpy as np

from storage.array_fields import FloatArray
from storage.delivery import Entry
from storage.sample_record import FaceSample
from storage.source_record import SourceRecord
from storage.track_record import OBSERVATION, TrackRecord
from workers.models.calibration import Calibration

DIMENSION = 32
MODEL_ID = "synthetic@1"
# Two samples of a person have a cosine of about 0.8, those of two people of about 0.
CALIBRATION = Calibration.flat(DIMENSION, genuine=0.8, impostor=0.0, spread=0.1)
_NOISE = 0.45


@dataclass(slots=True)
class Cast:
    """Up to `DIMENSION` people, and the tracks made of them so far."""

    seed: int = 0
    person_of: dict[str, int] = field(default_factory=dict)

    def vector(self, person: int, number: int, noise: float = _NOISE) -> FloatArray:
        away = np.random.default_rng((self.seed, person, number)).normal(size=DIMENSION)
        away[person] = 0.0
        centre = np.zeros(DIMENSION)
        centre[person] = 1.0
        vector = centre + noise * away / np.linalg.norm(away)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def track(
        self,
        person: int,
        number: int,
        *,
        source_id: str = "v-1",
        start_s: float | None = None,
        samples: int = 2,
        frames: int = 10,
        **changes: object,
    ) -> list[Entry]:
        """The samples of a track and the track: one after the other in time, unless told otherwise."""
        track_id = f"{source_id}.{number}.{person}"
        self.person_of[track_id] = person
        begin_s = number * 10.0 if start_s is None else start_s
        observations = np.zeros(frames, OBSERVATION)
        observations["media_s"] = begin_s + np.arange(frames) / 5
        observations["frame"] = np.round(observations["media_s"] * 25)
        observations["box_xyxy"] = (100, 100, 200, 220)
        observations["score"] = 0.99
        found: list[Entry] = [
            FaceSample(
                sample_id=f"{track_id}.{k}",
                track_id=track_id,
                source_id=source_id,
                frame=int(observations["frame"][k]),
                media_s=float(observations["media_s"][k]),
                box_xyxy=np.array([100, 100, 200, 220], np.float32),
                score=0.99,
                size_px=110.0,
                effective_px=100.0,
                quality=0.5 + 0.1 * k,
                model_id=MODEL_ID,
                vector=self.vector(person, number * 10 + k),
                crop_jpeg=f"jpeg of {track_id}".encode(),
            )
            for k in range(samples)
        ]
        facts: dict = {
            "track_id": track_id,
            "source_id": source_id,
            "observations": observations,
            "sample_ids": tuple(s.sample_id for s in found if isinstance(s, FaceSample)),
        }
        return [*found, TrackRecord(**{**facts, **changes})]


def a_source(source_id: str = "v-1", **changes: object) -> SourceRecord:
    facts: dict = {
        "source_id": source_id,
        "kind": "video",
        "path": f"/films/{source_id}.mp4",
        "width_px": 1920,
        "height_px": 1080,
        "fps": 5.0,
    }
    return SourceRecord(**{**facts, **changes})
