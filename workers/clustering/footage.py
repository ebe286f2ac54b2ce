"""Sources that show one footage: copies of a recording, or cameras that see one room at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# So many tracks of a source and this share of them have to repeat: what is compressed again is often cut into
# other tracks. Of the copies that were tried the poorest kept 0.43, and two recordings had 0.11 at most.
_LEAST, _SHARE = 3, 1 / 3
# Least overlap of the times of two tracks, as a share of both together, and least likeness of their clothes
# (Bhattacharyya).
_OVERLAP, _CLOTHES = 0.5, 0.75
# Where clothes aren't seen, faces have to be as much more alike than one person's, of 1, and overlap so much.
_FACES_ALONE, _OVERLAP_ALONE = 0.5, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of tracks of two sources that look alike.

    Attributes:
        first: intp (E,), one track of each pair.
        second: intp (E,), the other.
        cosines: float32 (E,), of their templates.
        genuine: float32 (E,), what is usual for one person, at their sizes.
    """

    first: IntArray
    second: IntArray
    cosines: FloatArray
    genuine: FloatArray


def overlaps(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], later: npt.NDArray[np.int64] | int = 0
) -> npt.NDArray[np.float64]:
    """The time in which both of two tracks were seen, as a share of that in which either was.

    Args:
        first: int64 (E, 2), first and last moment of one track of each pair, see `TrackEvidence.moments`.
        second: int64 (E, 2), the same of the other.
        later: int64 (E,), by how many moments the other's source began later.

    Returns:
        float64 (E,), at most 1; 0 or less where they don't overlap.
    """
    begins, ends = second[:, 0] + later, second[:, 1] + later
    both = np.minimum(first[:, 1], ends) - np.maximum(first[:, 0], begins) + 1
    either = np.maximum(first[:, 1], ends) - np.minimum(first[:, 0], begins) + 1
    return np.asarray(both / either, np.float64)


def twins(
    pairs: Pairs, overlap: npt.NDArray[np.float64], clothing_roots: FloatArray | None
) -> npt.NDArray[np.bool_]:
    """Whether each pair may be one appearance of a person, recorded twice.

    Args:
        pairs: Pairs of N tracks.
        overlap: float64 (E,), see `overlaps`.
        clothing_roots: float32 (N, C), see `Gallery.clothing_roots`.
    """
    first, second = pairs.first, pairs.second
    nearer = pairs.genuine + _FACES_ALONE * (1 - pairs.genuine)
    alone = (overlap >= _OVERLAP_ALONE) & (pairs.cosines >= nearer)
    maybe = (overlap >= _OVERLAP) & (pairs.cosines >= pairs.genuine)
    if clothing_roots is None:
        return np.asarray(alone, np.bool_)
    (some,) = np.nonzero(maybe)
    from_, to = clothing_roots[first[some]], clothing_roots[second[some]]
    dressed = from_.any(axis=1) & to.any(axis=1)
    alike = np.einsum("ij,ij->i", from_, to) >= _CLOTHES
    maybe[some] = np.where(dressed, alike, alone[some])
    return np.asarray(maybe, np.bool_)


def same_footage(first: IntArray, second: IntArray, sources: IntArray, names: Sequence[str]) -> IntArray:
    """Which sources repeat each other, by the tracks that are in both.

    Who has a recording twice has no new evidence in it.

    Args:
        first: intp (E,), one track of each pair of `twins`.
        second: intp (E,), the other.
        sources: intp (N,), number of the source of each track.
        names: Id of each source (S,): where several are as likely, in this order.

    Returns:
        intp (S,), the same number for sources that do, from 0.
    """
    numbers = np.arange(len(names))
    ranks = np.empty(len(names), np.intp)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = numbers
    if len(first) == 0:
        return ranks
    sources = ranks[sources]
    tracks = np.bincount(sources, minlength=len(names))
    showing: dict[int, list[int]] = {}
    # Two recordings with many people are one for the sake of those people, not of a clip that is like both.
    long = tracks >= _LEAST
    for one, other, sure in _repeated(first, second, sources, tracks):
        kept, moved = int(numbers[one]), int(numbers[other])
        if kept == moved or not (sure or not long[kept] or not long[moved]):
            continue
        some = showing.pop(moved, [moved])
        showing.setdefault(kept, [kept]).extend(some)
        numbers[some] = kept
        long[kept] |= long[moved]
    return np.unique(numbers, return_inverse=True)[1].astype(np.intp)[ranks]


def _repeated(
    first: IntArray, second: IntArray, sources: IntArray, tracks: IntArray
) -> list[tuple[int, int, bool]]:
    """Pairs of sources that repeat each other, those with most tracks first; whether several say so."""
    one, other = sources[first], sources[second]
    swap = one > other
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    key = sources[first] * len(tracks) + sources[second]
    pair, at = np.unique(key, return_inverse=True)
    # Tracks that have a twin, not pairs: three of one may look like one of the other.
    alike = np.minimum(
        *(
            np.bincount(np.unique(np.column_stack([at, rows]), axis=0)[:, 0], minlength=len(pair))
            for rows in (first, second)
        )
    )
    a, b = np.divmod(pair, len(tracks))
    fewer = np.minimum(tracks[a], tracks[b])
    kept = alike >= np.where(fewer < _LEAST, fewer, np.maximum(_SHARE * fewer, _LEAST))
    a, b, alike, sure = a[kept], b[kept], alike[kept], alike[kept] >= _LEAST
    order = np.lexsort((b, a, -alike))
    return list(zip(a[order].tolist(), b[order].tolist(), sure[order].tolist(), strict=True))
