"""Clusters of core tracks by their numbers, which are founded, merge, split and dissolve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SlotArray = npt.NDArray[np.int32]

NOT_CORE = -1
"""Label of a slot that no core track is in."""


@dataclass(slots=True)
class Change:
    """What an insertion or a removal did to the clusters.

    Attributes:
        created: New clusters of tracks that were in none.
        merged: The cluster that is gone, and the one that it is part of now.
        split: The cluster that lost a part, and the new one which that part is.
        dissolved: Clusters that are gone, since no core track is left.
    """

    created: list[int] = field(default_factory=list)
    merged: list[tuple[int, int]] = field(default_factory=list)
    split: list[tuple[int, int]] = field(default_factory=list)
    dissolved: list[int] = field(default_factory=list)


class CoreClusters:
    """Which core tracks are one cluster, by the slots that the tracks are in.

    Clusters are numbered from 0 and no number is used twice.

    Args:
        capacity: Number of slots.

    Attributes:
        labels: Cluster of the core track in each slot, int32; `NOT_CORE` where none is.
        next_label: Number of the next cluster.
    """

    def __init__(self, capacity: int) -> None:
        self._cores: dict[int, set[int]] = {}
        self.labels = np.full(capacity, NOT_CORE, np.int32)
        self.next_label = 0

    def grow(self, capacity: int) -> None:
        """Let there be more slots."""
        more = np.full(max(capacity - len(self.labels), 0), NOT_CORE, np.int32)
        self.labels = np.concatenate([self.labels, more])

    def name(self, cores: set[int]) -> int:
        """Make core tracks a cluster with a number of its own."""
        label, self.next_label = self.next_label, self.next_label + 1
        self._cores[label] = cores
        self.labels[np.fromiter(cores, np.int32, len(cores))] = label
        return label

    def core_among(self, slots: SlotArray) -> SlotArray:
        """Slots that a core track is in."""
        return np.asarray(slots[self.labels[slots] != NOT_CORE], np.int32)

    def add(self, core: int, near: SlotArray, first_new: int, change: Change) -> None:
        """A track has become core: it founds a cluster, joins one or joins several.

        Args:
            core: Its slot.
            near: Slots of its core neighbours.
            first_new: Number of the first cluster that was founded in this step.
            change: Takes in what this does.
        """
        labels = self.labels[near]
        # Mostly all are of one, which is seen in a tenth of the time that it takes to sort thousands.
        met = labels[:1].tolist() if (labels == labels[:1]).all() else np.unique(labels).tolist()
        if not met:
            change.created.append(self.name({core}))
            return
        # What has been founded in this step gives way to what was there.
        kept = max(met, key=lambda label: (label < first_new, len(self._cores[label]), -label))
        for gone in met:
            if gone == kept:
                continue
            cores = self._cores.pop(gone)
            self.labels[np.fromiter(cores, np.int32, len(cores))] = kept
            self._cores[kept] |= cores
            if gone >= first_new:
                change.created.remove(gone)
            else:
                change.merged.append((gone, kept))
        self.labels[core] = kept
        self._cores[kept].add(core)

    def remove(self, slot: int) -> None:
        """The track in a slot is core no more, if it was."""
        self._cores.get(int(self.labels[slot]), set()).discard(slot)
        self.labels[slot] = NOT_CORE

    def dissolve_empty(self, label: int, change: Change) -> bool:
        """Let a cluster be gone if no core track is left; returns whether it is."""
        if self._cores[label]:
            return False
        del self._cores[label]
        change.dissolved.append(label)
        return True

    def split(self, label: int, cut_off: Sequence[SlotArray], change: Change) -> None:
        """Part a cluster: the largest part keeps the number, among equals that with the lowest slot.

        Args:
            label: The cluster.
            cut_off: Core tracks of each part but one.
            change: Takes in what this does.
        """
        if not cut_off:
            return
        parts = [set(part.tolist()) for part in cut_off]
        rest = self._cores[label].difference(*parts)
        largest, *others = sorted([rest, *parts], key=lambda part: (-len(part), min(part)))
        self._cores[label] = largest
        change.split += [(label, self.name(part)) for part in others]
