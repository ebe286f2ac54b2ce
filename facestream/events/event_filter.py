"""Which events somebody wants to be told of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from facestream.events.arrival import SEEN, is_arrival, is_found_out, is_late
from storage.identity_record import ChangeKind

if TYPE_CHECKING:
    from facestream.events.live_event import LiveEvent


class EventFilter:
    """Lets pass what somebody wants; people who are merged into others are followed.

    Where only people without a name or sightings of now are wanted, those who are ignored don't pass, unless
    they are asked for by their ids: nobody wants a bell to ring for a poster.

    Args:
        people: Ids of people, and of whoever took them over; None for everybody.
        kinds: Kinds of events; empty for all.
        unknown_only: Whether only sightings of people without a name pass.
        cameras: Names of cameras: only what is about a track that one of them saw passes. Empty for all, and
            for files.
        live_only: Whether only sightings by cameras pass that are of now: what a camera has just brought, and
            neither what a re-cluster has made of it, but for people who turn out to be new, nor what was seen
            in files, nor what is told late.
        clock: Unix time, s.
    """

    def __init__(
        self,
        people: Iterable[str] | None = None,
        kinds: Iterable[str] = (),
        *,
        unknown_only: bool = False,
        cameras: Iterable[str] = (),
        live_only: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._people = None if people is None else set(people)
        self._kinds = frozenset(kinds)
        self._unknown_only = unknown_only
        self._cameras = frozenset(cameras)
        self._live_only = live_only
        self._clock = clock

    @property
    def passes_all(self) -> bool:
        """Whether it lets everything pass."""
        anybody = self._people is None and not self._unknown_only
        return anybody and not self._kinds and not self._cameras and not self._live_only

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
        if self._cameras and event.camera not in self._cameras:
            return False
        if event.ignored and self._people is None and (self._unknown_only or self._live_only):
            return False
        if self._live_only and not (is_arrival(change) or is_found_out(change)):
            return False
        if self._live_only and is_late(event.event_at_s, self._clock()):
            return False
        return not self._unknown_only or (change.kind in SEEN and event.person_name is None)

    def passes_kind(self, kind: str) -> bool:
        """Whether something that is about nobody is wanted, such as the state of a camera."""
        return kind in self._kinds or self.passes_all
