"""Who has which track."""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Mapping
from dataclasses import replace

from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from workers.clustering.groups import Groups
from workers.people import TrackSummary


class Membership:
    """Who has which track. Methods write what they change into `Effects`.

    Args:
        summaries: What is known of each track, kept by somebody else.
        new_id: Gives an id that nobody ever had.

    Attributes:
        identity_of: Person of each track that has one.
        changed: Tracks that somebody got or lost, to be emptied by whoever heeds it.
        groups: The same for a clusterer.
    """

    def __init__(self, summaries: Mapping[str, TrackSummary], new_id: Callable[[], str]) -> None:
        self._summaries = summaries
        self._new_id = new_id
        # Tracks in the order in which they came.
        self._members: dict[str, dict[str, None]] = {}
        self.identity_of: dict[str, str] = {}
        self.changed: set[str] = set()
        self._moves = 0
        self.groups = Groups(self.identity_of, self.members, lambda: self._moves)

    def alive(self) -> list[str]:
        """People who have tracks, in the order in which they came."""
        return [identity_id for identity_id, members in self._members.items() if members]

    def members(self, identity_id: str) -> KeysView[str]:
        """Tracks of a person, also when they change, in the order in which they came; empty for nobody."""
        return self._members.get(identity_id, {}).keys()

    def knows(self, track_id: str) -> bool:
        """Whether there is such a track, whoever has it."""
        return track_id in self._summaries

    def load_person(self, identity_id: str) -> None:
        """Note a person who is in Redis already."""
        self._members.setdefault(identity_id, {})

    def load_track(self, track_id: str, identity_id: str) -> None:
        """Note a track that somebody has in Redis already."""
        self.identity_of[track_id] = identity_id
        self.changed.add(track_id)
        self._members.setdefault(identity_id, {})[track_id] = None

    def create(self, track_id: str, effects: Effects) -> str:
        """A person who begins with a track; returns their id."""
        identity_id = self._new_id()
        effects.changes.append(self.change(ChangeKind.CREATED, identity_id, track_id))
        return identity_id

    def assign(self, track_id: str, identity_id: str, kind: ChangeKind, effects: Effects) -> None:
        """Give a track to a person."""
        before = self.leave(track_id, effects)
        self.load_track(track_id, identity_id)
        effects.members_added.setdefault(identity_id, set()).add(track_id)
        effects.members_removed.get(identity_id, set()).discard(track_id)
        effects.assignments[track_id] = identity_id
        effects.changes.append(replace(self.change(kind, identity_id, track_id), other_id=before or ""))

    def leave(self, track_id: str, effects: Effects) -> str | None:
        """Take a track from the person who has it; returns who that was."""
        before = self.identity_of.pop(track_id, None)
        if before is not None:
            self._moves += 1
            self._members[before].pop(track_id, None)
            self.changed.add(track_id)
            effects.members_removed.setdefault(before, set()).add(track_id)
            effects.members_added.get(before, set()).discard(track_id)
        return before

    def merge(self, identity_id: str, successor: str, effects: Effects) -> None:
        """Let a person who has no tracks any more lead to another one."""
        effects.changes.append(replace(self.change(ChangeKind.MERGED, identity_id), other_id=successor))
        effects.identities.append(Identity(identity_id, merged_into=successor))

    def forget(self, identity_ids: Iterable[str]) -> None:
        """Know of people no more."""
        for identity_id in identity_ids:
            self._members.pop(identity_id, None)

    def change(self, kind: ChangeKind, identity_id: str, track_id: str = "") -> IdentityChange:
        """An event, with the face of the track that it is about."""
        summary = self._summaries.get(track_id)
        return IdentityChange(
            kind,
            identity_id,
            track_id,
            thumbnail=summary.best_sample if summary else "",
            event_s=summary.last_s if summary else 0.0,
        )
