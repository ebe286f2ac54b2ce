"""Search by the bytes of a photo, for many who ask one collection at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.errors import BusyError, UsageError
from facestream.search.search import Box, Match, box_of, faces_of, matches_of
from facestream.wiring import make_pack

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.configuration.settings import Place
    from facestream.search.resident_search import ResidentSearch
    from workers.clustering.likeness import LikeTrack
    from workers.models.pack import Pack
    from workers.photo_faces import PhotoFace

MAX_UPLOAD_PIXELS = 64_000_000
"""Largest width times height of a photo that is sent to be searched for; most of phones have 50.3 million."""
MAX_UPLOAD_BYTES = 32 << 20
"""Largest file of such a photo."""

# Faces of one photo that are searched for: a picture of a crowd must not keep everybody else waiting.
_MOST_FACES = 50
# Photos looked at at a time, and how long others wait for their turn.
_AT_A_TIME = 3
_PATIENCE_S = 10.0
_RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class FoundInPhoto:
    """A face of a search photo, who it may be, and which tracks are like it.

    Attributes:
        box_xyxy: Where in the photo, px.
        score: Detector's score, [0, 1].
        people: The likeliest first; also unlikely ones.
        tracks: Single tracks, the likest first, whoever has them.
    """

    box_xyxy: Box
    score: float
    people: tuple[Match, ...]
    tracks: tuple[LikeTrack, ...]


@dataclass(frozen=True, slots=True)
class SearchedPhoto:
    """A photo that was searched for.

    Attributes:
        width_px: Its width, upright.
        height_px: Its height.
        faces: Its faces, the largest first.
    """

    width_px: int
    height_px: int
    faces: tuple[FoundInPhoto, ...]


class PhotoSearch:
    """Searches for photos in a collection that is kept in memory. May be used by several threads at once.

    The models are loaded when the first photo comes, and once; a few photos are looked at at a time.

    Args:
        store: The collection.
        place: Where it is.
        search: The collection in memory.
        device: What models run on.
    """

    def __init__(self, store: Store, place: Place, search: ResidentSearch, device: str) -> None:
        self._store = store
        self._place = place
        self._search = search
        self._device = device
        self._turns = threading.BoundedSemaphore(_AT_A_TIME)
        # Of the models: loaded by one, and used by one.
        self._models = threading.Lock()
        self._pack: Pack | None = None

    def find(self, photo: bytes, name: str, limit: int, face: str | int = "all") -> SearchedPhoto:
        """Search for the faces of a photo; nothing of it is kept, and nothing touches the disk.

        Args:
            photo: All bytes of its file; its format is known by its content.
            name: What messages call it.
            limit: Most people and most tracks for each face.
            face: "all", "largest", or the number of one, from 0, the largest first.

        Raises:
            BusyError: If too many photos are looked at already, or the collection is still being read.
            StreamError: If it is no photo, is damaged, too large, or an animation.
            NoFaceError: If there is no face in it.
            UsageError: If it has no face of that number.
            StorageError: If the collection can't be read.
            WorkerError: If its models can't be loaded.
        """
        from stream.photo_bytes import PhotoBytes

        with self._turn():
            # Before the models are loaded: they are of no use while there is nothing to compare with.
            self._search.wait(_PATIENCE_S)
            reading = PhotoBytes(photo, name, max_pixels=MAX_UPLOAD_PIXELS, still=True)
            (frame,) = reading.frames(threading.Event())
            with self._models:
                pack = self._pack_of_collection()
                faces = faces_of(frame, pack)
            height_px, width_px = frame.image_bgr.shape[:2]
            del frame
            found = [self._found(one, pack, limit) for one in _chosen(faces, face, name)]
        return SearchedPhoto(width_px, height_px, tuple(found))

    def _found(self, face: PhotoFace, pack: Pack, limit: int) -> FoundInPhoto:
        people, tracks = self._search.search(face, pack.manifest.model_id, limit, limit, _PATIENCE_S)
        return FoundInPhoto(box_of(face), face.score, matches_of(people, self._store.person), tuple(tracks))

    def _pack_of_collection(self) -> Pack:
        models = self._search.models()
        if self._pack is None or models is None or self._pack.manifest.model_id != models.model_id:
            self._pack = None
            self._pack = make_pack(self._store.models_for(), self._place.data_dir, self._device)
        return self._pack

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_PATIENCE_S):
            raise BusyError(
                f"{_AT_A_TIME} photos are being searched for already; ask again in a moment.",
                retry_after_s=_RETRY_S,
            )
        try:
            yield
        finally:
            self._turns.release()


def _chosen(faces: list[PhotoFace], face: str | int, name: str) -> list[PhotoFace]:
    if face == "all":
        return faces[:_MOST_FACES]
    number = 0 if face == "largest" else int(face)
    if not 0 <= number < len(faces):
        raise UsageError(
            f"{name!r} has no face number {number}: {len(faces)} were found, numbered from 0, the largest "
            "first."
        )
    return [faces[number]]
