"""Which assignments are provisional, and which are settled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Set
from dataclasses import replace

from storage.effects import Effects


class Settlement:
    """Keeps which tracks a re-cluster or a person has looked at. Methods write what changes into `Effects`.

    Whose a track is that is new or has changed is provisional until the next re-cluster. Tracks that people
    put together, by a merge or a split, are theirs whatever a re-cluster finds, and never provisional.

    Args:
        decided: Whether people put a track together with others.

    Attributes:
        unchanged: Tracks of which nothing new was known, or decided, since the last re-cluster.
    """

    def __init__(self, decided: Callable[[str], bool]) -> None:
        self._decided = decided
        self._provisional: set[str] = set()
        self.unchanged: set[str] = set()

    @property
    def provisional(self) -> Set[str]:
        """Tracks of which only a first guess says whose they are."""
        return self._provisional

    def load(self, track_ids: Collection[str], provisional: Collection[str], effects: Effects) -> None:
        """Take in what is in Redis.

        Args:
            track_ids: Tracks that there are.
            provisional: Those of them that are stored as provisional, and perhaps others that are no more.
            effects: Takes in what is to be mended.
        """
        known = set(track_ids)
        self._provisional = known.intersection(provisional)
        self.unchanged = known - self._provisional
        effects.provisional |= dict.fromkeys(set(provisional) - known, False)

    def track_came(self, track_id: str, effects: Effects) -> None:
        """A track is new, or has changed."""
        self.unchanged.discard(track_id)
        if not self._decided(track_id):
            self._provisional.add(track_id)
            effects.provisional[track_id] = True

    def track_went(self, track_id: str, effects: Effects) -> None:
        """A track is no more."""
        self.unchanged.discard(track_id)
        self._provisional.discard(track_id)
        effects.provisional.pop(track_id, None)

    def people_decided(self, moved: Iterable[str], effects: Effects) -> None:
        """People said who is whom.

        Args:
            moved: Tracks of everybody whom this changed.
            effects: Takes in what this settles.
        """
        self.unchanged.difference_update(moved)
        self._settle({track_id for track_id in self._provisional if self._decided(track_id)}, effects)

    def reclustered(self, track_ids: Collection[str], effects: Effects) -> None:
        """A re-cluster has looked at tracks as they are now. Of others, nothing has been confirmed."""
        self.unchanged = set(track_ids)
        self._settle(self._provisional & self.unchanged, effects)

    def _settle(self, track_ids: set[str], effects: Effects) -> None:
        self._provisional -= track_ids
        effects.provisional |= dict.fromkeys(track_ids, False)

    def mark(self, effects: Effects) -> None:
        """Say in each event of a step whether what it tells is provisional at the end of the step."""
        effects.changes = [
            replace(change, provisional=True) if change.track_id in self._provisional else change
            for change in effects.changes
        ]
