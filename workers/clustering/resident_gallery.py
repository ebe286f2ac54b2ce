"""All tracks of a collection, kept in memory so that a face is compared with a million of them at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.likelihood import expected_likeness, face_evidence
from workers.clustering.likeness import LikePerson, LikeTrack
from workers.clustering.owned_rows import OwnedRows
from workers.clustering.profiles import Profiles
from workers.clustering.search import (
    SEARCH_SETTINGS,
    evidence_of_people,
    mean_of_people,
    sureness,
    variance_of,
)
from workers.clustering.shortlist import likely_first, that_matter
from workers.clustering.template_codes import CodedFaces, TemplateCodes
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
AnyFloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

# Rows of one product: enough to be worth a thread, few enough to be shared out evenly.
_BLOCK_ROWS = 1 << 15
# Products that go through memory need no more threads than this to fill its bus.
_THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Tracks to be taken in.

    Attributes:
        track_ids: K tracks, each once.
        person_ids: Who has each.
        templates: (K, D), L2-normalised, size-compensated; kept as float16, as they are stored.
        sizes_px: (K,), effective size of the faces of each.
        weights: (K,), weight of each in the mean of its person.
        in_video: bool (K,), whether its source is a video.
    """

    track_ids: Sequence[str]
    person_ids: Sequence[str]
    templates: AnyFloatArray
    sizes_px: FloatArray
    weights: FloatArray
    in_video: npt.NDArray[np.bool_]


