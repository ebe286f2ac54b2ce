"""The few faces that stand for a person: good ones that differ."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
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


def portraits(views: Iterable[View], count: int) -> tuple[str, ...]:
    """Choose the faces that stand for a person, see `Portraits`.

    Args:
        views: All that can be shown, in any order.
        count: How many to choose.

    Returns:
        Sample ids, at most `count`, none twice.
    """
    return Portraits(count, views).chosen()


class Portraits:
    """Chooses the faces that stand for a person, kept from face to face.

    The best one first, of those that the detector was sure of; then, again and again, the one with the
    highest product of quality and distance to those chosen (greedy max-min diversity, Gonzalez 1985). So a
    better face replaces a worse one whenever it comes, and the same smile twice is shown once. The choice is
    made among the best of all, and made anew only where these are others.

    Args:
        count: How many to choose.
        views: Those that there are to begin with.
    """

    def __init__(self, count: int, views: Iterable[View] = ()) -> None:
        self._count = count
        self._by_source: dict[str, list[View]] = {}
        for view in views:
            self._by_source.setdefault(view.source_id, []).append(view)
        # Ascending, as are all views: by `_rank`.
        self._scores = sorted(view.score for own in self._by_source.values() for view in own)
        for own in self._by_source.values():
            own.sort(key=_rank)
        # Of each source no more than its share, where there are many.
        self._candidates: list[View] = []
        self._share = 0
        self._chosen: tuple[str, ...] | None = None
        self._share_out()

    def add(self, view: View) -> None:
        """Take in a face that isn't there."""
        surest = self._scores[-1] if self._scores else 0.0
        insort(self._scores, view.score)
        own = self._by_source.setdefault(view.source_id, [])
        at = bisect_left(own, _rank(view), key=_rank)
        own.insert(at, view)
        if self._scores[-1] != surest:
            self._chosen = None
        if self._share_out() or at >= self._share:
            return
        self._enter(view)
        if len(own) > self._share:
            self._leave(own[self._share])

    def remove(self, view: View) -> None:
        """Take out a face that is there."""
        surest = self._scores[-1]
        del self._scores[bisect_left(self._scores, view.score)]
        own = self._by_source[view.source_id]
        at = _place(own, view)
        del own[at]
        if not own:
            del self._by_source[view.source_id]
        if not self._scores or self._scores[-1] != surest:
            self._chosen = None
        if self._share_out() or at >= self._share:
            return
        self._leave(view)
        if len(own) >= self._share:
            self._enter(own[self._share - 1])

    def chosen(self) -> tuple[str, ...]:
        """Sample ids of the faces, none twice; fewer than asked for where others would show nothing new."""
        if self._chosen is None:
            pool = self._candidates[:_POOL]
            self._chosen = choose(pool, max(self._scores[-1], 1e-6), self._count) if pool else ()
        return self._chosen

    def _share_out(self) -> bool:
        """Choose the candidates anew where the share of each source has changed; returns whether it has."""
        few = len(self._scores) <= _POOL
        share = _POOL if few else max(_POOL_PER_SOURCE, _POOL // len(self._by_source))
        if share == self._share:
            return False
        self._share = share
        some = (view for own in self._by_source.values() for view in own[:share])
        self._candidates = sorted(some, key=_rank)
        self._chosen = None
        return True

    def _enter(self, view: View) -> None:
        at = bisect_left(self._candidates, _rank(view), key=_rank)
        self._candidates.insert(at, view)
        self._changed(at)

    def _leave(self, view: View) -> None:
        at = _place(self._candidates, view)
        del self._candidates[at]
        self._changed(at)

    def _changed(self, at: int) -> None:
        if at < _POOL:
            self._chosen = None


def _rank(view: View) -> tuple[float, str]:
    """What comes first is worth more."""
    return (-view.quality * view.score**_SURENESS, view.sample_id)


def _place(views: list[View], view: View) -> int:
    """Where a view is in a list that holds it, ascending by `_rank`."""
    at = bisect_left(views, _rank(view), key=_rank)
    while views[at] is not view:
        at += 1
    return at


def choose(pool: list[View], surest: float, count: int) -> tuple[str, ...]:
    """Choose faces of some views, see `Portraits`.

    Args:
        pool: The views, the best first, at least one.
        surest: Highest score that the detector gave any face of all.
        count: How many to choose at most.

    Returns:
        Sample ids, none twice.
    """
    quality = np.array([view.quality * (view.score / surest) ** _SURENESS for view in pool])
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
