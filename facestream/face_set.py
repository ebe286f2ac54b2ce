"""Faces as arrays, to be clustered or measured: the single faces of photos, or the tracks of a collection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from facestream.errors import NotFoundError
from facestream.person import Face
from stream.errors import StreamError

if TYPE_CHECKING:
    from facestream.client import Store
    from workers.models.pack import Pack

_log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Items to be clustered: faces of photos, or stored tracks.

    Attributes:
        faces: For each of N items the faces that it stands for: one of a photo, or all of a track.
        vectors: float32 (N, D), L2-normalised, with the influence of the face's size taken out.
        sizes_px: float32 (N,), size of the face.
        pictures: JPEG of each item's face with margin, or None where there is none.
        failed: Photos that could not be read, with the reason.
        faceless: Photos in which no face was found.
        in_video: Whether some are tracks of videos, in which strangers are more alike than in photos.
    """

    faces: tuple[tuple[Face, ...], ...]
    vectors: FloatArray
    sizes_px: FloatArray
    pictures: tuple[bytes | None, ...]
    failed: tuple[tuple[Path, str], ...] = ()
    faceless: tuple[Path, ...] = ()
    in_video: bool = False

    def __len__(self) -> int:
        """Number of items."""
        return len(self.faces)


def faces_of_photos(
    photos: Sequence[Path],
    pack: Pack,
    *,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    count: Callable[[int], None] = lambda _faces: None,
) -> FaceSet:
    """Find and embed every face of many photos, one photo at a time.

    Args:
        photos: Files.
        pack: The models.
        tell: Is told how many photos of how many are done.
        count: Is told after each photo how many faces there are by now; raises where those are too many.

    Returns:
        One item for each face, in the order of the photos, and inside a photo the largest first.
    """
    from facestream.search import read_photo
    from workers.photo_faces import photo_faces

    faces: list[tuple[Face, ...]] = []
    vectors: list[FloatArray] = []
    sizes_px: list[float] = []
    pictures: list[bytes | None] = []
    failed: list[tuple[Path, str]] = []
    faceless: list[Path] = []
    for done, path in enumerate(photos, 1):
        try:
            frame = read_photo(path)
        except StreamError as error:
            failed.append((path, str(error)))
        else:
            found = photo_faces(frame, pack, with_pictures=True)
            _log.info("%r: faces: %d", str(path), len(found))
            if not found:
                faceless.append(path)
            for face in found:
                left, top, right, bottom = face.box_xyxy.tolist()
                box = (left, top, right, bottom)
                faces.append((Face(str(path), str(path), 0, 0.0, box, face.score, "", ""),))
                vectors.append(pack.calibration.compensate(face.vector[None], [face.size_px])[0])
                sizes_px.append(face.size_px)
                pictures.append(face.picture)
        tell(done, len(photos))
        count(len(faces))
    return FaceSet(
        tuple(faces),
        np.array(vectors, np.float32).reshape(len(vectors), pack.manifest.embedder.dimension),
        np.array(sizes_px, np.float32),
        tuple(pictures),
        tuple(failed),
        tuple(faceless),
    )


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
        in_video=not all(track.photo for track in tracks),
    )
