"""All pairs of labelled vectors: how alike genuine and impostor pairs are, with bounded memory.

N vectors make N (N - 1) / 2 pairs. They are compared block by block; of each kind a fine histogram is kept,
and exactly only what thresholds and people need: the highest impostor similarities and the oddest pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# Which pairs are looked at: all, those inside a source, those of two sources.
Among = Literal["all", "within", "across"]

BINS = 20_000
_BIN = 2.0 / BINS
# Rows compared at once.
_BLOCK = 256
# Share of the impostor pairs whose similarities are kept exactly; no threshold asks for more.
TAIL_SHARE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Vectors of which it is known whose they are.

    Attributes:
        vectors: float32 (N, D), L2-normalised.
        labels: intp (N,), number of the person of each, from 0.
        sources: intp (N,), where each comes from; all zero where that plays no part.
    """

    vectors: FloatArray
    labels: IntArray
    sources: IntArray

    def __post_init__(self) -> None:
        """Check that the lengths fit and the numbers can be calculated with."""
        count = len(self.vectors)
        if self.vectors.ndim != 2 or self.labels.shape != (count,) or self.sources.shape != (count,):
            raise ValueError(
                f"vectors of shape {self.vectors.shape} need as many labels and sources, not "
                f"{self.labels.shape} and {self.sources.shape}"
            )
        if not np.isfinite(self.vectors).all():
            raise ValueError("vectors hold values that are not finite")
        if count and min(self.labels.min(), self.sources.min()) < 0:
            raise ValueError("labels and sources are numbers from 0")

    def count(self, among: Among = "all") -> tuple[int, int]:
        """Number of genuine and of impostor pairs."""
        everything = _pairs(np.array([len(self.labels)]))
        same_person = _pairs(np.bincount(self.labels))
        same_source = _pairs(np.bincount(self.sources))
        both = self.labels * (int(self.sources.max(initial=0)) + 1) + self.sources
        same_both = _pairs(np.unique(both, return_counts=True)[1])
        if among == "all":
            return same_person, everything - same_person
        if among == "within":
            return same_both, same_source - same_both
        return same_person - same_both, everything - same_source - same_person + same_both


@dataclass(frozen=True, slots=True)
class Pair:
    """Two vectors by their positions, the lower one first, and their cosine similarity."""

    first: int
    second: int
    similarity: float


