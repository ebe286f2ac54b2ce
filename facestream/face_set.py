"""Faces as arrays, to be measured: the single faces of photos, or the tracks of a collection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from facestream.errors import NotFoundError
from facestream.person import Face

if TYPE_CHECKING:
    from facestream.client import Store

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Items to be compared: faces of photos, or stored tracks.

    Attributes:
        faces: For each of N items the faces that it stands for: one of a photo, or all of a track.
        vectors: float32 (N, D), L2-normalised, with the influence of the face's size taken out.
        sizes_px: float32 (N,), size of the face.
        pictures: JPEG of each item's face with margin, or None where there is none.
        failed: Photos that could not be read, with the reason.
        faceless: Photos in which no face was found.
    """

    faces: tuple[tuple[Face, ...], ...]
    vectors: FloatArray
    sizes_px: FloatArray
    pictures: tuple[bytes | None, ...]
    failed: tuple[tuple[Path, str], ...] = ()
    faceless: tuple[Path, ...] = ()

    def __len__(self) -> int:
        """Number of items."""
        return len(self.faces)


def tracks_of_collection(store: Store, model_id: str, dimension: int) -> FaceSet:
    """The stored tracks of a collection that belong to somebody.

    Args:
        store: The open collection.
        model_id: Embedding space that its vectors must be of.
        dimension: Length of a vector.

    Raises:
        NotFoundError: If there is no such track.
        StorageError: If Redis fails, or if the collection was made with other models.
    """
    table = store.templates(model_id, dimension)
    row_of = {track_id: row for row, track_id in enumerate(table.track_ids)}
    tracks = [track for track in store.tracks() if track.id in row_of]
    if not tracks:
        raise NotFoundError(
            f"collection {store.collection!r} holds no tracks. `facestream run` fills it; `facestream "
            "collections list` shows others.",
            what=store.collection,
        )
    rows = [row_of[track.id] for track in tracks]
    return FaceSet(
        tuple(track.faces for track in tracks),
        table.vectors[rows],
        table.sizes_px[rows],
        tuple(store.track_thumbnails(track.id for track in tracks)),
    )
