"""The outcome of a re-cluster: which tracks are one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.linkage import in_order

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


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

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        labels: IntArray,
        founds: BoolArray,
        is_wide: Callable[[int, tuple[str, ...]], bool],
    ) -> Partition:
        """Make people of clusters; those without a track that founds a person are nobody.

        Args:
            ids: The tracks, ascending.
            labels: intp (N,), number of the cluster of each, from 0.
            founds: bool (N,), whether a track may found a person.
            is_wide: Whether a cluster, by its number and its tracks, holds one that the others speak against.
        """
        numbers = in_order(labels)
        is_person = np.bincount(numbers, founds) > 0
        order = np.argsort(numbers, kind="stable")
        ordered = [ids[k] for k in order.tolist()]
        ends = np.cumsum(np.bincount(numbers))
        starts = ends - np.bincount(numbers)
        people = {
            int(labels[order[start]]): tuple(ordered[start:end])
            for start, end in zip(starts[is_person].tolist(), ends[is_person].tolist(), strict=True)
        }
        return cls(
            tuple(people.values()),
            tuple(ids[k] for k in np.flatnonzero(~is_person[numbers]).tolist()),
            sum(is_wide(label, group) for label, group in people.items()),
        )
