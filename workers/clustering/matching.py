"""Stable identities: new clusters inherit the ids of the old ones that they overlap with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


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
    shared = np.zeros((len(clusters), len(identities)))
    for row, members in enumerate(clusters):
        for track in members:
            identity = current.get(track)
            if identity is not None:
                shared[row, column[identity]] += weights[track]
    # Small enough to break ties only: weights of tracks are at least 1.
    bonus = np.linspace(1e-6, 0.0, max(len(identities), 1))[: len(identities)]
    rows, columns = linear_sum_assignment(-(shared + np.where(shared > 0, bonus, 0.0)))
    heirs: list[str | None] = [None] * len(clusters)
    for row, k in zip(rows, columns, strict=True):
        if shared[row, k] > 0:
            heirs[row] = identities[k]
    kept = set(heirs)
    merged: dict[str, str] = {}
    vanished: list[str] = []
    for identity in identities:
        if identity in kept:
            continue
        overlap = shared[:, column[identity]]
        successor = heirs[int(overlap.argmax())] if overlap.size and overlap.max() > 0 else None
        if successor is None:
            vanished.append(identity)
        else:
            merged[identity] = successor
    return Inheritance(tuple(heirs), merged, tuple(vanished))
