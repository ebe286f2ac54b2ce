"""Who has changed since the last look."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import NamedTuple

from storage.change_reader import ChangeReader
from storage.identity_record import is_identity_id
from storage.overview import Overview, Pulse
from storage.people_reader import PeopleReader

# A look at all rows takes a twentieth of the time at most.
_REST = 20.0
_EVERY_S = 1.0
_LONGEST_S = 15.0
# So many provisional tracks are looked after each time: they may be growing right now.
_FEW = 500


class Changed(NamedTuple):
    """What a look has found.

    Attributes:
        people: Ids of who may have changed, come or gone.
        compared: Whether all values were compared.
        sources: Whether sources may have changed.
        everything: Whether nothing that was known holds any more.
    """

    people: set[str]
    compared: bool
    sources: bool
    everything: bool


class ChangedPeople:
    """Finds out who has changed, from what is told of it and from what isn't.

    The stream `changes` tells of names and of tracks that are given to somebody. It doesn't tell of tracks
    that grow, of who is ignored and of other faces to show. Growing tracks are provisional; decisions are
    counted; and all values of the overview are compared with what they were, once a second where that takes
    a twentieth of it, else more rarely.

    Args:
        reader: Of the collection.
        overview: Of the same one.
        changes: Of the same one; nobody else reads from it.
    """

    def __init__(self, reader: PeopleReader, overview: Overview, changes: ChangeReader) -> None:
        self._reader = reader
        self._overview = overview
        self._changes = changes
        self._rows: dict[bytes, int] = {}
        self._unsure: set[str] = set()
        self._ignored: set[str] = set()
        self._compare_after_s = 0.0
        self._lost = True
        self.pulse = Pulse()

    def lose(self) -> None:
        """Something may have been missed."""
        self._lost = True

    def compare_soon(self) -> None:
        """It is time to compare all values."""
        self._compare_after_s = 0.0

    def rest(self, took_s: float) -> None:
        """Say how long a look and what followed took, so that the next comparison waits accordingly."""
        rest_s = min(max(_EVERY_S, _REST * took_s), _LONGEST_S)
        self._compare_after_s = time.monotonic() + rest_s

    def look(self, *, compare: bool = False) -> Changed:
        """Who has changed since the last look.

        Args:
            compare: Whether to compare all values, where it is time for that.
        """
        # The position in the stream goes first: what happens from here on is told next time.
        found: set[str] = set()
        while changes := self._changes.news():
            for change in changes:
                found.update(i for i in (change.identity_id, change.other_id) if i)
        if self._changes.take_missed():
            # Somebody was forgotten of whom something was told, and what else was told then is not known.
            self._compare_after_s = 0.0
        before, pulse = self.pulse, self._overview.pulse()
        lost = self._lost or (pulse.created_at_s, pulse.model_id) != (before.created_at_s, before.model_id)
        decided = (pulse.decisions, pulse.decisions_applied, pulse.ignored) != (
            before.decisions,
            before.decisions_applied,
            before.ignored,
        )
        if decided or lost:
            ignored = self._reader.ignored()
            found |= ignored ^ self._ignored
            self._ignored = ignored
        if pulse.provisional or self._unsure:
            found |= self._with_unsure_tracks()
        if decided or pulse.recluster != before.recluster or pulse.people != before.people:
            self._compare_after_s = 0.0
        compared = lost or (compare and time.monotonic() >= self._compare_after_s)
        if compared:
            found |= self._compared()
        self.pulse, self._lost = pulse, False
        # Whatever else may stand there.
        people = {identity_id for identity_id in found if is_identity_id(identity_id)}
        return Changed(people, compared, compared or pulse.sources != before.sources, lost)

    def _with_unsure_tracks(self) -> set[str]:
        now, before = self._reader.provisional(), self._unsure
        self._unsure = now
        look_at: Collection[str] = now | before if len(now) <= _FEW else now ^ before
        return self._overview.owners(sorted(look_at))

    def _compared(self) -> set[str]:
        """Who has another value than at the last comparison."""
        rows: dict[bytes, int] = {}
        for page in self._overview.rows():
            rows.update((identity_id, hash(row)) for identity_id, row in page.items())
        before, self._rows = self._rows, rows
        found = {i for i, row in rows.items() if before.get(i) != row}
        return {i.decode() for i in found | (before.keys() - rows.keys())}
