"""Tracks without any face that can be compared: they stay with the person who has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workers.clustering.partition import Partition


def with_mute(partition: Partition, owners: Mapping[str, str], weights: Mapping[str, float]) -> Partition:
    """Add to a partition the tracks that it does not know, though they belong to somebody.

    Such a track goes where most of what its person has goes. Who has no others stays who they are.

    Args:
        partition: The new groups of all tracks that can be compared.
        owners: Person of each track until now.
        weights: Weight of each track, positive.
    """
    group_of = {track_id: number for number, group in enumerate(partition.clusters) for track_id in group}
    mute = sorted(owners.keys() - group_of.keys() - set(partition.unassigned))
    if not mute:
        return partition
    shares: dict[str, dict[int, float]] = {}
    for track_id, number in group_of.items():
        if track_id in owners:
            share = shares.setdefault(owners[track_id], {})
            share[number] = share.get(number, 0.0) + weights[track_id]
    groups = [list(group) for group in partition.clusters]
    alone: dict[str, list[str]] = {}
    for track_id in mute:
        share = shares.get(owners[track_id], {})
        if share:
            # The first among equals.
            groups[max(share, key=lambda number: (share[number], -number))].append(track_id)
        else:
            alone.setdefault(owners[track_id], []).append(track_id)
    clusters = tuple(tuple(sorted(group)) for group in (*groups, *alone.values()))
    return replace(partition, clusters=clusters)
