"""What a re-cluster changes: who inherits which identity, and who is no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from storage.effects import Effects
from storage.identity_record import ChangeKind
from workers.clustering.matching import Inheritance
from workers.clustering.partition import Partition
from workers.membership import Membership


@dataclass(frozen=True, slots=True)
class Ignored:
    """Whom lists leave out.

    Attributes:
        people: Them.
        said: What was said last of whoever had a track: whether to ignore them.
    """

    people: Collection[str]
    said: Mapping[str, bool]

    def hides(self, track_ids: Collection[str], owners: Mapping[str, str]) -> bool:
        """Whether a person who is new is left out as well.

        Somebody is whose tracks all were of people who are, or of whose tracks most were of such people when
        that was said: a re-cluster may join them with others and come to think better of it.
        """
        before = [owners[track_id] for track_id in track_ids if track_id in owners]
        said = [self.said[track_id] for track_id in track_ids if track_id in self.said]
        return bool(before and all(owner in self.people for owner in before)) or 2 * sum(said) > len(
            track_ids
        )


def rearrange(
    membership: Membership,
    partition: Partition,
    inheritance: Inheritance,
    names: dict[str, str],
    ignored: Ignored,
    effects: Effects,
) -> set[str]:
    """Let new groups inherit the identities.

    Tracks that no group names stay whose they are, and follow a person who is merged.

    Args:
        membership: Who has which track; is changed.
        partition: The new groups.
        inheritance: Who inherits which of them.
        names: Name of each person who has one; is changed.
        ignored: Whom lists leave out.
        effects: Takes in what changes.

    Returns:
        The people that this changes.
    """
    touched: set[str] = set()
    for cluster, heir in zip(partition.clusters, inheritance.heirs, strict=True):
        if heir is None:
            hidden = ignored.hides(cluster, membership.identity_of)
            identity_id = membership.create(cluster[0], effects)
            if hidden:
                effects.ignored.add(identity_id)
        else:
            identity_id = heir
        for track_id in cluster:
            before = membership.identity_of.get(track_id)
            if before == identity_id:
                continue
            if before is not None:
                touched.add(before)
            touched.add(identity_id)
            kind = ChangeKind.ASSIGNED
            if before is not None and before not in inheritance.merged:
                kind = ChangeKind.SPLIT
            membership.assign(track_id, identity_id, kind, effects)
    for track_id in partition.unassigned:
        before = membership.leave(track_id, effects)
        if before is not None:
            touched.add(before)
            effects.assignments[track_id] = None
    for identity_id, successor in inheritance.merged.items():
        for track_id in sorted(membership.members(identity_id)):
            membership.assign(track_id, successor, ChangeKind.ASSIGNED, effects)
        membership.merge(identity_id, successor, effects)
        if identity_id in names and successor not in names:
            # What a person said must not be lost because the other one had been seen longer.
            names[successor] = effects.names[successor] = names[identity_id]
            effects.changes.append(membership.change(ChangeKind.RENAMED, successor))
    effects.changes += [
        membership.change(ChangeKind.VANISHED, gone)
        for gone in inheritance.vanished
        if not membership.members(gone)
    ]
    return touched
