"""Which events somebody wants to be told of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from storage.identity_record import ChangeKind

if TYPE_CHECKING:
    from facestream.live_event import LiveEvent

SEEN = frozenset({ChangeKind.CREATED, ChangeKind.ASSIGNED})
"""Kinds of events that tell that somebody was seen."""


class EventFilter:
    """Lets pass what somebody wants; people who are merged into others are followed.

    Args:
        people: Ids of people, and of whoever took them over; None for everybody.
        kinds: Kinds of events; empty for all.
        unknown_only: Whether only sightings of people without a name pass.
    """

    def __init__(
        self,
        people: Iterable[str] | None = None,
        kinds: Iterable[str] = (),
        *,
        unknown_only: bool = False,
    ) -> None:
        self._people = None if people is None else set(people)
        self._kinds = frozenset(kinds)
        self._unknown_only = unknown_only

    @property
    def passes_all(self) -> bool:
        """Whether it lets everything pass."""
        return self._people is None and not self._kinds and not self._unknown_only

    def passes(self, event: LiveEvent) -> bool:
        """Whether an event is wanted; to be asked about each, in their order."""
        change = event.change
        if self._people is not None:
            if self._people.isdisjoint(event.about):
                return False
            if change.kind == ChangeKind.MERGED and change.identity_id in self._people:
                # Whoever took them over is meant from now on.
                self._people.add(change.other_id)
        if self._kinds and change.kind not in self._kinds:
            return False
        return not self._unknown_only or (change.kind in SEEN and event.person_name is None)

    def passes_kind(self, kind: str) -> bool:
        """Whether something that is about nobody is wanted, such as the state of a camera."""
        return kind in self._kinds or self.passes_all
