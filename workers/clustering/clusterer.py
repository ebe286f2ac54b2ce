"""Tracks to people."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.clustering.gallery import Gallery
from workers.clustering.likelihood import (
    LikelihoodSettings,
    clothing_distance,
    clothing_log_ratio,
    even_clothing,
    face_log_ratio,
    impostor_rise,
)
from workers.clustering.linkage import constrained_average_linkage
from workers.clustering.representatives import add_followers, representatives
from workers.clustering.width import is_wide
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Rows compared at once: bounds the memory for intermediate results.
_BLOCK = 512
# A smaller change of the prior is not worth a second linkage.
_PRIOR_STEP = 0.3


@dataclass(frozen=True, slots=True)
class Partition:
    """The outcome of a re-cluster.

    Attributes:
        clusters: The track ids of each person, in the order of the smallest id of each.
        unassigned: Tracks that belong to nobody: too poor to found a person, like none that exists.
        wide: How many clusters hold a track that the others speak against.
    """

    clusters: tuple[tuple[str, ...], ...]
    unassigned: tuple[str, ...]
    wide: int = 0


class Clusterer(Protocol):
    """Groups tracks into people."""

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        ...

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        ...

    def constrain(self, constraints: Constraints) -> None:
        """Keep to what people said, in place of what they said before."""
        ...

    def nearest(self, track_id: str, groups: Mapping[str, str]) -> str | None:
        """The group that an inserted track most likely belongs to, or None if it is like none of them."""
        ...

    def recluster(self, groups: Mapping[str, str]) -> Partition:
        """Group all tracks anew; `groups` are the present ones, for collections too large to forget them."""
        ...


class TrackClusterer:
    """Constrained average linkage over log-likelihood ratios of tracks.

    Args:
        calibration: Of the embedder.
        threshold: Least mean log-likelihood ratio of one person.
        settings: How evidence is weighed.
        limit: Most tracks that a re-cluster compares all with all; bounds its time and its memory (4 bytes
            a pair).
    """

    def __init__(
        self,
        calibration: Calibration,
        threshold: float = 0.0,
        settings: LikelihoodSettings | None = None,
        limit: int = 12_000,
    ) -> None:
        self._calibration = calibration
        self._threshold = threshold
        self._settings = settings or LikelihoodSettings()
        self._limit = limit
        self._gallery = Gallery(calibration)
        self._tracks: dict[str, TrackEvidence] = {}
        self._company = Company()
        # By source, as of the last re-cluster.
        self._rise: dict[str, float] = {}
        self._even: dict[str, float] = {}

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it."""
        self.remove(track.track_id)
        self._gallery.insert(track)
        self._company.insert(track, self._tracks)
        self._tracks[track.track_id] = track

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        self._gallery.remove(track_id)
        if self._company.remove(track):
            self._rise.pop(track.source_id, None)
            self._even.pop(track.source_id, None)

    def constrain(self, constraints: Constraints) -> None:
        """Keep to what people said, in place of what they said before."""
        self._company.constraints = constraints

    def nearest(self, track_id: str, groups: Mapping[str, str]) -> str | None:
        """The group that an inserted track most likely belongs to.

        Args:
            track_id: An inserted track.
            groups: Group of other inserted tracks.

        Returns:
            The group of tracks that belong together with this one. Where there is none, that of the highest
            mean log-likelihood ratio that reaches the threshold and holds no track that must be apart from
            this one; None if there is none.
        """
        said = sorted(
            groups[t] for t in self._company.constraints.with_(track_id) if t in groups and t != track_id
        )
        if said:
            return max(set(said), key=said.count)
        names = sorted({groups[t] for t in self._gallery.ids if t in groups and t != track_id})
        if not names:
            return None
        number = {name: k for k, name in enumerate(names)}
        # Tracks without a group count into one more, which is never chosen.
        member = np.array(
            [
                number.get(groups.get(t, ""), len(names)) if t != track_id else len(names)
                for t in self._gallery.ids
            ]
        )
        everyone = np.arange(len(self._gallery))
        ratios = self._ratios(everyone[[self._gallery.row_of(track_id)]], everyone, self._strict_prior())[0]
        weights = self._gallery.weights
        total = np.bincount(member, weights, minlength=len(names) + 1)[: len(names)]
        mean = np.bincount(member, ratios * weights, minlength=len(names) + 1)[: len(names)] / total
        for other in self._company.of(track_id) | self._company.constraints.against(track_id):
            # Who was removed may still be named by people.
            if other in groups and groups[other] in number:
                mean[number[groups[other]]] = -np.inf
        best = int(mean.argmax())
        return names[best] if mean[best] >= self._threshold else None

    def recluster(self, groups: Mapping[str, str]) -> Partition:
        """Group all tracks anew.

        What people said holds in any case. Up to `limit` tracks the same tracks give the same partition in
        whatever order they came, and `groups` plays no part. Beyond, each present group is represented by its
        weightiest tracks and the others go where most of those go; of tracks without a group, the best are
        compared.

        Args:
            groups: Present group of each track that has one.
        """
        chosen, followers = representatives(self._tracks, groups, self._limit, self._company.constraints)
        if not chosen:
            return Partition((), ())
        position = {track_id: k for k, track_id in enumerate(chosen)}
        self._measure_sources()
        continued = [(self._tracks[track_id].continues, k) for track_id, k in position.items()]
        # What people say comes first: what contradicts it is ignored then.
        must = [
            *self._said(position),
            *((position[before], k) for before, k in continued if before in position),
        ]
        apart = {
            k: [position[other] for other in self._company.of_all_with(track_id) if other in position]
            for track_id, k in position.items()
        }
        prior = self._strict_prior()
        labels = self._link(chosen, apart, must, prior)
        # Many sources may well show few people; once it is known how many, less is asked of a pair.
        looser = float(np.log(labels.max() + 1))
        if looser < prior - _PRIOR_STEP:
            prior = looser
            labels = self._link(chosen, apart, must, prior)
        members: dict[int, list[str]] = {}
        for track_id, label in zip(chosen, labels.tolist(), strict=True):
            members.setdefault(label, []).append(track_id)
        add_followers(members, followers, groups, self._tracks, self._company)
        people = [group for group in members.values() if any(map(self._founds, group))]
        assigned = {track_id for group in people for track_id in group}
        return Partition(
            tuple(tuple(sorted(group)) for group in people),
            tuple(track_id for track_id in sorted(self._tracks) if track_id not in assigned),
            sum(self._is_wide(group, prior) for group in people),
        )

    def _is_wide(self, group: list[str], prior: float) -> bool:
        """Whether the weightiest tracks of a cluster speak against one of them."""
        heard = sorted(group, key=lambda track_id: (-self._tracks[track_id].weight, track_id))[:_BLOCK]
        rows = np.array([self._gallery.row_of(track_id) for track_id in heard])
        if len(rows) < 2:
            return False
        return is_wide(self._ratios(rows, rows, prior), self._gallery.weights[rows], self._threshold)

    def _founds(self, track_id: str) -> bool:
        """Whether a track makes a person: good enough, or people said so."""
        return self._tracks[track_id].founder or bool(self._company.constraints.with_(track_id))

    def _said(self, position: Mapping[str, int]) -> Iterator[tuple[int, int]]:
        """Positions of tracks that belong together, as pairs that join them all."""
        for group in self._company.constraints.together:
            yield from itertools.pairwise(sorted(position[t] for t in group if t in position))

    def _strict_prior(self) -> float:
        """What speaks against one person for tracks of two sources, as long as people aren't known."""
        return self._settings.source_prior * float(np.log(max(len(self._company.by_source), 1)))

    def _link(
        self,
        chosen: list[str],
        apart: Mapping[int, list[int]],
        must: list[tuple[int, int]],
        prior: float,
    ) -> IntArray:
        """Cluster numbers of tracks."""
        rows = np.array([self._gallery.row_of(track_id) for track_id in chosen])
        affinity = np.empty((len(rows), len(rows)), np.float32)
        for start in range(0, len(rows), _BLOCK):
            affinity[start : start + _BLOCK] = self._ratios(rows[start : start + _BLOCK], rows, prior)
        for k, others in apart.items():
            affinity[k, others] = affinity[others, k] = -np.inf
        position = {track_id: k for k, track_id in enumerate(chosen)}
        for pair in self._company.constraints.apart:
            one, other = ([position[t] for t in side if t in position] for side in pair)
            affinity[np.ix_(one, other)] = affinity[np.ix_(other, one)] = -np.inf
        return constrained_average_linkage(affinity, self._gallery.weights[rows], self._threshold, must)

    def _measure_sources(self) -> None:
        """What pairs seen together say about each source: how alike its people look, and how they dress."""
        self._rise, self._even = {}, {}
        gallery = self._gallery
        for source_id in self._company.by_source:
            pairs = self._company.pairs(source_id)
            if not pairs:
                continue
            first, second = np.array([[gallery.row_of(a), gallery.row_of(b)] for a, b in pairs]).T
            sizes = gallery.size_weights
            similarity = np.einsum("ij,ij->i", gallery.templates[first], gallery.templates[second])
            expected = np.einsum("is,st,it->i", sizes[first], self._calibration.impostor, sizes[second])
            self._rise[source_id] = impostor_rise(
                similarity - expected, self._expected_rise(source_id), self._settings
            )
            roots = gallery.clothing_roots
            if roots is None:
                continue
            dressed = roots[first].any(axis=1) & roots[second].any(axis=1)
            likeness = np.einsum("ij,ij->i", roots[first[dressed]], roots[second[dressed]])
            self._even[source_id] = even_clothing(np.sqrt(np.clip(1 - likeness, 0, 1)), self._settings)

    def _expected_rise(self, source_id: str) -> float:
        """Impostor rise of a source before its own pairs speak."""
        photo = any(self._tracks[track_id].photo for track_id in self._company.by_source[source_id])
        return 0.0 if photo else self._calibration.video_rise

    def _ratios(self, rows: IntArray, columns: IntArray, prior: float) -> FloatArray:
        """Log-likelihood ratios (N, M) of rows of the gallery: faces, and clothes within a source."""
        gallery, settings = self._gallery, self._settings
        sources = {gallery.source_number(source_id): source_id for source_id in self._company.by_source}
        rise = np.zeros(max(sources) + 1, np.float32)
        even = np.full(max(sources) + 1, settings.clothing_even, np.float32)
        for number, source_id in sources.items():
            rise[number] = self._rise.get(source_id, self._expected_rise(source_id))
            even[number] = self._even.get(source_id, settings.clothing_even)
        from_, to = gallery.sources[rows], gallery.sources[columns]
        ratios = face_log_ratio(
            gallery.templates[rows] @ gallery.templates[columns].T,
            gallery.size_weights[rows],
            gallery.size_weights[columns],
            # Between sources the one counts in which people look more alike.
            np.maximum(rise[from_][:, None], rise[to][None]),
            self._calibration,
            settings,
        )
        same = np.asarray(from_[:, None] == to[None])
        ratios -= np.where(same, 0.0, prior).astype(np.float32)
        roots = gallery.clothing_roots
        if roots is not None and same.any():
            dressed = np.asarray(roots.any(axis=1), np.bool_)
            near = np.abs(gallery.middle_s[rows][:, None] - gallery.middle_s[columns][None])
            worn = (
                same & dressed[rows][:, None] & dressed[columns][None] & (near <= settings.clothing_reach_s)
            )
            distance = clothing_distance(roots[rows], roots[columns])
            ratios += np.where(worn, clothing_log_ratio(distance, even[from_][:, None], settings), 0.0)
        return ratios
