"""Clusters whose own members would reject each other are linked again, tighter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.by_medium import ByMedium
from workers.clustering.linkage import in_order
from workers.clustering.linkage_task import LinkageTask
from workers.clustering.track_linkage import TrackLinkage

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Tracks that are carried along speak against their cluster a little, and most of them are right where they
# are: breaking up every cluster with one of them cost LFW 0.06 of BCubed F. One that speaks against it so
# clearly (as a natural logarithm) is found only where clusters were chained together.
_CLEARLY = 2.0
# How much more is asked of one person, until the parts hold.
_TIGHTER = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class GuardedLinkage:
    """Clusters, and how far their members are from rejecting each other.

    Attributes:
        labels: intp (N,), cluster numbers from 0, in the order of each cluster's first track.
        least: float32 (C,), for each cluster what the others of it say, on the mean, of the track that they
            speak against most; infinite for a single track.
    """

    labels: IntArray
    least: FloatArray

    def grown(self, labels: IntArray) -> GuardedLinkage:
        """The same when clusters have taken in others, of which it is known that these doubt them.

        Args:
            labels: intp (N,), the clusters then.
        """
        least = np.full(int(labels.max()) + 1, np.inf, np.float32)
        np.minimum.at(least, labels, self.least[self.labels])
        return GuardedLinkage(labels, least)


def guarded(
    linkage: TrackLinkage,
    task: LinkageTask,
    prior: ByMedium,
    threshold: float,
    begun: IntArray | None = None,
) -> GuardedLinkage:
    """Link tracks so that no chain grows into a cluster of many people.

    Args:
        linkage: Links them.
        task: The tracks.
        prior: What speaks against one person for tracks of two sources.
        threshold: Least mean log-likelihood ratio of one person.
        begun: intp (N,), what a link with a higher prior came to, see `TrackLinkage.link`.
    """
    labels = linkage.link(task, prior, begun=begun).copy()
    least = _least(linkage, task, labels, prior)
    for number in np.flatnonzero(least < threshold - _CLEARLY).tolist():
        chosen = np.flatnonzero(labels == number)
        if task.decided[chosen].any():
            # No chain: people said that tracks are one person that don't look like it.
            continue
        part = task.part(chosen)
        for tighter in _TIGHTER:
            found = linkage.link(part, prior, tighter)
            least_found = _least(linkage, part, found, prior)
            if least_found.min() >= threshold - _CLEARLY:
                break
        labels[chosen] = len(least) + found
        least = np.concatenate([least, least_found])
    return GuardedLinkage(labels, least).grown(in_order(labels))


def _least(linkage: TrackLinkage, task: LinkageTask, labels: IntArray, prior: ByMedium) -> FloatArray:
    """The least of what a track of each cluster hears from the others."""
    least = np.full(int(labels.max()) + 1, np.inf, np.float32)
    np.minimum.at(least, labels, linkage.heard(task, labels, prior))
    return least
