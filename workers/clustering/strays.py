"""Single tracks that are clearly like one person, though not like all of that person's tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.contraction import Contraction
from workers.clustering.linkage import in_order
from workers.clustering.ties import Ties

if TYPE_CHECKING:
    from workers.clustering.cluster_sums import ClusterSums

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# Who a stray joins must be a thousand times as likely as anybody else. At 50 times (4 as a natural logarithm)
# half of those that joined somebody on LFW were wrong, at 150 times none.
_CLEARLY = float(np.log(1000.0))
# Fewer other clusters don't tell whether a track is of somebody who has none: with so many, a stranger who is
# like one of them nearly always is a little like another one.
_LEAST_RIVALS = 100
# Strays compared with all clusters at once: bounds the memory.
_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Strays:
    """Tracks that linkage left alone, among clusters that may take them in.

    Average linkage asks what all of a person's tracks think of one. A poor track is like the best of them
    alone, and stays alone. It may join when all clusters are found, so that it founds and bridges nothing.

    Attributes:
        labels: intp (N,), cluster of each track, numbers from 0.
        alone: bool (N,), tracks that may join; of those that are not alone in their cluster none does.
        takes: bool (N,), tracks whose clusters may take others in; one is enough for a cluster.
        ties: Which tracks are apart.
        least_rivals: Fewer clusters beside a stray and its home are too few to tell anything.
    """

    labels: IntArray
    alone: BoolArray
    takes: BoolArray
    ties: Ties
    least_rivals: int = _LEAST_RIVALS

    @property
    def can_be_told(self) -> bool:
        """Whether there are clusters enough."""
        return int(self.labels.max(initial=-1)) - 1 >= self.least_rivals

    def joined(
        self,
        near: tuple[IntArray, IntArray],
        sums: ClusterSums,
        most: Callable[[IntArray, IntArray], FloatArray],
        threshold: float,
    ) -> IntArray:
        """Clusters when strays have joined whom they are clearly like.

        One joins the likeliest cluster of its neighbours, by the mean ratio, if it and the nearest of that
        cluster's tracks would be one person by themselves, and no other cluster comes near. Before anything
        is compared, a cluster of n tracks is n times as likely as one of a single track (the Chinese
        restaurant process; Pitman 2006, "Combinatorial stochastic processes").

        Args:
            near: Pairs of tracks that are alike at all, two arrays (E,).
            sums: Of the clusters.
            most: Gives the highest ratio float32 (K,) of each of K tracks with others.
            threshold: Least ratio of one person.

        Returns:
            (N,) cluster numbers from 0, in the order of each cluster's first track.
        """
        strays, homes, evidence = self._likeliest(near, sums)
        order = np.argsort(homes, kind="stable")
        likely = np.zeros(len(strays), np.bool_)
        for group in np.split(order, np.flatnonzero(np.diff(homes[order])) + 1) if len(order) else []:
            checkpoint()
            members = np.flatnonzero(self.labels == homes[group[0]])
            likely[group] = most(strays[group], members) >= threshold
        strays, homes, evidence = strays[likely], homes[likely], evidence[likely]
        lead = evidence - self._rivals(strays, homes, sums)
        clear = np.flatnonzero(lead >= _CLEARLY)
        # The clearest first: two of one moment can't both join.
        clear = clear[np.lexsort((strays[clear], -lead[clear]))]
        return self._united(self.labels[strays[clear]], homes[clear])

    def _likeliest(
        self, near: tuple[IntArray, IntArray], sums: ClusterSums
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Strays, of their neighbours' clusters the likeliest one, and the evidence for it."""
        sizes = np.bincount(self.labels)
        stray = self.alone & (sizes[self.labels] == 1)
        home = np.zeros(len(sizes), np.bool_)
        home[self.labels[self.takes]] = True
        home &= sizes > 1
        first, second = (np.concatenate(ends) for ends in (near, near[::-1]))
        fits = stray[first] & home[self.labels[second]]
        pairs = np.unique(np.column_stack([first[fits], self.labels[second[fits]]]), axis=0)
        strays, homes = pairs[:, 0], pairs[:, 1]
        evidence = sums.between(self.labels[strays], homes) + np.log(sizes[homes]).astype(np.float32)
        allowed = np.isfinite(evidence)
        strays, homes, evidence = strays[allowed], homes[allowed], evidence[allowed]
        order = np.lexsort((-homes, evidence, strays))
        best = order[np.append(np.diff(strays[order]) > 0, True)] if len(order) else order
        return strays[best], homes[best], evidence[best]

    def _rivals(self, strays: IntArray, homes: IntArray, sums: ClusterSums) -> FloatArray:
        """The evidence for the likeliest cluster other than its home, float32 (K,) for K strays."""
        prior = np.log(np.bincount(self.labels)).astype(np.float32)
        result = np.empty(len(strays), np.float32)
        for start in range(0, len(strays), _AT_ONCE):
            checkpoint()
            part = slice(start, start + _AT_ONCE)
            own, home = self.labels[strays[part]], homes[part]
            evidence = sums.with_all(own) + prior
            row = np.arange(len(own))
            evidence[row, own] = evidence[row, home] = -np.inf
            result[part] = evidence.max(axis=1)
        return result

    def _united(self, strays: IntArray, homes: IntArray) -> IntArray:
        """Clusters when those of strays have joined others, in this order, as far as they may."""
        if len(strays) == 0:
            return self.labels
        apart = self.labels[self.ties.apart]
        apart = apart[np.isin(apart, strays).any(axis=1) & (apart[:, 0] != apart[:, 1])]
        sides = tuple(
            (self.labels[list(one)].tolist(), self.labels[list(other)].tolist())
            for one, other in self.ties.sides
        )
        count = int(self.labels.max()) + 1
        nodes = Contraction(count, Ties((), np.column_stack([homes, strays]), apart, sides)).nodes
        return in_order(nodes[self.labels])
