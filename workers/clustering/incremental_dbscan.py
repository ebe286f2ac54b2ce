"""DBSCAN of tracks that come, change and go one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workers.clustering.columns import Column
from workers.clustering.connectivity import cut_off
from workers.clustering.core_clusters import NOT_CORE, Change, CoreClusters
from workers.clustering.neighbour_lists import NeighbourLists
from workers.clustering.neighbours import NeighbourIndex
from workers.clustering.unit_vectors import unit_vector

SlotArray = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.intp]

# What float32 may take from the similarity of two equal vectors.
_ROUNDING = 1e-6


class Role(Enum):
    """What a track is to DBSCAN."""

    CORE = "core"
    BORDER = "border"
    NOISE = "noise"


class IncrementalDbscan:
    """The clusters of DBSCAN, kept up to date track by track.

    Ester, Kriegel, Sander, Wimmer and Xu 1998, "Incremental Clustering for Mining in a Data Warehousing
    Environment". The result is that of DBSCAN (Ester et al. 1996) on the tracks that are there, whatever the
    order they came in: the same core tracks in the same clusters, the same noise. A border track may go with
    any of the clusters that it has a core neighbour in; here it goes with the oldest.

    An insertion asks the index once, for the neighbours of the new track. They are kept, so that a removal
    asks nothing, and an index that doesn't look at all tracks looks at these. With an approximate index all
    is done on one and the same graph, that of what it found when the later track of each pair came. A removal
    looks at the core neighbours of the tracks that stop being core: a cluster splits only if these don't find
    together (see `cut_off`).

    Clusters are numbered from 0 and no number is used twice. When clusters merge, the one with the most core
    tracks keeps its number, among equals the oldest; when one splits, the largest part keeps it.

    Args:
        index: An empty index, which is filled here and must not be changed otherwise.
        eps: Largest cosine distance (one minus the cosine) of neighbours, above 0 and below 2. That is the
            Euclidean distance sqrt(2 eps) between unit vectors. Similarities are of float32: pairs up to
            1e-6 farther count as neighbours, so that equal vectors always are.
        min_points: Neighbours that make a track core, itself included, as in scikit-learn. With 1, each
            track is core and none is noise.

    Raises:
        ValueError: `eps` or `min_points` is out of range, or the index is not empty.
    """

    def __init__(self, index: NeighbourIndex, eps: float, min_points: int) -> None:
        if not 0 < eps < 2:
            raise ValueError(f"eps is a cosine distance above 0 and below 2, not {eps}")
        if min_points < 1:
            raise ValueError(f"min_points must be at least 1, not {min_points}")
        if len(index):
            raise ValueError(f"the index must be empty, it holds {len(index)} vectors")
        self._index = index
        self._least_similarity = 1 - eps - _ROUNDING
        # Neighbours apart from itself that make a point core.
        self._enough = min_points - 1
        self._lists = NeighbourLists()
        self._slot: dict[str, int] = {}
        # Slot of the track in each row of the index, and row of that in each slot.
        self._slots = Column((), np.int32)
        self._rows = np.zeros(self._lists.capacity, np.int32)
        self._clusters = CoreClusters(self._lists.capacity)

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._slot)

    def __contains__(self, track_id: object) -> bool:
        """Whether a track is there."""
        return track_id in self._slot

    def fill(self, tracks: Mapping[str, npt.ArrayLike]) -> None:
        """Take in the first tracks all at once: many times as fast as one by one, to the same clusters.

        Their numbers are in the order of the first core track of each.

        Args:
            tracks: Vector (D,) of each track, of any length but zero.

        Raises:
            ValueError: There are tracks already, or a vector has another dimension, is not finite or is zero;
                nothing has changed.
        """
        if self._slot:
            raise ValueError(f"only an empty clustering can be filled, this one has {len(self)} tracks")
        units = {key: unit_vector(vector, self._index.dimension, key) for key, vector in tracks.items()}
        for track_id, unit in units.items():
            self._index.insert(track_id, unit)
        graph = self._index.graph(self._least_similarity)
        # Not those that tracks may have come to and gone from.
        self._lists = NeighbourLists()
        self._lists.fill(len(units), graph.rows, graph.columns)
        self._slot = {track_id: row for row, track_id in enumerate(self._index.ids)}
        self._slots.extend(np.arange(len(units), dtype=np.int32))
        self._rows = np.arange(self._lists.capacity, dtype=np.int32)
        self._clusters.grow(self._lists.capacity)
        core = self._lists.degrees[: len(units)] >= self._enough
        linked = core[graph.rows] & core[graph.columns]
        ends = graph.rows[linked], graph.columns[linked]
        links = coo_array((np.ones(len(ends[0]), np.bool_), ends), shape=(len(units), len(units)))
        _, component = connected_components(links, directed=False)
        members: dict[int, set[int]] = {}
        for slot in np.flatnonzero(core).tolist():
            members.setdefault(int(component[slot]), set()).add(slot)
        for cores in members.values():
            self._clusters.name(cores)

    def insert(self, track_id: str, vector: npt.ArrayLike) -> Change:
        """Take in a track; one that is there is removed first.

        Args:
            track_id: The track.
            vector: (D,), of any length but zero.

        Raises:
            ValueError: The vector has another dimension, is not finite or is zero; nothing has changed.
        """
        unit = unit_vector(vector, self._index.dimension, track_id)
        change = self.remove(track_id) if track_id in self._slot else Change()
        neighbours = self._slots.values[
            self._index.rows_within(unit, self._least_similarity, self._rows_beside)
        ]
        self._index.insert(track_id, unit)
        slot = self._slot[track_id] = self._lists.add(neighbours)
        if self._lists.capacity > len(self._rows):
            more = np.zeros(self._lists.capacity - len(self._rows), np.int32)
            self._rows = np.concatenate([self._rows, more])
            self._clusters.grow(self._lists.capacity)
        self._rows[slot] = len(self._slots)
        self._slots.append(slot)
        degrees = self._lists.degrees
        # The new one first: where it is core, it joins the others.
        cores = [slot] if degrees[slot] >= self._enough else []
        is_rising = (degrees[neighbours] >= self._enough) & (self._clusters.labels[neighbours] == NOT_CORE)
        first_new = self._clusters.next_label
        for core in [*cores, *neighbours[is_rising].tolist()]:
            self._clusters.add(core, self._core_neighbours(core), first_new, change)
        return change

    def remove(self, track_id: str) -> Change:
        """Forget a track.

        Raises:
            KeyError: It is not there.
        """
        slot = self._slot.pop(track_id)
        row = self._index.remove(track_id)
        self._slots.remove(row)
        # The last one is in its row now.
        self._rows[self._slots.values[row : row + 1]] = row
        neighbours = self._lists.remove(slot)
        labels = self._clusters.labels
        falling = neighbours[
            (labels[neighbours] != NOT_CORE) & (self._lists.degrees[neighbours] < self._enough)
        ]
        beside: dict[int, list[SlotArray]] = {}
        if labels[slot] != NOT_CORE:
            beside[int(labels[slot])] = [neighbours]
        for core in falling.tolist():
            beside.setdefault(int(labels[core]), []).append(self._lists.of(core))
        # A border track may have kept cores of several clusters.
        for core in [slot, *falling.tolist()]:
            self._clusters.remove(core)
        change = Change()
        for label, near in sorted(beside.items()):
            seeds = self._clusters.core_among(np.unique(np.concatenate(near)))
            self._separate(label, seeds, change)
        return change

    def role_of(self, track_id: str) -> Role:
        """Whether a track is core, border or noise.

        Raises:
            KeyError: It is not there.
        """
        slot = self._slot[track_id]
        if self._clusters.labels[slot] != NOT_CORE:
            return Role.CORE
        return Role.NOISE if self._label(slot) is None else Role.BORDER

    def labels(self) -> dict[str, int | None]:
        """Number of the cluster of each track, None for noise."""
        return {track_id: self._label(slot) for track_id, slot in self._slot.items()}

    def pairs(self, track_ids: Sequence[str]) -> tuple[SlotArray, SlotArray]:
        """Neighbours among some tracks.

        Args:
            track_ids: The tracks, each once.

        Returns:
            Each pair of neighbours once, two arrays int32 (E,): the lower and the higher place of the two in
            `track_ids`, ascending.

        Raises:
            KeyError: One of them is not there.
        """
        slots = np.array([self._slot[track_id] for track_id in track_ids], np.int32)
        place = np.full(self._lists.capacity, -1, np.int32)
        place[slots] = np.arange(len(slots))
        higher = []
        for k, slot in enumerate(slots.tolist()):
            near = place[self._lists.of(slot)]
            higher.append(np.sort(near[near > k]))
        counts = np.array([len(near) for near in higher], np.intp)
        first = np.repeat(np.arange(len(slots), dtype=np.int32), counts)
        return first, np.concatenate([np.zeros(0, np.int32), *higher])

    def people(self) -> list[list[str]]:
        """The tracks of each cluster in the order of their numbers, then each noise track as one by itself.

        This is the view in which a lone track is a person.
        """
        clusters: dict[int, list[str]] = {}
        alone: list[list[str]] = []
        for track_id, label in self.labels().items():
            if label is None:
                alone.append([track_id])
            else:
                clusters.setdefault(label, []).append(track_id)
        return [clusters[label] for label in sorted(clusters)] + alone

    def _rows_beside(self, rows: IntArray) -> IntArray:
        """Rows of the neighbours of some rows, see `KnownNeighbours`."""
        lists = [self._lists.of(slot) for slot in self._slots.values[rows].tolist()]
        return np.asarray(self._rows[np.concatenate([np.zeros(0, np.int32), *lists])], np.intp)

    def _label(self, slot: int) -> int | None:
        """Cluster of a core track, or the oldest of the core neighbours of another one."""
        labels = self._clusters.labels
        if labels[slot] != NOT_CORE:
            return int(labels[slot])
        near = self._core_neighbours(slot)
        return int(labels[near].min()) if len(near) else None

    def _core_neighbours(self, slot: int) -> SlotArray:
        return self._clusters.core_among(self._lists.of(slot))

    def _separate(self, label: int, seeds: SlotArray, change: Change) -> None:
        """A cluster has lost core tracks, whose core neighbours are the seeds: it may be gone, or split."""
        if self._clusters.dissolve_empty(label, change):
            return
        central_first = seeds[np.argsort(-self._lists.degrees[seeds], kind="stable")]
        parts = cut_off(central_first, self._core_neighbours, self._lists.capacity)
        self._clusters.split(label, parts, change)
