"""Tracks to people by density: DBSCAN and HDBSCAN."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt

from workers.clustering.approximate_neighbours import ApproximateIndex
from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.contraction import Contraction
from workers.clustering.division import divided
from workers.clustering.evidence import TrackEvidence
from workers.clustering.groups import Groups
from workers.clustering.incremental_dbscan import IncrementalDbscan
from workers.clustering.method import Method
from workers.clustering.mutual_reachability import component_clusters
from workers.clustering.neighbours import ExactIndex, NeighbourIndex, Neighbours
from workers.clustering.parting import keep_to
from workers.clustering.partition import Partition
from workers.clustering.row_products import row_products
from workers.clustering.ties import Ties, founding, group_said
from workers.clustering.unit_vectors import unit_vector
from workers.clustering.width import heard

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
SlotArray = npt.NDArray[np.int32]

# Whoever has one neighbour may bridge: a person may well have two tracks.
_MIN_POINTS = 2
# Share of `eps` within which HDBSCAN tells nobody apart. On photos that no figure is reported on, 0.62 to
# 0.88 do as well; video wants it as large as can be.
_FLOOR_SHARE = 0.88
# Similarities that differ by less than float32 may are equal.
_DIGITS = 5
# Pairs and tracks that are looked at together; bounds the memory for intermediate results.
_CHUNK = 1 << 16
# Tracks of a cluster that are heard on whether it is too wide.
_HEARD = 512


class DensityClusterer:
    """DBSCAN or HDBSCAN of tracks by the cosine similarity of their templates, under constraints.

    Only tracks that may found a person make clusters; the others join that of the nearest one of these, if
    that is near enough, and never link two. DBSCAN's clusters are kept up to date as tracks come, change and
    go (see `IncrementalDbscan`). HDBSCAN looks at each of them at a re-cluster, and finds the denser ones in
    it (see `component_clusters`). A track that is in no cluster is a person, not noise.

    What people said, what continues what and who was seen together holds as with `TrackClusterer`, and in the
    same order: clusters of tracks that belong together are one, and one that holds tracks which must be apart
    is parted by average linkage (see `keep_to`).

    Args:
        method: `Method.DBSCAN` or `Method.HDBSCAN`.
        eps: Largest cosine distance of neighbours, above 0 and below 2.
        wide_distance: Largest mean distance of a track from the others of its person, unless that person is
            too wide.
        exact_limit: Up to so many tracks that may found a person all neighbours are found, of more nearly
            all.
        limit: Most tracks of a cluster that are compared all with all to part it (4 bytes a pair); of more,
            neighbours.

    Raises:
        ValueError: The method is not one of the two, or `eps` is out of range.
    """

    def __init__(
        self,
        method: Method,
        eps: float,
        wide_distance: float,
        exact_limit: int = 200_000,
        limit: int = 12_000,
    ) -> None:
        if method not in (Method.DBSCAN, Method.HDBSCAN):
            raise ValueError(f"{method} is not a method by density")
        if not 0 < eps < 2:
            raise ValueError(f"eps is a cosine distance above 0 and below 2, not {eps}")
        self.method: Method = method
        self._eps = eps
        self._wide_distance = wide_distance
        self._exact_limit = exact_limit
        self._limit = limit
        self._tracks: dict[str, TrackEvidence] = {}
        self._units: dict[str, FloatArray] = {}
        self._company = Company()
        self._founders: set[str] = set()
        # Made when they are first needed: filling them at once is much quicker than track by track.
        self._built: tuple[NeighbourIndex, IncrementalDbscan] | None = None

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track, or replace what was known of it.

        Raises:
            ValueError: Its template has another dimension than those that are there; nothing has changed.
        """
        dimension = len(next(iter(self._units.values()), track.template))
        unit = unit_vector(track.template, dimension, track.track_id)
        self.remove(track.track_id)
        self._company.insert(track)
        self._tracks[track.track_id] = track
        self._units[track.track_id] = unit
        if not track.founder:
            return
        self._founders.add(track.track_id)
        if self._built is not None:
            index, dbscan = self._built
            dbscan.insert(track.track_id, unit)
            if len(dbscan) > self._exact_limit and isinstance(index, ExactIndex):
                self._built = None

    def remove(self, track_id: str) -> None:
        """Forget a track; unknown ids are ignored."""
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        del self._units[track_id]
        self._company.remove(track)
        if track.founder:
            self._founders.remove(track_id)
            if self._built is not None:
                self._built[1].remove(track_id)
        if not self._tracks:
            # The next one may have another dimension.
            self._built = None

    def constrain(self, constraints: Constraints) -> None:
        """Keep to what people said, in place of what they said before."""
        self._company.constraints = constraints

    def look_ahead(self, track_ids: Sequence[str]) -> None:
        """Nothing to do here: neighbours are kept."""

    def nearest(self, track_id: str, groups: Groups) -> str | None:
        """The group that an inserted track most likely belongs to.

        Args:
            track_id: An inserted track.
            groups: Groups of other inserted tracks.

        Returns:
            The group of tracks that belong together with this one. Where there is none, that of its nearest
            neighbour whose group holds no track that must be apart from this one; None if there is none. A
            neighbour is in the cluster that the track falls into.
        """
        said = group_said(track_id, groups.of, self._company.constraints)
        if said is not None:
            return said
        index, _ = self._density()
        (near,) = index.within(self._units[track_id][None], self._least_similarity)
        apart = self._company.apart_from(track_id)
        group_of = groups.of
        closed = {group_of[other] for other in apart if other in group_of}
        for other in _nearest_first(near, index.ids):
            if other != track_id and other in group_of and group_of[other] not in closed:
                return group_of[other]
        return None

    def recluster(  # noqa: D417 - as of the protocol
        self,
        settled: Mapping[str, str],  # noqa: ARG002 - of the protocol
        named: Collection[str] = (),  # noqa: ARG002 - of the protocol
        began_s: Mapping[str, float] = MappingProxyType({}),  # noqa: ARG002 - of the protocol
    ) -> Partition:
        """Group all tracks anew.

        What people said holds in any case. The same tracks give the same partition in whatever order they
        came, but for pairs whose distance is `eps` to within 1e-6, and for what an approximate index misses.

        Args:
            settled: Plays no part here: where neither tracks nor constraints change, clusters by density
                don't either.
        """
        ids = sorted(self._tracks)
        if not ids:
            return Partition((), ())
        units = np.stack([self._units[track_id] for track_id in ids])
        labels = keep_to(
            Contraction(len(ids), Ties.of(ids, self._tracks, self._company)),
            self._labels(ids),
            units,
            np.array([self._tracks[track_id].weight for track_id in ids], np.float32),
            lambda members: self._neighbours([ids[k] for k in members.tolist()]),
            self._limit,
        )
        founds = founding(ids, self._tracks, self._company.constraints)
        return Partition.of(ids, labels, founds, self._is_wide)

    def divide(self, cluster: Collection[str], homes: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
        """Divide a cluster between people, given the tracks of each that are in it; see `divided`."""

        def likeness(first: list[str], second: list[str]) -> FloatArray:
            one, other = (np.stack([self._units[t] for t in track_ids]) for track_ids in (first, second))
            return np.asarray(one @ other.T, np.float32)

        return divided(cluster, homes, self._tracks, self._company.constraints, likeness)

    def snapshot(self) -> Self:
        """A clusterer that knows what this one knows now, for a re-cluster in another thread."""
        clone = copy.copy(self)
        # Tracks and vectors themselves never change.
        clone._tracks, clone._units = self._tracks.copy(), self._units.copy()
        clone._founders, clone._company = self._founders.copy(), self._company.snapshot()
        # The graph of an approximate index can't be copied: it is made anew.
        copied = self._built is not None and isinstance(self._built[0], ExactIndex)
        clone._built = copy.deepcopy(self._built) if copied else None
        return clone

    def adopt(self, snapshot: Self) -> None:
        """Take over the clusters that a snapshot has built, and bring them up to date."""
        if self._built is not None or snapshot._built is None or not self._tracks:
            return
        index, dbscan = snapshot._built
        if index.dimension != len(next(iter(self._units.values()))):
            return
        for track_id in snapshot._founders - self._founders:
            dbscan.remove(track_id)
        for track_id in self._founders:
            if self._units[track_id] is not snapshot._units.get(track_id) or track_id not in dbscan:
                dbscan.insert(track_id, self._units[track_id])
        self._built = index, dbscan

    @property
    def _least_similarity(self) -> float:
        """Of neighbours, as `IncrementalDbscan` has it."""
        return 1 - self._eps - 1e-6

    def _density(self) -> tuple[NeighbourIndex, IncrementalDbscan]:
        """The tracks that may found a person, and their clusters."""
        if self._built is None:
            dimension = len(next(iter(self._units.values())))
            exact = len(self._founders) <= self._exact_limit
            index: NeighbourIndex = ExactIndex(dimension) if exact else ApproximateIndex(dimension)
            dbscan = IncrementalDbscan(index, self._eps, _MIN_POINTS)
            dbscan.fill({track_id: self._units[track_id] for track_id in sorted(self._founders)})
            self._built = index, dbscan
        return self._built

    def _labels(self, ids: Sequence[str]) -> IntArray:
        """Number of the cluster of each track by looks alone, from 0, in the order of their first tracks."""
        _, dbscan = self._density()
        clusters: dict[int, list[str]] = {}
        for track_id, label in sorted(dbscan.labels().items()):
            if label is not None:
                clusters.setdefault(label, []).append(track_id)
        # A track is in a cluster of its own unless something else is known.
        of = {track_id: track_id for track_id in ids}
        for members in clusters.values():
            for group in self._groups(members):
                of.update(dict.fromkeys(group, group[0]))
        of.update(self._joined(of))
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(of[track_id], len(numbers)) for track_id in ids], np.intp)

    def _groups(self, members: list[str]) -> list[list[str]]:
        """The clusters that a cluster of DBSCAN consists of."""
        if self.method is Method.DBSCAN:
            return [members]
        _, dbscan = self._density()
        first, second = dbscan.pairs(members)
        distances = self._distances(members, first, second)
        labels = component_clusters(
            len(members), first, second, distances, self._eps, _FLOOR_SHARE * self._eps
        )
        groups: dict[int, list[str]] = {}
        for track_id, label in zip(members, labels.tolist(), strict=True):
            if label >= 0:
                groups.setdefault(label, []).append(track_id)
        return list(groups.values())

    def _distances(self, members: list[str], first: SlotArray, second: SlotArray) -> FloatArray:
        """Cosine distances float32 (E,) of pairs of tracks."""
        units = np.stack([self._units[track_id] for track_id in members])
        return np.asarray(1 - row_products(units, first, units, second), np.float32)

    def _joined(self, clusters: Mapping[str, str]) -> dict[str, str]:
        """Clusters of tracks that may found nobody, those of the nearest one that may."""
        index, _ = self._density()
        poor = [track_id for track_id in clusters if track_id not in self._founders]
        joined: dict[str, str] = {}
        for start in range(0, len(poor), _CHUNK):
            chunk = poor[start : start + _CHUNK]
            units = np.stack([self._units[track_id] for track_id in chunk])
            for track_id, near in zip(chunk, index.within(units, self._least_similarity), strict=True):
                if len(near.rows):
                    joined[track_id] = clusters[_nearest_first(near, index.ids)[0]]
        return joined

    def _neighbours(self, track_ids: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Pairs of neighbours among tracks, as places among them."""
        index, dbscan = self._density()
        founders = np.array([k for k, t in enumerate(track_ids) if t in self._founders], np.intp)
        first, second = dbscan.pairs([track_ids[k] for k in founders.tolist()])
        place = {track_id: k for k, track_id in enumerate(track_ids)}
        beside: list[tuple[int, int]] = []
        for track_id, k in place.items():
            if track_id not in self._founders:
                (near,) = index.within(self._units[track_id][None], self._least_similarity)
                ids = (index.ids[row] for row in near.rows.tolist())
                beside += ((k, place[other]) for other in ids if other in place)
        more = np.array(beside, np.intp).reshape(-1, 2)
        return np.append(founders[first], more[:, 0]), np.append(founders[second], more[:, 1])

    def _is_wide(self, _: int, group: Sequence[str]) -> bool:
        """Whether the weightiest tracks of a cluster speak against one of them."""
        weighty = sorted(group, key=lambda track_id: (-self._tracks[track_id].weight, track_id))[:_HEARD]
        units = np.stack([self._units[track_id] for track_id in weighty])
        weights = np.array([self._tracks[track_id].weight for track_id in weighty], np.float32)
        return bool(heard(lambda block: units[block] @ units.T, weights).min() < 1 - self._wide_distance)


def _nearest_first(near: Neighbours, ids: Sequence[str]) -> list[str]:
    """Ids of neighbours, the nearest first; among equals in the order of their ids."""
    pairs = zip(np.round(-near.similarities, _DIGITS).tolist(), near.rows.tolist(), strict=True)
    return [track_id for _, track_id in sorted((distance, ids[row]) for distance, row in pairs)]
