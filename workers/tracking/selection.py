"""The few faces of a track that are worth embedding: good ones, far apart in time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Generic, TypeVar

Candidate = TypeVar("Candidate")


class SampleSelection(Generic[Candidate]):
    """Keeps the best candidate of each stretch of time; stretches widen as the track grows.

    Memory is bounded by `capacity` candidates however long the track is.

    Args:
        capacity: Most candidates kept at any time, at least 2.
        stretch_s: Width of a stretch at the start, s.
    """

    def __init__(self, capacity: int = 8, stretch_s: float = 0.4) -> None:
        if capacity < 2:
            raise ValueError(f"capacity is {capacity}, must be at least 2")
        self._capacity = capacity
        self._stretch_s = stretch_s
        self._start_s: float | None = None
        self._best: dict[int, tuple[float, float, Candidate]] = {}

    def offer(self, media_s: float, value: float, make: Callable[[], Candidate]) -> bool:
        """Offer a face; `make` is called only if it is the best of its stretch so far.

        Args:
            media_s: When it was seen, s; not before an earlier offer.
            value: Its quality, higher is better.
            make: Builds what is kept.

        Returns:
            Whether `make` was called. Where that made the stretches widen, a better neighbour may have taken
            the place at once.
        """
        if not self.would_keep(media_s, value):
            return False
        if self._start_s is None:
            self._start_s = media_s
        self._best[self._stretch(media_s)] = (value, media_s, make())
        while len(self._best) > self._capacity:
            self._widen()
        return True

    def would_keep(self, media_s: float, value: float) -> bool:
        """Whether a face of this quality, offered now, would be the best of its stretch so far."""
        present = self._best.get(self._stretch(media_s))
        return present is None or present[0] < value

    def _stretch(self, media_s: float) -> int:
        start_s = media_s if self._start_s is None else self._start_s
        return int((media_s - start_s) / self._stretch_s + 1e-6)

    def _widen(self) -> None:
        self._stretch_s *= 2
        merged: dict[int, tuple[float, float, Candidate]] = {}
        for key, entry in self._best.items():
            present = merged.get(key // 2)
            if present is None or present[0] < entry[0]:
                merged[key // 2] = entry
        self._best = merged

    def best(self, count: int | None = None) -> list[Candidate]:
        """At most `count` candidates in order of time: the kept ones in equal groups, the best of each.

        Args:
            count: How many; None for all that are kept.
        """
        entries = sorted(self._best.values(), key=lambda entry: entry[1])
        count = len(entries) if count is None else min(count, len(entries))
        bounds = [round(i * len(entries) / count) for i in range(count + 1)] if count else []
        groups = [entries[a:b] for a, b in itertools.pairwise(bounds)]
        return [max(group, key=lambda entry: entry[0])[2] for group in groups]

    def top(self) -> Candidate | None:
        """The best candidate of all, or None before any was offered."""
        if not self._best:
            return None
        return max(self._best.values(), key=lambda entry: entry[0])[2]
