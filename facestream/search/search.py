"""Search by photo, and the comparison of two photos."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.errors import NoFaceError, NotFoundError
from facestream.people.person import Person
from storage.errors import RecordError

if TYPE_CHECKING:
    from storage.template_record import TemplateTable
    from stream.frame import Frame
    from workers.clustering.likeness import LikePerson
    from workers.models.pack import Pack
    from workers.photo_faces import PhotoFace

_log = logging.getLogger(__name__)

# From these on the words are used; measured in docs/benchmarks.md.
_WORDS = ((0.97, "almost certain"), (0.9, "very likely"), (0.6, "likely"), (0.2, "doubtful"))
_SAME, _DIFFERENT = 0.9, 0.1

Box = tuple[float, float, float, float]


def in_words(sureness: float) -> str:
    """A probability in words."""
    return next((word for least, word in _WORDS if sureness >= least), "unlikely")


def in_percent(sureness: float) -> str:
    """A probability in percent, never rounded to certainty."""
    percent = min(max(sureness * 100, 0.1), 99.9)
    return f"{percent:.1f} %" if percent < 1 or percent > 99 else f"{percent:.0f} %"


@dataclass(frozen=True, slots=True)
class Match:
    """A person who may be the one in a photo.

    Attributes:
        person: Who, with their sightings.
        similarity: Mean cosine similarity to their tracks, [-1, 1].
        sureness: Probability that it is the same person, (0, 1); allows for the size of the faces and for
            the number of people there are.
        track: Their track that is most like the face.
    """

    person: Person
    similarity: float
    sureness: float
    track: str


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face of a search photo, and who it may be.

    Attributes:
        box_xyxy: Where in the photo, px.
        score: Detector's score, [0, 1].
        matches: People, the likeliest first; also unlikely ones. Empty in an empty collection.
        founds: Whether it is good enough to make a person of its own.
    """

    box_xyxy: Box
    score: float
    matches: tuple[Match, ...]
    founds: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two faces, one of each photo: the largest.

    Attributes:
        similarity: Cosine similarity, [-1, 1].
        sureness: Probability that they are the same person, where both cases were equally likely before.
        same: Whether they are, or None where the faces don't tell.
        boxes_xyxy: The two faces, px.
        faces: How many faces each photo shows.
    """

    similarity: float
    sureness: float
    same: bool | None
    boxes_xyxy: tuple[Box, Box]
    faces: tuple[int, int]


def read_photo(photo: Path) -> Frame:
    """A photo to search with; its `source_id` is its path.

    Raises:
        StreamError: If the file can't be read, or is no photo.
    """
    from stream.photo import PhotoFile

    (frame,) = PhotoFile(photo, str(photo)).frames(threading.Event())
    return frame


def faces_of(photo: Frame, pack: Pack) -> list[PhotoFace]:
    """The faces of a photo, the largest first.

    Raises:
        NoFaceError: If there is no face in it.
    """
    from workers.photo_faces import photo_faces

    faces = photo_faces(photo, pack)
    if not faces:
        height, width = photo.image_bgr.shape[:2]
        raise NoFaceError(
            f"{photo.source_id!r}: no face was found in this photo of {width}x{height} px. Use one in which "
            "the face is larger, upright and seen from the front.",
            photo=photo.source_id,
        )
    return faces


class TemplateSearch:
    """Search in the templates of a collection.

    Args:
        templates: Of all tracks.
        pack: The models of the collection.
    """

    def __init__(self, templates: TemplateTable, pack: Pack) -> None:
        from facestream.search.resident_search import tracks_of
        from workers.clustering.resident_gallery import ResidentGallery

        self._founder_px = pack.manifest.quality.founder_px
        self._sure_score = pack.manifest.detector.sure_score
        self._gallery = ResidentGallery(pack.calibration)
        self._gallery.put(tracks_of(templates))

    def found(self, face: PhotoFace, limit: int, person_of: Callable[[str], Person]) -> FoundFace:
        """Who a face may be.

        Args:
            face: The face.
            limit: Most people.
            person_of: Looks a person up; raises `NotFoundError` or `RecordError` where that fails.
        """
        people, _ = self._gallery.search(face.vector, face.size_px, face.effective_px, limit)
        founds = face.score >= self._sure_score and face.effective_px >= self._founder_px
        return FoundFace(box_of(face), face.score, matches_of(people, person_of), founds)

    def ranked(self, face: PhotoFace, limit: int) -> list[tuple[str, float, float, str]]:
        """Who a face is like, the likeliest first: person, similarity, sureness, likest track."""
        people, _ = self._gallery.search(face.vector, face.size_px, face.effective_px, limit)
        return [(like.person_id, like.similarity, like.sureness, like.best_track) for like in people]


def matches_of(people: Iterable[LikePerson], person_of: Callable[[str], Person]) -> tuple[Match, ...]:
    """People who are there, of those whom a search found, each once.

    Args:
        people: As a search ranked them.
        person_of: Looks a person up; raises `NotFoundError` or `RecordError` where that fails.
    """
    matches: list[Match] = []
    for like in people:
        person = there(like.person_id, person_of)
        # Merged in this very moment, somebody may come twice.
        if person is not None and all(match.person.id != person.id for match in matches):
            matches.append(Match(person, like.similarity, like.sureness, like.best_track))
    return tuple(matches)


def there(person_id: str, person_of: Callable[[str], Person]) -> Person | None:
    """A person whom a search found, or None where they were forgotten in this moment or can't be read."""
    try:
        return person_of(person_id)
    except NotFoundError:
        return None
    except RecordError as error:
        _log.warning("%s It is left out until then.", error)
        return None


def box_of(face: PhotoFace) -> Box:
    """The box as plain numbers."""
    left, top, right, bottom = face.box_xyxy.tolist()
    return left, top, right, bottom


def compare(first: Frame, second: Frame, pack: Pack) -> Comparison:
    """Compare the largest faces of two photos.

    Raises:
        NoFaceError: If there is no face in one.
    """
    import numpy as np

    from workers.clustering.search import SearchGallery, search

    one, other = faces_of(first, pack), faces_of(second, pack)
    face = other[0]
    calibration = pack.calibration
    gallery = SearchGallery(
        templates=calibration.compensate(face.vector[None], [face.size_px]),
        sizes_px=np.array([face.effective_px], np.float32),
        weights=np.ones(1, np.float32),
        in_video=np.zeros(1, np.bool_),
        owners=np.zeros(1, np.intp),
    )
    (match,) = search(one[0].vector, one[0].size_px, one[0].effective_px, gallery, calibration)
    same = True if match.sureness >= _SAME else False if match.sureness <= _DIFFERENT else None
    return Comparison(
        match.similarity,
        match.sureness,
        same,
        (box_of(one[0]), box_of(face)),
        (len(one), len(other)),
    )
