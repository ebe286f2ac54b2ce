"""Embedded faces."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from storage.array_fields import FloatArray, float_array
from storage.data_keys import NO_DATA_KEYS, PLAIN, DataKeys, DataSeal, crop_context, vector_context
from storage.errors import RecordError
from storage.fields import Fields, Raw, count, number, text


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedFace:
    """One embedded face, without its picture.

    Attributes:
        sample_id: Deterministic, so that delivering it twice changes nothing.
        track_id: The track that it is from.
        source_id: Where it was seen.
        frame: Frames decoded before this one.
        media_s: Presentation time, s.
        box_xyxy: float32 (4,), px.
        score: Detector's score, [0, 1].
        size_px: Side of the face.
        effective_px: Size of a frontal face that would tell as much.
        quality: In (0, 1], higher is better.
        model_id: The embedding space.
        vector: float32 (D,), L2-normalised; float16 in Redis.
    """

    sample_id: str
    track_id: str
    source_id: str
    frame: int
    media_s: float
    box_xyxy: FloatArray
    score: float
    size_px: float
    effective_px: float
    quality: float
    model_id: str
    vector: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample(EmbeddedFace):
    """One embedded face with its picture, as it is sent and stored.

    Attributes:
        crop_jpeg: Crop with margin, at most 256 px, or empty.
        crop_landmarks: float32 (5, 2), px in the crop.
    """

    crop_jpeg: bytes = b""
    crop_landmarks: FloatArray = field(default_factory=lambda: np.zeros((5, 2), np.float32))

    @property
    def has_crop(self) -> bool:
        """Whether there is a picture of it."""
        return bool(self.crop_jpeg)

    def encode(self, seal: DataSeal = PLAIN) -> Fields:
        """Fields of the hash, and of the stream entry.

        Args:
            seal: What seals vector and picture, where the collection is encrypted.
        """
        return {
            "sample_id": self.sample_id,
            "track_id": self.track_id,
            "source_id": self.source_id,
            "frame": self.frame,
            "media_s": repr(float(self.media_s)),
            "box_xyxy": self.box_xyxy.astype("<f4").tobytes(),
            "score": f"{self.score:.6g}",
            "size_px": f"{self.size_px:.6g}",
            "effective_px": f"{self.effective_px:.6g}",
            "quality": f"{self.quality:.6g}",
            "model_id": self.model_id,
            "vector": seal.seal(self.vector.astype("<f2").tobytes(), vector_context(self.sample_id)),
            "crop_jpeg": seal.seal(self.crop_jpeg, crop_context(self.sample_id)),
            "crop_landmarks": self.crop_landmarks.astype("<f4").tobytes(),
        }

    @classmethod
    def decode(cls, raw: Raw, data_keys: DataKeys = NO_DATA_KEYS) -> Self:
        """Read the fields back.

        Args:
            raw: The fields.
            data_keys: What opens vector and picture, where they are sealed.

        Raises:
            RecordError: If one is missing or malformed; names it.
            DataKeyError: If the key is not here that it is sealed with.
        """
        facts = _facts(raw, data_keys)
        return cls(
            **facts,
            crop_jpeg=data_keys.open(raw.get(b"crop_jpeg", b""), crop_context(facts["sample_id"])),
            crop_landmarks=float_array(raw, "crop_landmarks", "<f4", (5, 2)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BareSample(EmbeddedFace):
    """A stored face that was read without its picture.

    Attributes:
        has_crop: Whether there is a picture of it in Redis.
    """

    FIELDS: ClassVar[tuple[str, ...]] = tuple(facts.name for facts in fields(EmbeddedFace))
    """The fields of the hash that it is read from."""

    has_crop: bool

    @classmethod
    def decode(cls, raw: Raw, *, has_crop: bool, data_keys: DataKeys = NO_DATA_KEYS) -> Self:
        """Read the fields back; arguments and errors as those of `FaceSample.decode`."""
        return cls(**_facts(raw, data_keys), has_crop=has_crop)


Sample = FaceSample | BareSample
"""A face of which it is known whether there is a picture."""


def _facts(raw: Raw, data_keys: DataKeys) -> dict[str, Any]:
    """What `EmbeddedFace` is made of."""
    sample_id = text(raw, "sample_id")
    opened = data_keys.open(raw.get(b"vector", b""), vector_context(sample_id))
    vector = float_array({b"vector": opened}, "vector", "<f2", (-1,))
    length = np.sqrt(vector.dot(vector))
    if len(vector) < 2 or not length:
        raise RecordError(f"field 'vector' holds no direction ({len(vector)} numbers)", field="vector")
    vector = vector / length
    vector.flags.writeable = False
    quality = number(raw, "quality")
    if not 0 < quality <= 1:
        raise RecordError(f"field 'quality' is not in (0, 1]: {quality:g}", field="quality")
    return {
        "sample_id": sample_id,
        "track_id": text(raw, "track_id"),
        "source_id": text(raw, "source_id"),
        "frame": count(raw, "frame"),
        "media_s": number(raw, "media_s"),
        "box_xyxy": float_array(raw, "box_xyxy", "<f4", (4,)),
        "score": number(raw, "score"),
        "size_px": number(raw, "size_px"),
        "effective_px": number(raw, "effective_px"),
        "quality": quality,
        "model_id": text(raw, "model_id"),
        "vector": vector,
    }
