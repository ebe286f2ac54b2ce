"""How well similarities tell one person from two: error rates, and the thresholds that go with them.

FAR is the share of impostor pairs that are accepted, TAR that of genuine pairs; a pair is accepted when its
similarity is at least the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.pairs import (
    BINS,
    TAIL_SHARE,
    Among,
    Comparison,
    FloatArray,
    Histogram,
    Labelled,
    Pair,
    compare_all,
    genuine_of_each,
)

FARS = (1e-2, 1e-3, 1e-4)
# Doddington's rule of 30 (NIST 2000): with so many errors the true rate is within 30 % of the one seen, in
# 90 % of cases.
SURE_ERRORS = 30
# Fewer people say nothing about others.
_LEAST_PEOPLE = 5
_RESAMPLES = 1000
# Rounding must not lose a pair that may be accepted: 0.01 * 300 is 2.9999...
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The lowest threshold at which no more than a share of the impostor pairs is accepted.

    Attributes:
        far: That share.
        allowed: Impostor pairs that it is of those there are; rounded down.
        accepted: Impostor pairs that are accepted: fewer than allowed where several are equally alike.
        threshold: Cosine similarity; an impostor pair has it, or would be the next one. None where there are
            too few pairs to say.
        tar: Share of genuine pairs accepted, or None likewise.
        tar_interval: 95 % interval of `tar`, by drawing other people (not pairs: those of one person are
            much alike). None where there are too few people.
    """

    far: float
    allowed: int
    accepted: int
    threshold: float | None
    tar: float | None
    tar_interval: tuple[float, float] | None

    @property
    def is_sure(self) -> bool:
        """Whether enough impostor pairs are behind it."""
        return self.allowed >= SURE_ERRORS

    @property
    def distance(self) -> float | None:
        """The threshold as cosine distance: accepted is what is at most so far apart."""
        return None if self.threshold is None else 1 - self.threshold


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """How well similarities tell one person from two.

    Attributes:
        genuine: Similarities of pairs of one person.
        impostor: Those of two people.
        points: Thresholds, in the order of the FARs asked for.
        eer: Equal error rate: where as large a share of impostors is accepted as of genuine pairs refused.
        eer_threshold: Threshold there, to 0.0001.
        d_prime: Distance of the two means in pooled standard deviations; None where neither spreads.
        strangers: The most alike pairs of two people, one for each two.
        estranged: The least alike pairs of one person, one for each.
    """

    genuine: Histogram
    impostor: Histogram
    points: tuple[OperatingPoint, ...]
    eer: float
    eer_threshold: float
    d_prime: float | None
    strangers: tuple[Pair, ...]
    estranged: tuple[Pair, ...]

    def roc(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Thresholds, ascending in steps of 0.0001 from -1, with FAR and TAR of each; all (BINS + 1,)."""
        return np.linspace(-1, 1, BINS + 1), self.impostor.share_from(), self.genuine.share_from()


def verify(
    items: Labelled, among: Among = "all", *, fars: Sequence[float] = FARS, most_pairs: int = 20
) -> Verification:
    """Measure how well similarities tell one person from two.

    Args:
        items: Vectors and whose they are.
        among: Which pairs.
        fars: Shares of impostor pairs, each in (0, 1].
        most_pairs: Most pairs that are named as the oddest.

    Raises:
        ValueError: If there is no genuine or no impostor pair.
    """
    genuine, impostor = items.count(among)
    if not genuine or not impostor:
        raise ValueError(f"{genuine} genuine and {impostor} impostor pairs: some of both are needed")
    found = compare_all(
        items, among, most_pairs=most_pairs, tail_share=max(TAIL_SHARE, *fars) if fars else TAIL_SHARE
    )
    allowed = [int(far * impostor + _ROUNDING) for far in fars]
    thresholds = [_threshold(found.tail, count, impostor) for count in allowed]
    known = np.array([t for t in thresholds if t is not None], np.float32)
    pairs, reached = genuine_of_each(items, known, among)
    tar = reached.sum(axis=0) / pairs.sum()
    intervals = _intervals(pairs, reached)
    points, k = [], 0
    for far, count, threshold in zip(fars, allowed, thresholds, strict=True):
        if threshold is None:
            points.append(OperatingPoint(far, count, 0, None, None, None))
            continue
        accepted = int((found.tail >= np.float32(threshold)).sum())
        points.append(OperatingPoint(far, count, accepted, threshold, float(tar[k]), intervals[k]))
        k += 1
    eer, eer_threshold = _equal_error(found)
    return Verification(
        found.genuine,
        found.impostor,
        tuple(points),
        eer,
        eer_threshold,
        _d_prime(found.genuine, found.impostor),
        found.strangers,
        found.estranged,
    )


def rounded_up(threshold: float, digits: int = 3) -> float:
    """A threshold to be written down: no impostor pair more may pass it than before."""
    scale = float(10**digits)
    return min(float(np.ceil(threshold * scale - _ROUNDING)) / scale, 1.0)


def _threshold(tail: FloatArray, allowed: int, impostors: int) -> float | None:
    """The lowest of the impostor similarities that no more than `allowed` of them reach."""
    if allowed < 1:
        return None
    if allowed >= impostors:
        return -1.0
    above = tail[tail > tail[allowed]]
    # Where too many are equally alike, just more than that is asked for.
    return float(above.min()) if len(above) else float(np.nextafter(tail[0], np.float32(2)))


def _equal_error(found: Comparison) -> tuple[float, float]:
    """Equal error rate and its threshold."""
    accepted, refused = found.impostor.share_from(), 1 - found.genuine.share_from()
    gap = np.abs(accepted - refused)
    # Where nothing lies between the two kinds, the middle of the gap.
    lowest = np.flatnonzero(gap <= gap.min() + _ROUNDING)
    at = int(lowest[len(lowest) // 2])
    return float((accepted[at] + refused[at]) / 2), at * 2.0 / BINS - 1


def _d_prime(genuine: Histogram, impostor: Histogram) -> float | None:
    spread = float(np.sqrt((genuine.sd**2 + impostor.sd**2) / 2))
    return (genuine.mean - impostor.mean) / spread if spread > 0 else None


def _intervals(
    pairs: npt.NDArray[np.int64], reached: npt.NDArray[np.int64]
) -> list[tuple[float, float] | None]:
    """95 % interval of the TAR at each threshold: the bootstrap, people drawn with replacement.

    The thresholds stay as they are, so that what other strangers would change is not in it. Where all pairs
    or none are accepted, drawing others gives the same again; the exact interval of so many people takes its
    place (Clopper and Pearson 1934), as if each were right or wrong as a whole.
    """
    several = pairs > 0
    pairs, reached = pairs[several], reached[several]
    people = len(pairs)
    if people < _LEAST_PEOPLE:
        return [None] * reached.shape[1]
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(_RESAMPLES):
        times = np.bincount(random.integers(people, size=people), minlength=people)
        drawn.append(times @ reached / (times @ pairs))
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    all_alike = 0.025 ** (1 / people)
    low = np.where(reached.sum(axis=0) == pairs.sum(), all_alike, low)
    high = np.where(reached.sum(axis=0) == 0, 1 - all_alike, high)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
