"""A cluster divided between people whom it must not unite."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence

FloatArray = npt.NDArray[np.float32]

# Tracks of a person that others are compared with, the weightiest ones.
_HEARD = 512
# Tracks compared at once; bounds the memory for intermediate results.
_BLOCK = 512


def divided(
    cluster: Collection[str],
    homes: Sequence[Collection[str]],
    tracks: Mapping[str, TrackEvidence],
    constraints: Constraints,
    likeness: Callable[[list[str], list[str]], FloatArray],
) -> list[tuple[str, ...]]:
    """Divide a cluster between people, of each of whom it holds some tracks.

    Every other track goes to the person whom it is like on the mean, together with those that people put
    together with it. One that can't be compared goes to the first.

    Args:
        cluster: Its track ids.
        homes: For each person the tracks of theirs that are in it, at least one; no two have any in common.
        tracks: What is known of the tracks that can be compared.
        constraints: What people said.
        likeness: Gives how alike tracks (N) and others (M) are, float32 (N, M); the higher, the more.

    Returns:
        The tracks of each person, in the order of `homes`, each in the order of their ids.
    """
    at_home = set(itertools.chain(*homes))
    rest = sorted(set(cluster) - at_home)
    scores = _scores(rest, homes, tracks, likeness)
    units: dict[frozenset[str], list[int]] = {}
    for place, track_id in enumerate(rest):
        units.setdefault(constraints.with_(track_id) or frozenset([track_id]), []).append(place)
    parts = [list(home) for home in homes]
    for places in units.values():
        nearest = int(scores[places].sum(axis=0).argmax())
        parts[nearest] += [rest[place] for place in places]
    return [tuple(sorted(part)) for part in parts]


def _scores(
    rest: Sequence[str],
    homes: Sequence[Collection[str]],
    tracks: Mapping[str, TrackEvidence],
    likeness: Callable[[list[str], list[str]], FloatArray],
) -> npt.NDArray[np.float64]:
    """How alike tracks and people are on the mean, float64 (N, K); 0 for what can't be compared."""
    scores = np.zeros((len(rest), len(homes)))
    comparable = [place for place, track_id in enumerate(rest) if track_id in tracks]
    for column, home in enumerate(homes):
        known = sorted((t for t in home if t in tracks), key=lambda t: (-tracks[t].weight, t))[:_HEARD]
        weights = np.array([tracks[track_id].weight for track_id in known])
        for start in range(0, len(comparable), _BLOCK):
            block = comparable[start : start + _BLOCK]
            if known:
                alike = likeness([rest[place] for place in block], known)
                scores[block, column] = alike @ weights / weights.sum()
            else:
                scores[block, column] = -np.inf
    return scores
