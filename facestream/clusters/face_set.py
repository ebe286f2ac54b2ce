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
from facestream.people.person import Face
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


class FaceSetBuilder:
    """The faces of photos, one by one; `face_set` is all of them.

    Args:
        pack: The models that embedded them.

    Attributes:
        failed: Photos that could not be read, with the reason.
        faceless: Photos in which no face was found.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._faces: list[tuple[Face, ...]] = []
        self._vectors: list[FloatArray] = []
        self._sizes_px: list[float] = []
        self._pictures: list[bytes | None] = []
        self.failed: list[tuple[Path, str]] = []
        self.faceless: list[Path] = []

    def __len__(self) -> int:
        """Number of faces."""
        return len(self._faces)

    def add(
        self,
        path: Path,
        box_xyxy: FloatArray,
        score: float,
        vector: FloatArray,
        size_px: float,
        picture: bytes | None,
    ) -> None:
        """One more face.

        Args:
            path: The photo.
            box_xyxy: float32 (4,), px, within the photo.
            score: Detector's score, [0, 1].
            vector: float32 (D,), L2-normalised, as it was embedded.
            size_px: Size of the face.
            picture: JPEG of the face with margin.
        """
        left, top, right, bottom = box_xyxy.tolist()
        box = (left, top, right, bottom)
        self._faces.append((Face(str(path), str(path), 0, 0.0, box, score, "", ""),))
        self._vectors.append(self._pack.calibration.compensate(vector[None], [size_px])[0])
        self._sizes_px.append(size_px)
        self._pictures.append(picture)

    def face_set(self) -> FaceSet:
        """All of them, in the order in which they came."""
        dimension = self._pack.manifest.embedder.dimension
        return FaceSet(
            tuple(self._faces),
            np.array(self._vectors, np.float32).reshape(len(self), dimension),
            np.array(self._sizes_px, np.float32),
            tuple(self._pictures),
            tuple(self.failed),
            tuple(self.faceless),
        )


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
    from facestream.search.search import read_photo
    from workers.photo_faces import photo_faces

    faces = FaceSetBuilder(pack)
    for done, path in enumerate(photos, 1):
        try:
            frame = read_photo(path)
        except StreamError as error:
            faces.failed.append((path, str(error)))
        else:
            found = photo_faces(frame, pack, with_pictures=True)
            _log.info("%r: faces: %d", str(path), len(found))
            if not found:
                faces.faceless.append(path)
            for face in found:
                faces.add(path, face.box_xyxy, face.score, face.vector, face.size_px, face.picture)
        tell(done, len(photos))
        count(len(faces))
    return faces.face_set()


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
            f"collection {store.collection!r} holds no tracks. `{store.hint('run', 'VIDEO')}` fills it.",
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
