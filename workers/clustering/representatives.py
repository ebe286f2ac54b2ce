"""Re-clusters of collections that are too large to compare everything with everything."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

from workers.clustering.evidence import TrackEvidence


def representatives(
    tracks: Mapping[str, TrackEvidence], groups: Mapping[str, str], limit: int
) -> tuple[list[str], list[str]]:
    """Choose the tracks that stand for all.

    Args:
        tracks: All tracks by id.
        groups: Present group of each track that has one.
        limit: Most tracks to compare.

    Returns:
        Tracks to compare, sorted: all where they are no more than `limit`, else the weightiest of each group,
        and the best of those without a group. And tracks that follow their group; the others stay out.
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
    return sorted(chosen), followers


def add_followers(
    members: dict[int, list[str]],
    followers: list[str],
    groups: Mapping[str, str],
    tracks: Mapping[str, TrackEvidence],
    apart: Mapping[str, Collection[str]],
) -> None:
    """Put each follower where most of its group went, or next most, among nobody it was seen with.

    Args:
        members: Tracks of each new cluster, by its number; is added to.
        followers: Tracks to place.
        groups: Present group of each track that has one, all followers among them.
        tracks: All tracks by id.
        apart: Tracks that each track was seen together with.
    """
    fresh = itertools.count(max(members, default=-1) + 1)
    votes: dict[str, dict[int, float]] = {}
    label_of: dict[str, int] = {}
    for label, group in members.items():
        for track_id in group:
            label_of[track_id] = label
            if track_id in groups:
                count = votes.setdefault(groups[track_id], {})
                count[label] = count.get(label, 0.0) + tracks[track_id].weight
    for track_id in followers:
        # A group without a representative stays as it is.
        count = votes.get(groups[track_id]) or votes.setdefault(groups[track_id], {next(fresh): 1.0})
        taken = {label_of[other] for other in apart[track_id] if other in label_of}
        for label in sorted(count, key=lambda label: (-count[label], label)):
            if label not in taken:
                members.setdefault(label, []).append(track_id)
                label_of[track_id] = label
                break
