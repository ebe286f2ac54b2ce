"""Re-clusters of collections that are too large to compare everything with everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence


def representatives(
    tracks: Mapping[str, TrackEvidence], groups: Mapping[str, str], limit: int, constraints: Constraints
) -> tuple[list[str], list[str]]:
    """Choose the tracks that stand for all.

    Args:
        tracks: All tracks by id.
        groups: Present group of each track that has one.
        limit: Most tracks to compare.
        constraints: What people said.

    Returns:
        Tracks to compare, sorted: all where they are no more than `limit`, else the weightiest of each group,
        and the best of those without a group. And tracks that follow their group, or those that people put
        together with them; the others stay out.
    """
    if len(tracks) <= limit:
        return sorted(tracks), []

    def rank(track_id: str) -> tuple[float, str]:
        return (-tracks[track_id].weight * tracks[track_id].size_px, track_id)

    by_group: dict[str, list[str]] = {}
    free = []
    for track_id in sorted(tracks, key=rank):
        if track_id in groups:
            by_group.setdefault(groups[track_id], []).append(track_id)
        else:
            free.append(track_id)
    # At least half is for people who are known; of the rest, those who may found a person come first.
    chosen = sorted(free, key=lambda track_id: not tracks[track_id].founder)[: limit // 2]
    followers = []
    share = max(1, (limit - len(chosen)) // max(len(by_group), 1))
    for members in by_group.values():
        count = min(share, max(limit - len(chosen), 0))
        chosen += members[:count]
        followers += members[count:]
    placed = {*chosen, *followers}
    said = (track_id for group in constraints.together for track_id in sorted(group))
    followers += [track_id for track_id in said if track_id in tracks and track_id not in placed]
    return sorted(chosen), followers


def add_followers(
    members: dict[int, list[str]],
    followers: Iterable[str],
    groups: Mapping[str, str],
    tracks: Mapping[str, TrackEvidence],
    company: Company,
) -> None:
    """Put each follower where most of its group went, or next most, among nobody that it must be apart from.

    Tracks that people put together stay together.

    Args:
        members: Tracks of each new cluster, by its number; is added to.
        followers: Tracks to place, each with a group or put together with others by people.
        groups: Present group of each track that has one.
        tracks: All tracks by id.
        company: Who was seen with whom, and what people said.
    """
    fresh = itertools.count(max(members, default=-1) + 1)
    votes: dict[str, dict[int, float]] = {}
    constraints = company.constraints
    placed = _Placed(members, company)
    for label, group in members.items():
        for track_id in group:
            if track_id in groups:
                count = votes.setdefault(groups[track_id], {})
                count[label] = count.get(label, 0.0) + tracks[track_id].weight
    for unit in _units(followers, placed, constraints):
        with_ = constraints.with_(unit[0])
        known = next((placed.label_of[t] for t in sorted(with_) if t in placed.label_of), None)
        if known is not None:
            placed.put(unit, known)
            continue
        # A group without a representative stays as it is.
        group_of = next((groups[t] for t in unit if t in groups), "")
        count = votes.get(group_of) or votes.setdefault(group_of, {next(fresh): 1.0})
        taken = placed.taken(unit)
        free = [label for label in sorted(count, key=lambda k: (-count[k], k)) if label not in taken]
        if free or with_:
            placed.put(unit, free[0] if free else next(fresh))


def _units(followers: Iterable[str], placed: _Placed, constraints: Constraints) -> list[list[str]]:
    """Followers that go as one: first those whose place is known, then others that people put together."""
    units: dict[object, list[str]] = {}
    for track_id in followers:
        group = constraints.with_(track_id)
        units.setdefault(id(group) if group else track_id, []).append(track_id)

    def rank(unit: list[str]) -> int:
        group = constraints.with_(unit[0])
        return 0 if any(t in placed.label_of for t in group) else 1 if group else 2

    return sorted(units.values(), key=rank)


class _Placed:
    """Which tracks are in which cluster, and which clusters are closed to a track."""

    def __init__(self, members: dict[int, list[str]], company: Company) -> None:
        self._members = members
        self._company = company
        # Labels of the tracks of each side that people hold apart: sides may be long.
        self._labels_of: dict[tuple[int, int], set[int]] = {}
        self.label_of: dict[str, int] = {}
        for label, group in members.items():
            self._note(group, label)

    def _note(self, track_ids: Iterable[str], label: int) -> None:
        for track_id in track_ids:
            self.label_of[track_id] = label
            for side in self._company.constraints.sides_of(track_id):
                self._labels_of.setdefault(side, set()).add(label)

    def put(self, track_ids: list[str], label: int) -> None:
        """Add tracks to a cluster."""
        self._members.setdefault(label, []).extend(track_ids)
        self._note(track_ids, label)

    def taken(self, track_ids: Iterable[str]) -> set[int]:
        """Clusters that hold a track which one of these must be apart from."""
        found: set[int] = set()
        for track_id in track_ids:
            found |= {self.label_of[other] for other in self._company.of(track_id) if other in self.label_of}
            for number, which in self._company.constraints.sides_of(track_id):
                found |= self._labels_of.get((number, 1 - which), set())
        return found
