"""Tracks to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.evidence import TrackEvidence, shares_frames
from workers.clustering.likelihood import (
    LikelihoodSettings,
    clothing_log_ratio,
    face_log_ratio,
    impostor_rise,
)
from workers.clustering.linkage import constrained_average_linkage
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Partition:
    """The outcome of a re-cluster.

    Attributes:
        clusters: The track ids of each person, in the order of the smallest id of each.
        unassigned: Tracks that belong to nobody: too poor to found a person, like none that exists.
    """

    clusters: tuple[tuple[str, ...], ...]
    unassigned: tuple[str, ...]


class Clusterer(Protocol):
    """Groups tracks into people."""

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        ...

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        ...

    def nearest(self, track_id: str, groups: Mapping[str, str]) -> str | None:
        """The group that an inserted track most likely belongs to, or None if it is like none of them."""
        ...

    def recluster(self) -> Partition:
        """Group all tracks anew; the same tracks give the same partition in whatever order they came."""
        ...


class TrackClusterer:
    """Constrained average linkage over log-likelihood ratios of tracks.

    Args:
        calibration: Of the embedder.
        threshold: Least mean log-likelihood ratio of one person.
        settings: How evidence is weighed.
    """

    def __init__(
        self, calibration: Calibration, threshold: float = 0.0, settings: LikelihoodSettings | None = None
    ) -> None:
        self._calibration = calibration
        self._threshold = threshold
        self._settings = settings or LikelihoodSettings()
        self._tracks: dict[str, TrackEvidence] = {}
        self._apart: dict[str, set[str]] = {}
        self._by_source: dict[str, set[str]] = {}
        self._rise: dict[str, float] = {}

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        self.remove(track.track_id)
        neighbours = self._by_source.setdefault(track.source_id, set())
        apart = {other for other in neighbours if shares_frames(track, self._tracks[other])}
        for other in apart:
            self._apart[other].add(track.track_id)
        self._apart[track.track_id] = apart
        self._tracks[track.track_id] = track
        neighbours.add(track.track_id)

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        for other in self._apart.pop(track_id):
            self._apart[other].discard(track_id)
        self._by_source[track.source_id].discard(track_id)
        if not self._by_source[track.source_id]:
            del self._by_source[track.source_id]
            self._rise.pop(track.source_id, None)

    def nearest(self, track_id: str, groups: Mapping[str, str]) -> str | None:
        """The group that an inserted track most likely belongs to.

        Args:
            track_id: An inserted track.
            groups: Group of other inserted tracks.

        Returns:
            The group of the highest mean log-likelihood ratio that reaches the threshold and holds no track
            seen together with this one; None if there is none.
        """
        track = self._tracks[track_id]
        others = [self._tracks[t] for t in groups if t != track_id and t in self._tracks]
        if not others:
            return None
        ratios = self._ratios([track], others)[0]
        names = sorted({groups[other.track_id] for other in others})
        number = {name: k for k, name in enumerate(names)}
        member = np.array([number[groups[other.track_id]] for other in others])
        weights = np.array([other.weight for other in others])
        mean = np.bincount(member, ratios * weights) / np.bincount(member, weights)
        for other in self._apart[track_id]:
            if other in groups:
                mean[number[groups[other]]] = -np.inf
        best = int(mean.argmax())
        return names[best] if mean[best] >= self._threshold else None

    def recluster(self) -> Partition:
        """Group all tracks anew.

        Memory grows with the square of the number of tracks (about 25 bytes a pair while it runs).
        """
        tracks = [self._tracks[track_id] for track_id in sorted(self._tracks)]
        if not tracks:
            return Partition((), ())
        position = {track.track_id: k for k, track in enumerate(tracks)}
        cannot = np.zeros((len(tracks), len(tracks)), bool)
        for track_id, others in self._apart.items():
            for other in others:
                cannot[position[track_id], position[other]] = True
        self._measure_rise(tracks, cannot)
        must = [
            (position[track.continues], k) for k, track in enumerate(tracks) if track.continues in position
        ]
        weights = np.array([track.weight for track in tracks], np.float32)
        labels = constrained_average_linkage(
            self._ratios(tracks, tracks), cannot, weights, self._threshold, must
        )
        members: dict[int, list[TrackEvidence]] = {}
        for track, label in zip(tracks, labels.tolist(), strict=True):
            members.setdefault(label, []).append(track)
        people = [group for group in members.values() if any(track.founder for track in group)]
        assigned = {track.track_id for group in people for track in group}
        return Partition(
            tuple(tuple(track.track_id for track in group) for group in people),
            tuple(track.track_id for track in tracks if track.track_id not in assigned),
        )

    def _measure_rise(self, tracks: list[TrackEvidence], cannot: BoolArray) -> None:
        """How much more alike than calibrated the people of each source are."""
        self._rise = {}
        first, second = np.nonzero(np.triu(cannot))
        if len(first) == 0:
            return
        templates = np.stack([track.template for track in tracks])
        sizes = self._calibration.size_weights([track.size_px for track in tracks])
        similarity = np.einsum("ij,ij->i", templates[first], templates[second])
        expected = np.einsum("is,st,it->i", sizes[first], self._calibration.impostor, sizes[second])
        excess: dict[str, list[float]] = {}
        for k, value in zip(first.tolist(), (similarity - expected).tolist(), strict=True):
            excess.setdefault(tracks[k].source_id, []).append(value)
        for source, values in excess.items():
            self._rise[source] = impostor_rise(np.asarray(values, np.float32), self._settings)

    def _ratios(self, rows: list[TrackEvidence], columns: list[TrackEvidence]) -> FloatArray:
        """Log-likelihood ratios (N, M) of faces and, within a source, of clothes."""
        templates = np.stack([track.template for track in columns])
        queries = templates if rows is columns else np.stack([track.template for track in rows])
        rise_rows = np.array([self._rise.get(track.source_id, 0.0) for track in rows], np.float32)
        rise_columns = np.array([self._rise.get(track.source_id, 0.0) for track in columns], np.float32)
        size_columns = self._calibration.size_weights([track.size_px for track in columns])
        size_rows = (
            size_columns
            if rows is columns
            else self._calibration.size_weights([track.size_px for track in rows])
        )
        ratios = face_log_ratio(
            queries @ templates.T,
            size_rows,
            size_columns,
            np.minimum(rise_rows[:, None], rise_columns[None]),
            self._calibration,
            self._settings,
        )
        ratios -= self._source_prior(rows, columns)
        self._add_clothing(ratios, rows, columns)
        return ratios

    def _source_prior(self, rows: list[TrackEvidence], columns: list[TrackEvidence]) -> FloatArray:
        """What pairs of different sources must make up for: (N, M), 0 within a source."""
        number = {source: k for k, source in enumerate(sorted(self._by_source))}
        first = np.array([number[track.source_id] for track in rows])
        second = np.array([number[track.source_id] for track in columns])
        prior = self._settings.source_prior * float(np.log(max(len(number), 1)))
        return np.where(first[:, None] == second[None], 0.0, prior).astype(np.float32)

    def _add_clothing(
        self, ratios: FloatArray, rows: list[TrackEvidence], columns: list[TrackEvidence]
    ) -> None:
        for source in sorted({track.source_id for track in rows}):
            r = [k for k, track in enumerate(rows) if track.source_id == source]
            c = [k for k, track in enumerate(columns) if track.source_id == source]
            union = {t.track_id: t for t in [*(rows[k] for k in r), *(columns[k] for k in c)]}
            dressed = [track for track in union.values() if track.clothing is not None]
            if len(dressed) < 2 or not c:
                continue
            place = {track.track_id: k for k, track in enumerate(dressed)}
            roots = np.sqrt(np.stack([t.clothing for t in dressed if t.clothing is not None]))
            together = np.zeros((len(dressed), len(dressed)), bool)
            for track in dressed:
                for other in self._apart[track.track_id]:
                    if other in place:
                        together[place[track.track_id], place[other]] = True
            clothes = clothing_log_ratio(roots, together, self._settings)
            middle = np.array([track.middle_s for track in dressed])
            clothes[np.abs(middle[:, None] - middle[None]) > self._settings.clothing_reach_s] = 0.0
            r = [k for k in r if rows[k].track_id in place]
            c = [k for k in c if columns[k].track_id in place]
            at_r = [place[rows[k].track_id] for k in r]
            at_c = [place[columns[k].track_id] for k in c]
            ratios[np.ix_(r, c)] += clothes[np.ix_(at_r, at_c)]
