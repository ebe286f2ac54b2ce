"""Decisions of people, as commands and the Python client give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.decision_record import Decision as Record
from storage.decision_record import DecisionKind


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about people.

    Attributes:
        number: Place in the log, from 1.
        kind: "name", "merge", "split", "differs", "ignore", "cover" or "undo".
        made_at: When, in UTC.
        people: Whom it is about. Of a merge the one who stays comes first, of a split the new one last.
        tracks: `split`: those that were split off. `cover`: the one whose face comes first. Else empty.
        name: `name`: the name, or empty. `merge`: the name that went over.
        name_before: `name`: the name until then, or empty.
        names_before: `merge`: the name until then of each of `people`; empty where nobody had one.
        on: `ignore`: whether the person is ignored, or no longer.
        undoes: `undo`: number of the decision that was taken back, else None.
        undone_by: Number of the decision that took this one back, or None.
        about_forgotten: Whether it was about somebody who was forgotten, and tells nothing more.
    """

    number: int
    kind: str
    made_at: datetime
    people: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    name: str = ""
    name_before: str = ""
    names_before: tuple[str, ...] = ()
    on: bool = True
    undoes: int | None = None
    undone_by: int | None = None
    about_forgotten: bool = False

    @property
    def names_dropped(self) -> tuple[str, ...]:
        """Of a merge, the names that whoever stays has not got. An undo gives them back."""
        kept = self.name or next(iter(self.names_before), "")
        return tuple(dict.fromkeys(name for name in self.names_before if name not in ("", kept)))

    def __str__(self) -> str:
        if self.about_forgotten:
            return f"{self.kind}: about somebody who was forgotten"
        first = self.people[0] if self.people else ""
        match self.kind:
            case "name":
                return f"{first} is called {self.name}" if self.name else f"{first} has no name"
            case "merge":
                called = ""
                if self.names_dropped:
                    name = self.name or self.names_before[0]
                    called = f", called {name} and not {' or '.join(self.names_dropped)}"
                return f"{', '.join(self.people[:-1])} and {self.people[-1]} are one person, {first}{called}"
            case "split":
                one = len(self.tracks) == 1
                tracks = "1 track" if one else f"{len(self.tracks)} tracks"
                return f"{tracks} of {first} {'is' if one else 'are'} somebody else, {self.people[-1]}"
            case "differs":
                return f"{first} and {self.people[-1]} are two people"
            case "ignore":
                return f"{first} is {'ignored' if self.on else 'no longer ignored'}"
            case "cover":
                return f"{first} is shown by track {' '.join(self.tracks)}"
            case _:
                return f"decision {self.undoes} is taken back"


def decisions_of(log: Sequence[Record]) -> list[Decision]:
    """Decisions from their records, by number."""
    undone_by = {record.undoes: record.number for record in log if record.kind is DecisionKind.UNDO}
    return [_decision_of(record, undone_by.get(record.number)) for record in log]


def _decision_of(record: Record, undone_by: int | None) -> Decision:
    tracks: tuple[str, ...] = ()
    if record.kind in (DecisionKind.SPLIT, DecisionKind.COVER) and record.sides:
        tracks = record.sides[-1].track_ids
    return Decision(
        record.number,
        record.kind.value,
        datetime.fromtimestamp(record.made_at_s, UTC),
        record.identity_ids,
        tracks,
        record.name,
        record.name_before,
        record.names_before,
        record.on,
        record.undoes or None,
        undone_by,
        record.redacted,
    )