class ResidentGallery:
    """Tracks in arrays: 3 D + 4 S + 21 bytes each, and their names.

    `search` ranks people as `workers.clustering.search.search` does, over any number of tracks. A first look
    compares bytes: with m the mean face, a template m + y and a face m + p, y and p are coded as bytes, whose
    products are several times as quick as those of float32, and how far that can move a similarity is known
    (Cauchy-Schwarz, see `workers.clustering.neighbours.ExactIndex`). A second look compares as float32 the
    tracks of all who may be among the first, or may matter to the sureness of those: their order, similarity
    and ratio are those of the exact search to within float32 rounding, and their sureness to within
    `shortlist.SURENESS_ERROR`.

    Not to be used by several threads at once.

    Args:
        calibration: Of the embedder that made all vectors.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._rows = OwnedRows()
        self._templates = Column((calibration.mean.shape[1],), np.float16)
        self._size_weights = Column((len(calibration.sizes_px),), np.float32)
        self._weights = Column((), np.float32)
        self._in_video = Column((), np.bool_)
        self._codes = TemplateCodes(calibration.mean[-1])

    @property
    def _columns(self) -> tuple[Column[Any], ...]:
        return self._templates, self._size_weights, self._weights, self._in_video

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._rows)

    def __contains__(self, track_id: object) -> bool:
        """Whether a track is there."""
        return track_id in self._rows

    @property
    def people_count(self) -> int:
        """Number of people who have a track."""
        return self._rows.people_count

    @property
    def track_ids(self) -> Sequence[str]:
        """All tracks, in no order; of this moment."""
        return self._rows.track_ids

    def people(self) -> list[str]:
        """All people who have a track, in no order."""
        return [person for person in self._rows.people if person is not None]

    def owner_of(self, track_id: str) -> str | None:
        """Who has a track; None where it isn't there."""
        return self._rows.owner_of(track_id)

    def tracks_of(self, people: Collection[str]) -> list[str]:
        """All tracks of some people."""
        return [self._rows.track_ids[row] for row in self._rows.rows_of(people).tolist()]

    def changed_by(self, tracks: Tracks) -> set[str]:
        """Whom `put` would change: who gets one of the tracks, loses one, or has one that has grown."""
        changed: set[str] = set()
        templates = np.asarray(tracks.templates, np.float16)
        for k, (track_id, person) in enumerate(zip(tracks.track_ids, tracks.person_ids, strict=True)):
            row, before = self._rows.row_of(track_id), self._rows.owner_of(track_id)
            same = (
                row is not None
                and before == person
                and self._weights.values[row] == tracks.weights[k]
                and bool((self._templates.values[row] == templates[k]).all())
            )
            if not same:
                changed |= {person} if before is None else {person, before}
        return changed

    def put(self, tracks: Tracks) -> None:
        """Take tracks in; those that are there already are replaced."""
        rows, fresh = self._rows.put(tracks.track_ids, tracks.person_ids)
        templates = np.asarray(tracks.templates, np.float16)
        values = (
            templates,
            self._calibration.size_weights(tracks.sizes_px),
            tracks.weights,
            tracks.in_video,
        )
        for column, value in zip(self._columns, values, strict=True):
            column.extend(np.zeros((fresh, *column.shape), column.values.dtype))
            column.values[rows] = value
        self._codes.put(rows, fresh, templates.astype(np.float32))

    def remove(self, track_id: str) -> None:
        """Forget a track: none of its values stays in memory.

        Raises:
            KeyError: It isn't there.
        """
        row = self._rows.remove(track_id)
        for column in self._columns:
            column.remove(row)
        self._codes.remove(row)

    def profiles(self, people: Sequence[str]) -> Profiles:
        """What the tracks of each of some people are together; those who have none are left out."""
        rows = self._rows.rows_of(people)
        numbers, owners = np.unique(self._rows.owners[rows], return_inverse=True)
        weights = self._weights.values[rows].astype(np.float64)
        count = len(numbers)
        total = np.bincount(owners, weights, count)
        order = np.argsort(owners, kind="stable")
        begins = np.searchsorted(owners[order], np.arange(count))
        shares = (weights / total[owners])[order, None].astype(np.float32)

        def mean(values: AnyFloatArray) -> FloatArray:
            weighted = values[rows[order]].astype(np.float32) * shares
            summed = np.add.reduceat(weighted, begins, axis=0) if count else weighted
            return np.asarray(summed, np.float32)

        return Profiles(
            [self._person(number) for number in numbers.tolist()],
            mean(self._templates.values),
            mean(self._size_weights.values),
            (total**2 / np.bincount(owners, weights**2, count)).astype(np.float32),
            mean(self._in_video.values[:, None].astype(np.float32))[:, 0],
        )

    def search(
        self,
        vector: FloatArray,
        size_px: float,
        effective_px: float,
        most: int | None = None,
        most_tracks: int = 0,
    ) -> tuple[list[LikePerson], list[LikeTrack]]:
        """Rank all people, and all tracks, by their likeness to a face of a photo.

        Args:
            vector: float32 (D,), embedding of the face.
            size_px: Size of the face.
            effective_px: Size of a frontal face that would tell as much.
            most: Most people to return; None for all who have a track.
            most_tracks: Most tracks to return.

        Returns:
            People and tracks, the likeliest first.
        """
        if len(self) == 0:
            return [], []
        query = self._calibration.compensate(vector[None], [size_px])[0]
        face_weights = self._calibration.size_weights([effective_px])[0]
        expected = expected_likeness(face_weights, self._size_weights.values, self._calibration)
        face = self._codes.faces(query[None])
        similarity, ratios, information = self._first_look(face, expected)
        numbers, weights = self._rows.owners, self._weights.values * information
        people = len(self._rows.people)
        evidence, present = evidence_of_people(ratios, weights, numbers, people)
        ratio_error = self._ratio_error(face, information)
        error = ratio_error / float(variance_of(np.inf))
        first = likely_first(
            evidence[present],
            lambda: mean_of_people(similarity, weights, numbers, people)[present],
            self.people_count if most is None else most,
            error,
        )
        ranked = np.zeros(len(present), np.bool_)
        ranked[first] = True
        # In the order of `present`, whose evidence is made exact where it matters.
        said = evidence[present]
        again = ranked | that_matter(said, error)
        marked = np.zeros(people, np.bool_)
        marked[present[again]] = True
        rows = np.flatnonzero(marked[numbers])
        exact_similarity = self._exact(query, rows)
        exact_ratios, _ = self._evidence(exact_similarity, expected, rows)
        exact, _ = evidence_of_people(exact_ratios, weights[rows], numbers[rows], people)
        said[again] = exact[present[again]]
        sure = sureness(said)
        mean = mean_of_people(exact_similarity, weights[rows], numbers[rows], people)[present]
        order = first[np.lexsort((-mean[first], -said[first]))][:most]
        best = _best_rows(numbers[rows], exact_ratios, exact_similarity, rows)
        found = [
            LikePerson(
                self._person(int(present[k])),
                float(mean[k]),
                float(said[k]),
                float(sure[k]),
                self.track_ids[best[int(present[k])]],
            )
            for k in order.tolist()
        ]
        if most_tracks == 0:
            return found, []
        tracks = likely_first(ratios, lambda: similarity, most_tracks, ratio_error)
        return found, self._ranked_tracks(query, expected, tracks)[:most_tracks]

    def _ranked_tracks(self, query: FloatArray, expected: FloatArray, rows: IntArray) -> list[LikeTrack]:
        similarity = self._exact(query, rows)
        exact, _ = self._evidence(similarity, expected, rows)
        order = np.lexsort((-similarity, -exact))
        owners = self._rows.owners[rows]
        return [
            LikeTrack(
                self.track_ids[rows[k]], self._person(int(owners[k])), float(similarity[k]), float(exact[k])
            )
            for k in order.tolist()
        ]

    def _person(self, number: int) -> str:
        person = self._rows.people[number]
        assert person is not None
        return person

    def _evidence(
        self, similarity: FloatArray, expected: FloatArray, rows: IntArray | slice
    ) -> tuple[FloatArray, FloatArray]:
        rise = np.float32(self._calibration.video_rise) * self._in_video.values[rows]
        return face_evidence(similarity, expected[:, rows], rise, SEARCH_SETTINGS)

    def _ratio_error(self, face: CodedFaces, information: FloatArray) -> float:
        """How much coding as bytes can change the ratio of a track."""
        steepest = math.sqrt(float(information.max())) / float(self._calibration.spread.min())
        return steepest * float(self._codes.errors(face)[0])

    def _exact(self, query: FloatArray, rows: IntArray) -> FloatArray:
        """float32 (K,), cosine of some rows."""
        if len(rows) == 0:
            return np.zeros(0, np.float32)
        # NumKong multiplies float16 exactly, and NumPy is slow to widen them: the face is taken as the sum of
        # two of float16, which together are off by 2^-22.
        coarse = query.astype(np.float16)
        both = np.stack([coarse, (query - coarse).astype(np.float16)])
        products = np.asarray(numkong.cdist(both, self._templates.values[rows], "dot"))
        return np.asarray(products.sum(axis=0), np.float32)

    def _first_look(
        self, face: CodedFaces, expected: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """float32 (N,) each: similarity, log-likelihood ratio and information of all rows, by their bytes."""
        count = len(self)
        similarity, ratios, information = (np.empty(count, np.float32) for _ in range(3))

        def look(start: int) -> None:
            block = slice(start, min(start + _BLOCK_ROWS, count))
            similarity[block] = self._codes.similarities(face, block)[0]
            ratios[block], information[block] = self._evidence(similarity[block], expected, block)

        starts = range(0, count, _BLOCK_ROWS)
        if len(starts) == 1:
            look(0)
            return similarity, ratios, information
        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(look, starts):
                pass
        return similarity, ratios, information


def _best_rows(
    numbers: IntArray, ratios: FloatArray, similarity: FloatArray, rows: IntArray
) -> dict[int, int]:
    """Row of the highest ratio of each person; of equal ones that of the highest similarity."""
    order = np.lexsort((similarity, ratios))
    # Of rows with one owner the last one written stays: the highest.
    return dict(zip(numbers[order].tolist(), rows[order].tolist(), strict=True))
