"""Average linkage of tracks, few or many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import ByMedium
from workers.clustering.cancellation import checkpoint
from workers.clustering.comparison import Comparison
from workers.clustering.contraction import Contraction
from workers.clustering.gallery import Gallery
from workers.clustering.graph_linkage import graph_average_linkage
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.likeness_graph import LikenessGraph
from workers.clustering.linkage import constrained_average_linkage, in_order
from workers.clustering.linkage_task import LinkageTask
from workers.clustering.reunion import reunited
from workers.clustering.strays import Strays
from workers.clustering.width import heard
from workers.models.calibration import Calibration

if TYPE_CHECKING:
    from workers.clustering.cluster_sums import ClusterSums

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Rows compared at once: bounds the memory for intermediate results.
_BLOCK = 512
# Tracks of a source that are compared all with all, where those of all sources are too many for it: more
# than even a busy camera sees in the time in which people keep their clothes on.
_WINDOW = 1000
# Clusters of many tracks merge that are this near to being each other's nearest (a natural logarithm).
_SLACK = 2.0


class TrackLinkage:
    """Constrained average linkage over log-likelihood ratios of tracks.

    Args:
        gallery: The tracks.
        comparison: Compares them.
        graph: Which of them look alike.
        calibration: Of the embedder.
        settings: How evidence is weighed.
        threshold: Least mean log-likelihood ratio of one person.
        limit: Most tracks in the gallery for which all are compared with all.
    """

    def __init__(
        self,
        gallery: Gallery,
        comparison: Comparison,
        graph: LikenessGraph,
        calibration: Calibration,
        settings: LikelihoodSettings,
        threshold: float,
        limit: int,
    ) -> None:
        self._gallery = gallery
        self._comparison = comparison
        self._limit = limit
        self._graph = graph
        self._calibration = calibration
        self._settings = settings
        self._threshold = threshold

    def link(
        self, task: LinkageTask, prior: ByMedium, tighter: float = 0.0, begun: IntArray | None = None
    ) -> IntArray:
        """Link tracks.

        What people put together is one cluster in the end, see `reunited`. On the way to that, those of a
        group are linked by themselves first: the parts that they make find whom they look like each on its
        own, as they would if nobody had put them together. As one, they would be like nobody on the mean.

        Args:
            task: The tracks.
            prior: What speaks against one person for tracks of two sources.
            tighter: How much more is asked of one person than the threshold.
            begun: intp (N,), what a link with a higher prior came to: very many tracks go on from there.

        Returns:
            (N,) cluster numbers from 0, in the order of each cluster's first track.
        """
        threshold = self._threshold + tighter
        if not task.ties.groups:
            return self._linked(task, prior, threshold, begun)
        # Nobody of a group faces anybody else of it: of many, sides would take long to look through.
        bare = replace(task, ties=replace(task.ties, groups=(), sides=()))
        parts = [self._parts(bare, group, prior, threshold) for group in task.ties.groups]
        ties = replace(task.ties, groups=(), continued=np.concatenate([*parts, task.ties.continued]))
        labels = self._linked(
            replace(task, ties=ties), prior, threshold, None if begun is None else _undecided(begun, task)
        )
        nodes = Contraction(len(task.rows), ties).nodes
        return reunited(labels, nodes, task.ties, self._gallery.weights[task.rows], task.stays)

    def _linked(
        self, task: LinkageTask, prior: ByMedium, threshold: float, begun: IntArray | None
    ) -> IntArray:
        """Link tracks by their looks, and what belongs together otherwise."""
        if self._many:
            return self._of_near(task, prior, threshold, begun)
        return self._of_all(task, prior, threshold)

    def _parts(self, task: LinkageTask, group: Sequence[int], prior: ByMedium, threshold: float) -> IntArray:
        """Pairs (M, 2) of tracks of a group that look like each other."""
        chosen = np.array(group, np.intp)
        alone = task.part(chosen)
        labels = (
            self._of_near(alone, prior, threshold, None)
            if len(chosen) > self._limit
            else self._of_all(alone, prior, threshold)
        )
        return chosen[_chains(labels)]

    @property
    def face_limit(self) -> float:
        """The most that two faces count; without end where the prior of many sources would outgrow it."""
        return np.inf if self._many else self._settings.limit

    @property
    def _many(self) -> bool:
        """Whether tracks are too many to compare all with all; a part is compared as the whole is."""
        return len(self._gallery) > self._limit

    def heard(self, task: LinkageTask, labels: IntArray, prior: ByMedium) -> FloatArray:
        """What each track hears, on the mean, from the others of its cluster.

        Args:
            task: The tracks.
            labels: intp (N,), their clusters.
            prior: What speaks against one person for tracks of two sources.

        Returns:
            float32 (N,), log-likelihood ratios; infinite for a track that is alone. Where tracks are too
            many to be compared all with all, by their faces alone.
        """
        if self._many:
            return self._sums(task, prior).heard(labels)
        result = np.full(len(labels), np.inf, np.float32)
        order = np.argsort(labels, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
            if len(members) > 1:
                result[members] = self._heard(task.rows[members], prior)
        return result

    def _heard(self, rows: IntArray, prior: ByMedium) -> FloatArray:
        def ratios_of(block: slice) -> FloatArray:
            return self._comparison.ratios(rows[block], rows, prior, self.face_limit)

        return heard(ratios_of, self._gallery.weights[rows])

    def with_strays(self, task: LinkageTask, labels: IntArray, prior: ByMedium) -> IntArray:
        """Clusters (N,) when tracks that are alone have joined whom they are clearly like, see `Strays`."""
        rows = task.rows
        strays = Strays(labels, ~task.decided, task.founds, task.ties)
        if not strays.can_be_told:
            return labels

        def most(strays: IntArray, members: IntArray) -> FloatArray:
            result = np.empty(len(strays), np.float32)
            for start in range(0, len(strays), _BLOCK):
                checkpoint()
                block = slice(start, start + _BLOCK)
                ratios = self._comparison.ratios(rows[strays[block]], rows[members], prior, self.face_limit)
                result[block] = ratios.max(axis=1)
            return result

        first, second, _ = self._graph.pairs(rows)
        sums = self._sums(task, prior).grouped(labels)
        return strays.joined((first, second), sums, most, self._threshold)

    def _of_all(self, task: LinkageTask, prior: ByMedium, threshold: float) -> IntArray:
        """Compare all with all; time and memory go with the square of their number."""
        rows, stays, footage = task.rows, task.stays, self._comparison.footage(task.rows)
        within = np.float32(task.stay)
        photos, firm = self._comparison.photos(rows), task.firm
        affinity = np.empty((len(rows), len(rows)), np.float32)
        for start in range(0, len(rows), _BLOCK):
            checkpoint()
            block = slice(start, start + _BLOCK)
            affinity[block] = self._comparison.ratios(rows[block], rows, prior, self.face_limit)
            same = stays[block][:, None] == stays[None]
            across = np.where(
                firm[block][:, None],
                task.stay_firm.between(photos[block][:, None], photos[None]),
                task.stay_across.between(photos[block][:, None], photos[None]),
            )
            affinity[block] += np.where(
                same & (footage[block][:, None] == footage[None]), within, across * same
            )
        first, second = task.ties.apart.T
        affinity[first, second] = affinity[second, first] = -np.inf
        for one, other in task.ties.sides:
            first, second = np.asarray(one, np.intp), np.asarray(other, np.intp)
            affinity[np.ix_(first, second)] = affinity[np.ix_(second, first)] = -np.inf
        weights = self._gallery.weights[rows]
        return constrained_average_linkage(affinity, weights, threshold, task.ties.continued.tolist())

    def _of_near(
        self, task: LinkageTask, prior: ByMedium, threshold: float, begun: IntArray | None
    ) -> IntArray:
        """Compare those of one source and time, where clothes help, and then clusters that look alike."""
        # Windows know no other source, so that whatever was begun holds what they link.
        joined = self._linked_in_windows(task, threshold) if begun is None else [_chains(begun)]
        together = np.concatenate([task.ties.continued, *joined])
        # Who belongs together is one from the start.
        node = in_order(Contraction(len(task.rows), replace(task.ties, continued=together)).nodes)
        alone = np.bincount(node)[node] == 1
        sums = self._sums(task, prior)
        first, second, known = self._near(task, sums, prior, threshold)
        return graph_average_linkage(
            np.bincount(node, self._gallery.weights[task.rows]).astype(np.float64),
            (node[first], node[second]),
            (node[task.ties.apart[:, 0]], node[task.ties.apart[:, 1]]),
            sums.grouped(node),
            threshold,
            _SLACK,
            # What is known of tracks is not of those that they are one with.
            np.where(alone[first] & alone[second], known, np.float32(np.nan)),
        )[node]

    def _sums(self, task: LinkageTask, prior: ByMedium) -> ClusterSums:
        # Late: sparse matrices take long to load, and a few tracks never need any.
        from workers.clustering.linkage_sums import linkage_sums

        return linkage_sums(task, prior, self._gallery, self._comparison, self._calibration, self._settings)

    def _near(
        self, task: LinkageTask, sums: ClusterSums, prior: ByMedium, threshold: float
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Pairs of tracks that may begin a merge: who looks alike, and who stays together.

        Args:
            task: The tracks.
            sums: Of each of them.
            prior: What speaks against one person for tracks of two sources.
            threshold: Least mean log-likelihood ratio of one person.

        Returns:
            Two arrays (E,) of places in the task, and what the two think of each other, NaN where that takes
            a look at them.
        """
        rows = task.rows
        first, second, margin = self._graph.pairs(rows)
        footage, photos = self._comparison.footage(rows), self._comparison.photos(rows)
        # Of many sources, most who look alike at all don't look alike enough.
        enough = margin * self._graph.steepest >= threshold + prior.between(photos[first], photos[second])
        enough |= footage[first] == footage[second]
        first, second, margin = first[enough], second[enough], margin[enough]
        known = sums.at(first, second, self._graph.cosines(rows[first], rows[second], margin))
        stays = _chains(task.stays)
        return (
            np.concatenate([first, stays[:, 0]]),
            np.concatenate([second, stays[:, 1]]),
            np.concatenate([known, np.full(len(stays), np.nan, np.float32)]),
        )

    def _linked_in_windows(self, task: LinkageTask, threshold: float) -> Iterator[IntArray]:
        """Pairs (M, 2) of tracks of one recording that belong together by their faces and clothes."""
        footage = self._comparison.footage(task.rows)
        others = np.bincount(footage)[footage] - 1
        # In a photo everybody is apart from everybody.
        free = np.bincount(task.ties.apart[:, 0], minlength=len(footage)) < others
        order = np.lexsort((self._comparison.middle_s(task.rows), footage))
        order = order[free[order]]
        for start in range(0, len(order), _WINDOW):
            window = np.sort(order[start : start + _WINDOW])
            # Nothing leads from one source to another here.
            labels = self._of_all(task.part(window), ByMedium.whatever(np.inf), threshold)
            yield window[_chains(labels)]


def _undecided(begun: IntArray, task: LinkageTask) -> IntArray:
    """Clusters that a link came to, but those in which people put tracks together: they begin anew."""
    anew = np.zeros(int(begun.max()) + 1, np.bool_)
    anew[begun[task.decided]] = True
    return np.where(anew[begun], int(begun.max()) + 1 + np.arange(len(begun)), begun)


def _chains(labels: IntArray) -> IntArray:
    """Pairs (M, 2) that join all of each cluster."""
    order = np.argsort(labels, kind="stable")
    same = labels[order][1:] == labels[order][:-1]
    return np.column_stack([order[:-1][same], order[1:][same]])
