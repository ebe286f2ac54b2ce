"""Tracks: one face followed through one shot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, flag, text

_REST = [("media_s", "<f8"), ("box_xyxy", "<f4", (4,)), ("score", "<f4")]

OBSERVATION = np.dtype([("frame", "<u8"), *_REST])
"""One face of a track in one sampled frame. A score of 0 marks a frame in which the face was not detected and
its box lies between its neighbours'."""

STORED_OBSERVATION = np.dtype([("frame", "<u4"), *_REST])
"""The same as it is stored: 32 bytes, little endian, its frame counted from the field `frame_base`."""

# A camera that is watched for five years comes beyond it.
_MOST_FRAMES = 2**32
_MOST_BASE = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class TrackRecord:
    """One face followed through one shot.

    Attributes:
        track_id: Deterministic: source, start and order within it.
        source_id: Where it was seen.
        observations: Structured array of dtype `OBSERVATION`, in order of time, never empty.
        sample_ids: Its embedded faces, in order of time.
        clothing: uint8 (C,): 255 times the square roots of a colour histogram, or None.
        continues: The track of the same face that it follows without a gap, or None.
        photo: Whether its source is a photo.
        founder: Whether its quality allows it to found a person.
        ended: Whether it can no longer grow.
        identity_id: The person it is given to, or None.
    """

    track_id: str
    source_id: str
    observations: npt.NDArray[np.void]
    sample_ids: tuple[str, ...]
    clothing: npt.NDArray[np.uint8] | None = None
    continues: str | None = None
    photo: bool = False
    founder: bool = True
    ended: bool = True
    identity_id: str | None = None

    @property
    def first_s(self) -> float:
        """Media time of the first observation, s."""
        return float(self.observations["media_s"][0])

    @property
    def last_s(self) -> float:
        """Media time of the last observation, s."""
        return float(self.observations["media_s"][-1])

    def encode(self) -> Fields:
        """Fields of the hash and the stream entry; `identity_id` is written by the cluster worker alone."""
        frames = self.observations["frame"]
        base = int(frames.min()) if int(frames.max()) >= _MOST_FRAMES else 0
        return {
            "track_id": self.track_id,
            "source_id": self.source_id,
            "first_s": f"{self.first_s:.3f}",
            "last_s": f"{self.last_s:.3f}",
            "faces": len(self.observations),
            "observations": _stored(self.observations, base),
            "frame_base": base,
            "sample_ids": " ".join(self.sample_ids),
            "clothing": b"" if self.clothing is None else self.clothing.tobytes(),
            "continues": self.continues or "",
            "photo": int(self.photo),
            "founder": int(self.founder),
            "ended": int(self.ended),
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        clothing = raw.get(b"clothing", b"")
        return cls(
            track_id=text(raw, "track_id"),
            source_id=text(raw, "source_id"),
            observations=_observations(raw.get(b"observations", b""), count(raw, "frame_base", "0")),
            sample_ids=tuple(text(raw, "sample_ids", "").split()),
            clothing=np.frombuffer(clothing, np.uint8) if clothing else None,
            continues=text(raw, "continues", "") or None,
            photo=flag(raw, "photo", "0"),
            founder=flag(raw, "founder", "1"),
            ended=flag(raw, "ended", "1"),
            identity_id=text(raw, "identity_id", "") or None,
        )


def _stored(observations: npt.NDArray[np.void], base: int) -> bytes:
    stored = np.empty(len(observations), STORED_OBSERVATION)
    stored["frame"] = observations["frame"] - np.uint64(base)
    for name, *_ in _REST:
        stored[name] = observations[name]
    return stored.tobytes()


def _observations(data: bytes, base: int) -> npt.NDArray[np.void]:
    if not data or len(data) % STORED_OBSERVATION.itemsize:
        raise RecordError(f"field 'observations' has {len(data)} bytes", field="observations")
    if base >= _MOST_BASE:
        raise RecordError(f"field 'frame_base' is no number of a frame: {base}", field="frame_base")
    observations = np.frombuffer(data, STORED_OBSERVATION).astype(OBSERVATION)
    observations["frame"] += np.uint64(base)
    if not all(np.isfinite(observations[name]).all() for name in ("media_s", "box_xyxy", "score")):
        raise RecordError("field 'observations' holds values that are not finite", field="observations")
    if (observations["media_s"][1:] < observations["media_s"][:-1]).any():
        raise RecordError("field 'observations' is not in order of time", field="observations")
    return observations
