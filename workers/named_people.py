"""Names outlive every re-cluster: people who are called differently are not made one by their looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from workers.clustering.matching import Inheritance, inherit
from workers.clustering.partition import Partition
from workers.membership import Membership

Divide = Callable[[Collection[str], Sequence[Collection[str]]], Sequence[tuple[str, ...]]]


def inherit_with_names(
    partition: Partition,
    membership: Membership,
    weights: Mapping[str, float],
    names: Mapping[str, str],
    divide: Divide,
) -> tuple[Partition, Inheritance]:
    """Let new clusters inherit identities, and divide those in which a name would be lost.

    At home in a cluster is who inherits it, who would be merged into whoever does, and who has more than half
    of all their tracks there, however short these are. Where people of different names are at home in one,
    each name gets a part of it: what its people had there, and what is nearest to that. People of one name
    may be merged. Tracks that a named person has elsewhere may go to whomever they look like. A named person
    of whom nothing but tracks for nobody is left keeps those.

    Args:
        partition: The new clusters.
        membership: Who has which track until now.
        weights: Weight of each track, positive.
        names: Name of each person who has one.
        divide: Divides a cluster between people, given the tracks of each that are in it.

    Returns:
        The partition that keeps all names, and who inherits which cluster of it.
    """
    owners = membership.identity_of
    grouped = [track_id for group in (*partition.clusters, partition.unassigned) for track_id in group]
    current = {track_id: owners[track_id] for track_id in grouped if track_id in owners}
    seniority = {i: (i in names, int(i[1:])) for i in membership.alive()}
    while True:
        inheritance = inherit(partition.clusters, current, weights, seniority)
        # Ends, for each turn makes more and smaller clusters, and one track has one person.
        finer = _with_homes(partition, inheritance, current, names, divide)
        if finer is None:
            return partition, inheritance
        partition = finer


def _with_homes(
    partition: Partition,
    inheritance: Inheritance,
    current: Mapping[str, str],
    names: Mapping[str, str],
    divide: Divide,
) -> Partition | None:
    """A partition in which more people with a name have a cluster, or None where no name is lost."""
    # A name that would go with its last track.
    kept: dict[str, list[str]] = {i: [] for i in inheritance.vanished if i in names}
    for track_id in partition.unassigned:
        if (owner := current.get(track_id, "")) in kept:
            kept[owner].append(track_id)
    at_home = _at_home(partition, inheritance, current, names)
    called: dict[str, set[str]] = {}
    for home, identity_id in at_home:
        called.setdefault(home, set()).add(names[identity_id])
    clashing = {heir for heir, theirs in called.items() if len(theirs) > 1}
    if not kept and not clashing:
        return None
    clusters: list[tuple[str, ...]] = [tuple(tracks) for tracks in kept.values()]
    for cluster, heir in zip(partition.clusters, inheritance.heirs, strict=True):
        if heir not in clashing:
            clusters.append(cluster)
            continue
        homes: dict[str, list[str]] = {}
        for track_id in cluster:
            owner = current.get(track_id, "")
            if (heir, owner) in at_home:
                homes.setdefault(names[owner], []).append(track_id)
        clusters += divide(cluster, list(homes.values()))
    gone = {track_id for tracks in kept.values() for track_id in tracks}
    return replace(
        partition,
        clusters=tuple(sorted(clusters)),
        unassigned=tuple(track_id for track_id in partition.unassigned if track_id not in gone),
    )


def _at_home(
    partition: Partition, inheritance: Inheritance, current: Mapping[str, str], names: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Who inherits a cluster, and who is at home there: those of the latter who have a name."""
    heirs = {(heir, heir) for heir in inheritance.heirs if heir is not None}
    taken_over = {(heir, identity_id) for identity_id, heir in inheritance.merged.items()}
    # By number, not by weight: one long track is not worth more than all that would be nobody's then.
    total = Counter(owner for owner in current.values() if owner in names)
    shared = Counter(
        (heir, owner)
        for cluster, heir in zip(partition.clusters, inheritance.heirs, strict=True)
        for track_id in cluster
        if heir is not None and (owner := current.get(track_id, "")) in names
    )
    most = {(heir, owner) for (heir, owner), count in shared.items() if 2 * count > total[owner]}
    return {pair for pair in heirs | taken_over | most if pair[1] in names}
