"""All tracks of a collection, kept in memory so that a face is compared with a million of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.likelihood import expected_likeness, face_evidence
from workers.clustering.owned_rows import OwnedRows
from workers.clustering.profiles import Profiles
from workers.clustering.search import (
    SEARCH_SETTINGS,
    evidence_of_people,
    mean_of_people,
    sureness,
    variance_of,
)
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
AnyFloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

# Rows of one product: enough to be worth a thread, few enough to be shared out evenly.
_BLOCK_ROWS = 1 << 15
# Products that go through memory need no more threads than this to fill its bus.
_THREADS = 2
# Looked at again beyond those asked for: only people who are as unlike as can be said are tied in such
# numbers.
_MOST_TIED = 1000


@dataclass(frozen=True, slots=True)
class LikePerson:
    """How like a face one person is.

    Attributes:
        person_id: Who.
        similarity: Weighted mean cosine similarity to their tracks, [-1, 1].
        log_ratio: Natural logarithm of how much likelier that is for the same person than for two.
        sureness: Probability that it is the same person, see `workers.clustering.search.sureness`.
        best_track: Their track that is most like the face.
    """

    person_id: str
    similarity: float
    log_ratio: float
    sureness: float
    best_track: str


@dataclass(frozen=True, slots=True)
class LikeTrack:
    """How like a face one track is.

    Attributes:
        track_id: The track.
        person_id: Who has it.
        similarity: Cosine similarity, [-1, 1].
        log_ratio: As of `LikePerson`, of this track alone.
    """

    track_id: str
    person_id: str
    similarity: float
    log_ratio: float


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
    """Tracks in arrays: D float16 and 4 S + 13 bytes each, and their names.

    `search` ranks people as `workers.clustering.search.search` does, over any number of tracks. A first look
    compares all templates with the face as float16. How far that rounding can move what is said of somebody
    is known; all who may be among the first are compared again in float32, so that their order, similarity
    and ratio are those of the exact search to within float32 rounding. The others enter the sureness through
    their sum alone: with e the most that rounding moves a log-likelihood ratio of a person, it is off by at
    most e/4 (0.02 for the models that facestream knows, and 0.001 as a rule).

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
        for column, values in (
            (self._templates, tracks.templates),
            (self._size_weights, self._calibration.size_weights(tracks.sizes_px)),
            (self._weights, tracks.weights),
            (self._in_video, tracks.in_video),
        ):
            column.extend(np.zeros((fresh, *column.shape), column.values.dtype))
            column.values[rows] = values

    def remove(self, track_id: str) -> None:
        """Forget a track: none of its values stays in memory.

        Raises:
            KeyError: It isn't there.
        """
        row = self._rows.remove(track_id)
        for column in (self._templates, self._size_weights, self._weights, self._in_video):
            column.remove(row)

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
        similarity, ratios, information = self._first_look(query, expected)
        numbers, weights = self._rows.owners, self._weights.values * information
        people = len(self._rows.people)
        evidence, present = evidence_of_people(ratios, weights, numbers, people)
        # Who is among the first, or may be, is looked at again in float32.
        error = self._ratio_error(query, information)
        chosen = _first(
            evidence,
            lambda: mean_of_people(similarity, weights, numbers, people),
            present,
            self.people_count if most is None else most,
            error / float(variance_of(np.inf)),
        )
        marked = np.zeros(people, np.bool_)
        marked[chosen] = True
        rows = np.flatnonzero(marked[numbers])
        again = self._exact(query, rows)
        ratios_again, _ = self._evidence(again, expected, rows)
        exact, _ = evidence_of_people(ratios_again, weights[rows], numbers[rows], people)
        evidence[chosen] = exact[chosen]
        mean = mean_of_people(again, weights[rows], numbers[rows], people)
        sure = np.zeros(people)
        sure[present] = sureness(evidence[present])
        order = chosen[np.lexsort((-mean[chosen], -evidence[chosen]))][:most]
        best = _best_rows(numbers[rows], ratios_again, again, rows)
        found = [
            LikePerson(
                self._person(k), float(mean[k]), float(evidence[k]), float(sure[k]), self.track_ids[best[k]]
            )
            for k in order.tolist()
        ]
        if most_tracks == 0:
            return found, []
        tracks = _first(ratios, lambda: similarity, np.arange(len(self)), most_tracks, error)
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

    def _ratio_error(self, query: FloatArray, information: FloatArray) -> float:
        """How much the rounding of the face can change the ratio of a track: Cauchy-Schwarz."""
        rest = float(np.linalg.norm(query - query.astype(np.float16).astype(np.float32)))
        steepest = math.sqrt(float(information.max())) / float(self._calibration.spread.min())
        # What is left are float32 roundings, and templates that are a little longer than 1.
        return steepest * (rest * 1.01 + 1e-6)

    def _exact(self, query: FloatArray, rows: IntArray) -> FloatArray:
        """float32 (K,), cosine of some rows."""
        return np.asarray(self._templates.values[rows].astype(np.float32) @ query)

    def _first_look(
        self, query: FloatArray, expected: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """float32 (N,) each: similarity, log-likelihood ratio and information of all rows."""
        count, rounded = len(self), query.astype(np.float16)[None]
        similarity, ratios, information = (np.empty(count, np.float32) for _ in range(3))

        def look(start: int) -> None:
            block = slice(start, min(start + _BLOCK_ROWS, count))
            products = numkong.cdist(rounded, self._templates.values[block], "dot")
            similarity[block] = np.asarray(products)[0]
            ratios[block], information[block] = self._evidence(similarity[block], expected, block)

        starts = range(0, count, _BLOCK_ROWS)
        if len(starts) == 1:
            look(0)
            return similarity, ratios, information
        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(look, starts):
                pass
        return similarity, ratios, information


def _first(
    values: AnyFloatArray, ties: Callable[[], AnyFloatArray], among: IntArray, most: int, error: float
) -> IntArray:
    """Those of some numbers whose values may be among the largest, ascending.

    Args:
        values: (P,), each of them off by at most `error`.
        ties: Gives (P,), what tells those apart whose values have reached the limit of what a face may say.
        among: intp (K,), the numbers.
        most: How many largest values are asked for.
        error: See `values`.
    """
    if most >= len(among):
        return among
    here = values[among]
    least = np.partition(here, -most)[-most]
    chosen: IntArray = among[here >= least - 2 * error]
    if len(chosen) > most + _MOST_TIED:
        order = np.lexsort((-ties()[chosen], -np.maximum(values[chosen], least)))
        chosen = np.sort(chosen[order[: most + _MOST_TIED]])
    return chosen


def _best_rows(
    numbers: IntArray, ratios: FloatArray, similarity: FloatArray, rows: IntArray
) -> dict[int, int]:
    """Row of the highest ratio of each person; of equal ones that of the highest similarity."""
    order = np.lexsort((similarity, ratios))
    # Of rows with one owner the last one written stays: the highest.
    return dict(zip(numbers[order].tolist(), rows[order].tolist(), strict=True))
