"""Stable identities: new clusters inherit the ids of the old ones that they overlap with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workers.assignment import assign

# What the oldest identity is ahead by among equals.
_TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What became of the identities at a re-cluster.

    Attributes:
        heirs: For each new cluster the identity that it inherits, or None where it needs a new one.
        merged: Identities that ended, with the identity that took over most of their tracks.
        vanished: Identities that ended without any track left in a cluster.
    """

    heirs: tuple[str | None, ...]
    merged: dict[str, str]
    vanished: tuple[str, ...]


def inherit(
    clusters: Sequence[Collection[str]],
    current: Mapping[str, str],
    weights: Mapping[str, float],
    seniority: Mapping[str, tuple[bool, int]],
) -> Inheritance:
    """Match new clusters to old identities by their common tracks.

    Hungarian assignment on the weight of common tracks (Kuhn 1955); among equals, named and then older
    identities win. Centroids play no part: they drift.

    Args:
        clusters: The track ids of each new cluster.
        current: Identity of each track before.
        weights: Weight of each track, positive.
        seniority: For each identity whether a person named it, and its age rank (0 is the oldest).

    Returns:
        Who inherits what. A cluster inherits at most one identity and an identity goes to at most one
        cluster.
    """
    identities = sorted(set(current.values()), key=lambda i: (not seniority[i][0], seniority[i][1]))
    column = {identity: k for k, identity in enumerate(identities)}
    shared: dict[tuple[int, int], float] = {}
    for row, members in enumerate(clusters):
        for track in members:
            identity = current.get(track)
            if identity is not None:
                pair = row, column[identity]
                shared[pair] = shared.get(pair, 0.0) + weights[track]
    heirs: list[str | None] = [None] * len(clusters)
    for pairs in _connected(shared):
        for row, k in _matched(pairs, len(identities)):
            heirs[row] = identities[k]
    kept = set(heirs)
    largest: dict[int, tuple[float, int]] = {}
    for (row, k), weight in shared.items():
        largest[k] = max(largest.get(k, (0.0, 0)), (weight, -row))
    merged: dict[str, str] = {}
    vanished: list[str] = []
    for k, identity in enumerate(identities):
        if identity in kept:
            continue
        successor = heirs[-largest[k][1]] if k in largest else None
        if successor is None:
            vanished.append(identity)
        else:
            merged[identity] = successor
    return Inheritance(tuple(heirs), merged, tuple(vanished))


def _connected(shared: Mapping[tuple[int, int], float]) -> Iterator[dict[tuple[int, int], float]]:
    """The overlaps, divided into parts that have neither a cluster nor an identity in common.

    Most parts are one cluster with one identity. All in one table would take the product of their numbers.
    """
    # Walked through by hand: SciPy takes longer to load than all that a short video needs it for.
    of_cluster, of_identity = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for cluster, identity in shared:
        of_cluster[cluster].append(identity)
        of_identity[identity].append(cluster)
    while of_cluster:
        part: dict[tuple[int, int], float] = {}
        ahead = [next(iter(of_cluster))]
        while ahead:
            cluster = ahead.pop()
            for identity in of_cluster.pop(cluster, ()):
                part[cluster, identity] = shared[cluster, identity]
                ahead += of_identity.pop(identity, ())
        yield part


def _matched(shared: Mapping[tuple[int, int], float], identities: int) -> list[tuple[int, int]]:
    """Which cluster takes which identity, each at most one."""
    if len(shared) == 1:
        return list(shared)
    rows, columns = (sorted(set(numbers)) for numbers in zip(*shared, strict=True))
    table = np.zeros((len(rows), len(columns)))
    row_of, column_of = ({number: at for at, number in enumerate(numbers)} for numbers in (rows, columns))
    for (row, k), weight in shared.items():
        # Small enough to break ties only, but where tracks weigh next to nothing.
        table[row_of[row], column_of[k]] = weight + _TIE * (1 - k / identities)
    return [(rows[a], columns[b]) for a, b in assign(table)]
