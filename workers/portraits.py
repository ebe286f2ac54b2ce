"""The few faces that stand for a person: good ones that differ."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.sample_record import Sample

# Of a track, these many of its best faces can be shown.
_VIEWS = 3
# Faces among which the choice is made, so that a person with very many tracks takes no longer.
_POOL = 256
_POOL_PER_SOURCE = 16
# A face that is so much worse than the best is not shown, however different.
_LEAST_QUALITY = 0.4
# A detector's score falls where a face turns away or is covered, long before its box says so; landmarks are
# guessed then, and may look like those of a large face from the front. So it counts with this power.
_SURENESS = 4
# One that is nearer to a chosen one than this share of the largest distance there is shows nothing new. A
# share, because every embedder has distances of its own.
_SAME_VIEW = 0.1
# The same face twice: float16 rounds away no more than this of a distance.
_SAME_FACE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A face that can be shown.

    Attributes:
        sample_id: Its sample.
        source_id: Where it was seen.
        quality: In (0, 1], higher is better.
        score: Detector's score, (0, 1].
        vector: float16 (D,), L2-normalised embedding.
    """

    sample_id: str
    source_id: str
    quality: float
    score: float
    vector: npt.NDArray[np.float16]


def views_of(samples: Iterable[Sample]) -> tuple[View, ...]:
    """The faces of a track that can be shown, the best first."""
    with_crop = sorted((s for s in samples if s.has_crop), key=lambda s: (-s.quality, s.sample_id))
    return tuple(
        View(s.sample_id, s.source_id, s.quality, s.score, s.vector.astype(np.float16))
        for s in with_crop[:_VIEWS]
    )


def portraits(views: Sequence[View], count: int) -> tuple[str, ...]:
    """Choose the faces that stand for a person.

    The best one first, of those that the detector was sure of; then, again and again, the one with the
    highest product of quality and distance to those chosen (greedy max-min diversity, Gonzalez 1985). So a
    better face replaces a worse one whenever it comes, and the same smile twice is shown once.

    Args:
        views: All that can be shown, in any order.
        count: How many to choose.

    Returns:
        Sample ids, at most `count`, none twice.
    """
    if not views:
        return ()
    surest = max(max(view.score for view in views), 1e-6)

    def worth(view: View) -> float:
        return view.quality * (view.score / surest) ** _SURENESS

    pool = _pool(views, worth)
    quality = np.array([worth(view) for view in pool])
    vectors = np.stack([view.vector for view in pool]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    good = quality >= _LEAST_QUALITY * quality[0]
    chosen = [0]
    distance = 1 - vectors @ vectors[0]
    least = max(_SAME_VIEW * float(distance[good].max()), _SAME_FACE)
    while len(chosen) < count:
        gain = np.where(good & (distance > least), quality * distance, 0.0)
        gain[chosen] = 0.0
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        chosen.append(best)
        distance = np.minimum(distance, 1 - vectors @ vectors[best])
    return tuple(pool[k].sample_id for k in chosen)


def _pool(views: Sequence[View], worth: Callable[[View], float]) -> list[View]:
    """The best views, the best first, and of each source no more than its share where there are many."""

    def rank(view: View) -> tuple[float, str]:
        return (-worth(view), view.sample_id)

    if len(views) > _POOL:
        by_source: dict[str, list[View]] = {}
        for view in views:
            by_source.setdefault(view.source_id, []).append(view)
        share = max(_POOL_PER_SOURCE, _POOL // len(by_source))
        views = [view for group in by_source.values() for view in heapq.nsmallest(share, group, key=rank)]
    return heapq.nsmallest(_POOL, views, key=rank)
