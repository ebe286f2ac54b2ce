"""Strategies for the records, and plain examples of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from storage.array_fields import FloatArray
from storage.camera_record import CameraRecord
from storage.data_keys import MAGIC
from storage.fields import Fields
from storage.identity_record import ChangeKind, IdentityChange
from storage.recluster_record import ReclusterRecord
from storage.sample_record import FaceSample
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord
from storage.template_record import encode_template
from storage.track_record import OBSERVATION, TrackRecord
from storage.webhook_record import WebhookRecord

ids = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=20)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
times_s = st.floats(0, 4e9, allow_nan=False)
counts = st.integers(0, 2**53)


def as_stored(fields: Fields) -> dict[bytes, bytes]:
    """Fields as they come back from Redis."""
    return {
        name.encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in fields.items()
    }


def change_of(raw: Mapping[bytes, bytes]) -> IdentityChange:
    """An event as any reader of the stream reads it."""
    told = {name.decode(): value.decode() for name, value in raw.items()}
    times = {name: float(told.pop(name)) for name in ("event_s", "published_at_s")}
    provisional = told.pop("provisional") == "1"
    return IdentityChange(ChangeKind(told.pop("kind")), **told, **times, provisional=provisional)


def arrays(shape: tuple[int, ...], largest: float = 1e6) -> st.SearchStrategy[FloatArray]:
    size = int(np.prod(shape))
    numbers = st.floats(-largest, largest, width=32)
    return st.lists(numbers, min_size=size, max_size=size).map(
        lambda values: np.array(values, np.float32).reshape(shape)
    )


def unit(seed: int, size: int = 128) -> FloatArray:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return vector / np.linalg.norm(vector)


sightings = st.builds(Sighting, texts, times_s, times_s)
vectors = st.builds(unit, st.integers(0, 10_000), st.sampled_from([2, 16, 128, 512]))


def face_samples() -> st.SearchStrategy[FaceSample]:
    return st.builds(
        FaceSample,
        sample_id=ids,
        track_id=ids,
        source_id=ids,
        frame=counts,
        media_s=times_s,
        box_xyxy=arrays((4,)),
        score=st.floats(0, 1),
        size_px=st.floats(0, 1e4),
        effective_px=st.floats(0, 1e4),
        quality=st.floats(1e-5, 1),
        model_id=ids,
        vector=vectors,
        # What begins like something sealed is no picture, and asks for a key.
        crop_jpeg=st.binary(max_size=50).filter(lambda crop: not crop.startswith(MAGIC)),
        crop_landmarks=arrays((5, 2)),
    )


def observations(frames: list[tuple[int, float, float]]) -> np.ndarray:
    """Observations of (frame, media_s, score), boxes made up."""
    result = np.zeros(len(frames), OBSERVATION)
    for k, (frame, media_s, score) in enumerate(frames):
        result[k] = (frame, media_s, (10 + k, 20, 110 + k, 140), score)
    return result


@st.composite
def track_records(draw: Callable) -> TrackRecord:
    moments = sorted(draw(st.lists(times_s, min_size=1, max_size=20)))
    base = draw(st.sampled_from([0, 0, 2**32, 2**40]))
    frames = [(base + draw(st.integers(0, 2**32 - 1)), t, draw(st.floats(0, 1, width=32))) for t in moments]
    colours = draw(st.none() | st.binary(min_size=1, max_size=360))
    return TrackRecord(
        track_id=draw(ids),
        source_id=draw(ids),
        observations=observations(frames),
        sample_ids=tuple(draw(st.lists(ids, max_size=5))),
        clothing=None if colours is None else np.frombuffer(colours, np.uint8),
        continues=draw(st.none() | ids),
        photo=draw(st.booleans()),
        founder=draw(st.booleans()),
        ended=draw(st.booleans()),
    )


def a_sample(sample_id: str = "v-1.0.0.7", **changes: object) -> FaceSample:
    facts: dict = {
        "sample_id": sample_id,
        "track_id": "v-1.0.0",
        "source_id": "v-1",
        "frame": 7,
        "media_s": 0.28,
        "box_xyxy": np.array([10, 20, 110, 140], np.float32),
        "score": 0.99,
        "size_px": 109.5,
        "effective_px": 100.25,
        "quality": 0.75,
        "model_id": "dlib@1",
        "vector": unit(1),
        "crop_jpeg": b"\xff\xd8jpeg",
    }
    return FaceSample(**{**facts, **changes})


def a_track(track_id: str = "v-1.0.0", **changes: object) -> TrackRecord:
    facts: dict = {
        "track_id": track_id,
        "source_id": "v-1",
        "observations": observations([(0, 0.0, 0.9), (5, 0.2, 0.0), (10, 0.4, 0.95)]),
        "sample_ids": (f"{track_id}.7",),
    }
    return TrackRecord(**{**facts, **changes})


def a_recluster(**changes: object) -> ReclusterRecord:
    facts: dict = {
        "reason": "the end of a file",
        "tracks": 47,
        "people": 6,
        "unassigned": 3,
        "earlier": 40,
        "changed": 1,
        "wide": 1,
        "seconds": 0.25,
        "ended_at_s": 1_777_636_800.5,
    }
    return ReclusterRecord(**{**facts, **changes})


def a_source(source_id: str = "v-1", **changes: object) -> SourceRecord:
    facts: dict = {
        "source_id": source_id,
        "kind": "video",
        "path": "/films/a.mp4",
        "width_px": 1920,
        "height_px": 1080,
    }
    return SourceRecord(**{**facts, **changes})


def a_template() -> bytes:
    """Of the track that `a_track` and `a_sample` tell of."""
    return encode_template(unit(1), 100.25, 1.0, photo=False)


def a_camera(name: str = "door", **settings: Any) -> CameraRecord:
    """A camera whose URL nobody sealed."""
    given = {"sealed_url": "1:sealed", "shown_url": "rtsp://host/live", "created_at_s": 1.8e9}
    return CameraRecord(name, **(given | settings))


def a_webhook(webhook_id: str = "w0123456789ab", **settings: Any) -> WebhookRecord:
    """A webhook whose URL nobody sealed."""
    given = {
        "sealed_url": "1:sealed",
        "shown_url": "https://example.org/***",
        "sealed_secret": "1:sealed",
        "created_at_s": 1.8e9,
    }
    return WebhookRecord(webhook_id, **(given | settings))
