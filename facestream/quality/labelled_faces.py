"""The labelled faces of photos: of each photo the one in its middle, embedded."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facestream.clusters.face_set import FaceSet, FaceSetBuilder, FloatArray
from facestream.search.search import read_photo
from stream.errors import StreamError
from workers.candidate import Candidate, FaceJudge
from workers.central_face import central_face
from workers.faces.crop import cut_crop
from workers.faces.miniature import miniature
from workers.models.measurement import SIZES_PX

if TYPE_CHECKING:
    from stream.frame import Frame
    from workers.models.pack import Pack


@dataclass(frozen=True, slots=True)
class DoubledPhoto:
    """A photo that shows the very same picture as another.

    Attributes:
        path: The photo.
        name: Who is on it.
        first: The other photo.
        first_name: Who is on that one: where the names differ, one of them is wrong.
    """

    path: Path
    name: str
    first: Path
    first_name: str

    @property
    def is_mislabelled(self) -> bool:
        """Whether the two are said to show two people."""
        return self.name != self.first_name


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """The faces of photos and whose they are.

    Attributes:
        faces: One item for each photo with a face, in the order of their paths.
        names: Whose each is.
        doubled: Photos that were left out because another shows the very same picture, with that one: they
            would be pairs of similarity 1.
        by_size: float32 (S, M, D), embeddings of those of whom there are several photos, as if their faces
            were of each of `SIZES_PX`, as they are where they are smaller; None where it wasn't asked for.
        by_size_names: The M people.
        by_size_px: float32 (M,), size of each face as it is.
    """

    faces: FaceSet
    names: tuple[str, ...]
    doubled: tuple[DoubledPhoto, ...]
    by_size: FloatArray | None = None
    by_size_names: tuple[str, ...] = ()
    by_size_px: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))


def labelled_faces(
    labels: Mapping[Path, str],
    pack: Pack,
    *,
    by_size: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    stop: threading.Event | None = None,
) -> LabelledFaces:
    """Find and embed the face in the middle of every photo.

    Args:
        labels: Who is on each photo.
        pack: The models.
        by_size: Whether every face is embedded at several sizes as well, which takes eight times as long.
        tell: Is told how many photos of how many are done.
        stop: Ends it early, with what was found by then.
    """
    photos_of = Counter(labels.values())
    reading = _Reading(pack)
    # Sorted, so that what is drawn by lot is the same every time.
    for done, (path, name) in enumerate(sorted(labels.items()), 1):
        if stop is not None and stop.is_set():
            break
        reading.take(path, name, by_size=by_size and photos_of[name] > 1)
        tell(done, len(labels))
    return reading.result(by_size=by_size)


class _Reading:
    """What was found in the photos so far."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._judge = FaceJudge(pack)
        self._random = np.random.default_rng(0)
        self._first: dict[bytes, tuple[Path, str]] = {}
        self._doubled: list[DoubledPhoto] = []
        self._faces = FaceSetBuilder(pack)
        self._names: list[str] = []
        self._miniatures: list[FloatArray] = []
        self._miniature_names: list[str] = []
        self._miniature_px: list[float] = []

    def take(self, path: Path, name: str, *, by_size: bool) -> None:
        """Look at one photo."""
        try:
            frame = read_photo(path)
        except StreamError as error:
            self._faces.failed.append((path, str(error)))
            return
        first, first_name = self._first.setdefault(_picture_name(frame), (path, name))
        if first != path:
            self._doubled.append(DoubledPhoto(path, name, first, first_name))
            return
        detection = central_face(self._pack, frame.image_bgr)
        candidate = None if detection is None else self._judge.judge(frame, detection)
        if candidate is None:
            self._faces.faceless.append(path)
            return
        self._keep(path, name, frame, candidate)
        if by_size:
            embedder = self._pack.embedder
            chips = [
                miniature(frame.image_bgr, candidate.detection, size_px, embedder, self._random)
                for size_px in SIZES_PX
            ]
            self._miniatures.append(embedder.embed(chips))
            self._miniature_names.append(name)
            self._miniature_px.append(candidate.look.size_px)

    def _keep(self, path: Path, name: str, frame: Frame, candidate: Candidate) -> None:
        self._judge.embed([candidate.look])
        assert candidate.look.vector is not None
        self._names.append(name)
        self._faces.add(
            path,
            candidate.detection.box_xyxy,
            candidate.detection.score,
            candidate.look.vector,
            candidate.look.size_px,
            cut_crop(frame.image_bgr, candidate.detection).jpeg(),
        )

    def result(self, *, by_size: bool) -> LabelledFaces:
        """All of it."""
        dimension = self._pack.manifest.embedder.dimension
        small = np.array(self._miniatures, np.float32).reshape(-1, len(SIZES_PX), dimension)
        return LabelledFaces(
            self._faces.face_set(),
            tuple(self._names),
            tuple(self._doubled),
            small.transpose(1, 0, 2) if by_size else None,
            tuple(self._miniature_names),
            np.array(self._miniature_px, np.float32),
        )


def _picture_name(frame: Frame) -> bytes:
    """The same for the same picture, also where a file was saved again without loss, or has other tags."""
    # Without a copy: pictures may take half of the memory that there is.
    name = hashlib.blake2b(repr(frame.image_bgr.shape).encode(), digest_size=16)
    name.update(np.ascontiguousarray(frame.image_bgr).data)
    return name.digest()
