"""Templates: what a search needs to know of each track, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from storage.array_fields import FloatArray

_log = logging.getLogger(__name__)

_FACTS = [("size_px", "<f4"), ("weight", "<f4"), ("photo", "<u4")]


def template_dtype(dimension: int) -> np.dtype[np.void]:
    """One template: 12 bytes of facts and the vector as float16, little endian, without padding."""
    return np.dtype([*_FACTS, ("vector", "<f2", (dimension,))])


def encode_template(vector: FloatArray, size_px: float, weight: float, *, photo: bool) -> bytes:
    """The bytes of one template.

    Args:
        vector: float32 (D,), L2-normalised mean of the size-compensated vectors of a track's samples.
        size_px: Effective size of its faces.
        weight: Weight of the track in the mean of a person.
        photo: Whether its source is a photo.
    """
    row = np.zeros(1, template_dtype(len(vector)))
    row["size_px"], row["weight"], row["photo"], row["vector"] = size_px, weight, photo, vector
    return row.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class TemplateTable:
    """The templates of all tracks that belong to somebody.

    Attributes:
        track_ids: N track ids.
        identity_ids: Those who have them, each once.
        owners: intp (N,), position of each track's person in `identity_ids`.
        vectors: float32 (N, D), the templates themselves.
        sizes_px: float32 (N,), effective size of the faces of each track.
        weights: float32 (N,), weight of each track in the mean of a person.
        photo: bool (N,), whether its source is a photo.
    """

    track_ids: tuple[str, ...]
    identity_ids: tuple[str, ...]
    owners: npt.NDArray[np.intp]
    vectors: FloatArray
    sizes_px: FloatArray
    weights: FloatArray
    photo: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, templates: Mapping[bytes, bytes], assignments: Mapping[bytes, bytes], dimension: int) -> Self:
        """Join what the two hashes hold; rows that can't be read are left out with a warning.

        Args:
            templates: Bytes of each track's template.
            assignments: Person of each track.
            dimension: Length of the vectors.
        """
        dtype = template_dtype(dimension)
        owned = [track_id for track_id in templates if assignments.get(track_id)]
        kept = [track_id for track_id in owned if len(templates[track_id]) == dtype.itemsize]
        rows = np.frombuffer(b"".join([templates[track_id] for track_id in kept]), dtype)
        vectors = rows["vector"].astype(np.float32)
        # A sum is finite only where all of it is, and is quicker to look at.
        with np.errstate(invalid="ignore"):
            whole = np.isfinite(vectors.sum(axis=1))
        for name in ("size_px", "weight"):
            whole &= np.isfinite(rows[name]) & (rows[name] > 0)
        if not whole.all():
            kept = [track_id for track_id, good in zip(kept, whole.tolist(), strict=True) if good]
            rows, vectors = rows[whole], vectors[whole]
        if len(kept) < len(owned):
            _log.warning("%d templates are damaged and left out", len(owned) - len(kept))
        number: dict[bytes, int] = {}
        owners = [number.setdefault(assignments[track_id], len(number)) for track_id in kept]
        return cls(
            tuple([track_id.decode() for track_id in kept]),
            tuple([identity_id.decode() for identity_id in number]),
            np.array(owners, np.intp),
            vectors,
            rows["size_px"].astype(np.float32),
            rows["weight"].astype(np.float32),
            rows["photo"] != 0,
        )