@dataclass(slots=True, eq=False)
class Histogram:
    """Similarities, counted.

    Attributes:
        counts: int64 (BINS,), in equal bins from -1 to 1.
        number: How many there are.
        mean: Their mean; 0 where there are none.
        sd: Their standard deviation, as that of all there are.
        least: The lowest; 1 where there are none.
        most: The highest; -1 where there are none.
    """

    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    least: float = 1.0
    most: float = -1.0
    _sum: float = 0.0
    _squares: float = 0.0

    def add(self, similarity: FloatArray) -> None:
        """Count more of them, (K,)."""
        if not len(similarity):
            return
        bins = np.minimum(((similarity + 1) / _BIN).astype(np.intp), BINS - 1)
        self.counts += np.bincount(bins, minlength=BINS)
        exact = similarity.astype(np.float64)
        self._sum += float(exact.sum())
        self._squares += float((exact**2).sum())
        self.least = min(self.least, float(similarity.min()))
        self.most = max(self.most, float(similarity.max()))

    @property
    def number(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Their mean; 0 where there are none."""
        return self._sum / max(self.number, 1)

    @property
    def sd(self) -> float:
        """Their standard deviation, as that of all there are."""
        return float(np.sqrt(max(self._squares / max(self.number, 1) - self.mean**2, 0.0)))

    def percentile(self, percent: float) -> float:
        """The similarity that so many percent reach at most, to a bin's width; never one beyond all.

        Raises:
            ValueError: If there are none.
        """
        if not self.number:
            raise ValueError("no similarities, and so no percentile of them")
        rank = max(int(np.ceil(percent / 100 * self.number)), 1)
        bin_ = int(np.searchsorted(np.cumsum(self.counts), rank))
        return float(np.clip(bin_ * _BIN - 1, self.least, self.most))

    def share_from(self) -> npt.NDArray[np.float64]:
        """(BINS + 1,) share of them that lie at or above the lower edge of each bin; the last is 0."""
        above = np.concatenate([np.cumsum(self.counts[::-1])[::-1], [0]])
        return np.asarray(above / max(self.number, 1), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What comparing all pairs gave.

    Attributes:
        genuine: Pairs of one person.
        impostor: Pairs of two people.
        tail: float32, descending: the highest impostor similarities, at least `TAIL_SHARE` of all of them and
            one more.
        strangers: The most alike pairs of two people, at most one for each two; the most alike first.
        estranged: The least alike pairs of one person, at most one for each; the least alike first.
    """

    genuine: Histogram
    impostor: Histogram
    tail: FloatArray
    strangers: tuple[Pair, ...]
    estranged: tuple[Pair, ...]


def compare_all(
    items: Labelled, among: Among = "all", *, most_pairs: int = 20, tail_share: float = TAIL_SHARE
) -> Comparison:
    """Compare every vector with every other one.

    Args:
        items: The vectors.
        among: Which pairs.
        most_pairs: Most pairs that are named as the oddest.
        tail_share: Share of the impostor pairs whose similarities are kept exactly.
    """
    genuine, impostor = Histogram(), Histogram()
    tail = _Tail(int(np.ceil(items.count(among)[1] * tail_share)) + 1)
    strangers, estranged = _Oddest(most_pairs), _Oddest(most_pairs)
    for start in range(0, len(items.labels), _BLOCK):
        similarity, same, looked_at = _block(items, start, among)
        of_one, of_two = looked_at & same, looked_at & ~same
        genuine.add(similarity[of_one])
        others = similarity[of_two]
        impostor.add(others)
        tail.add(others)
        labels = items.labels[start : start + len(similarity)], items.labels[start:]
        strangers.add(np.where(of_two, similarity, -np.inf), start, *labels)
        estranged.add(np.where(of_one, -similarity, -np.inf), start, *labels)
    return Comparison(
        genuine,
        impostor,
        tail.descending(),
        tuple(Pair(a, b, value) for value, a, b in strangers.found),
        tuple(Pair(a, b, -value) for value, a, b in estranged.found),
    )


def genuine_of_each(
    items: Labelled, thresholds: FloatArray, among: Among = "all"
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Genuine pairs of each person, and how many of them reach some thresholds.

    Args:
        items: The vectors.
        thresholds: (T,).
        among: Which pairs.

    Returns:
        int64 (P,), pairs of each person, and int64 (P, T), how many are at least so alike.
    """
    people = int(items.labels.max(initial=-1)) + 1
    pairs, reached = np.zeros(people, np.int64), np.zeros((people, len(thresholds)), np.int64)
    order = np.argsort(items.labels, kind="stable")
    photos = np.bincount(items.labels, minlength=people)
    for person, rows in enumerate(np.split(order, np.cumsum(photos)[:-1])):
        own = Labelled(items.vectors[rows], np.zeros(len(rows), np.intp), items.sources[rows])
        for start in range(0, len(rows), _BLOCK):
            similarity, _, looked_at = _block(own, start, among)
            values = similarity[looked_at]
            pairs[person] += len(values)
            reached[person] += (values[:, None] >= thresholds[None]).sum(axis=0)
    return pairs, reached


def _block(items: Labelled, start: int, among: Among) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Similarities of some rows with all from there on, which are of one person, and which are looked at."""
    rows = slice(start, start + _BLOCK)
    similarity = np.clip(items.vectors[rows] @ items.vectors[start:].T, -1.0, 1.0)
    same = np.asarray(items.labels[rows][:, None] == items.labels[start:][None])
    # Each pair once, and nothing with itself.
    looked_at = np.triu(np.ones(similarity.shape, np.bool_), 1)
    if among != "all":
        together = items.sources[rows][:, None] == items.sources[start:][None]
        looked_at &= together if among == "within" else ~together
    return similarity.astype(np.float32), same, looked_at


def _pairs(counts: npt.NDArray[np.integer]) -> int:
    """Pairs inside groups of these sizes."""
    exact = counts.astype(np.int64)
    return int((exact * (exact - 1) // 2).sum())


class _Tail:
    """The highest of many numbers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = np.empty(0, np.float32)
        self._floor = -np.inf

    def add(self, values: FloatArray) -> None:
        """Take in more of them."""
        kept = np.concatenate([self._kept, values[values >= self._floor]])
        if len(kept) > self._size:
            kept = np.partition(kept, len(kept) - self._size)[-self._size :]
            self._floor = float(kept.min())
        self._kept = kept

    def descending(self) -> FloatArray:
        """The highest, the highest first."""
        return np.sort(self._kept)[::-1]


class _Oddest:
    """The highest values over pairs, at most one for each two people."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._best: dict[tuple[int, int], tuple[float, int, int]] = {}
        self.found: list[tuple[float, int, int]] = []

    def add(self, values: FloatArray, start: int, row_labels: IntArray, column_labels: IntArray) -> None:
        """Take in a block, which is changed; -inf is no pair."""
        for _ in range(self._size):
            at = int(values.argmax())
            row, column = divmod(at, values.shape[1])
            value = float(values[row, column])
            full = len(self.found) == self._size
            if value == -np.inf or (full and value <= self.found[-1][0]):
                return
            a, b = int(row_labels[row]), int(column_labels[column])
            key = min(a, b), max(a, b)
            if key not in self._best or value > self._best[key][0]:
                self._best[key] = (value, start + row, start + column)
            self.found = sorted(self._best.values(), key=lambda item: (-item[0], *item[1:]))[: self._size]
            for one, other in ((a, b), (b, a)):
                values[np.ix_(row_labels == one, column_labels == other)] = -np.inf
