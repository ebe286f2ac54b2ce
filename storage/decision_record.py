"""What people decided about who is whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Self

import msgspec

from storage.errors import RecordError


class DecisionKind(StrEnum):
    """What somebody decided."""

    NAME = "name"
    MERGE = "merge"
    SPLIT = "split"
    DIFFERS = "differs"
    IGNORE = "ignore"
    COVER = "cover"
    UNDO = "undo"


class Side(NamedTuple):
    """A person as they were when something was decided about them.

    Attributes:
        identity_id: The person.
        track_ids: The tracks of theirs that the decision is about. Clusters change, tracks stay.
    """

    identity_id: str
    track_ids: tuple[str, ...] = ()


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value of the hash `decisions`, checked as it is read."""

    kind: DecisionKind
    made_at_s: float
    sides: tuple[Side, ...] = ()
    name: str = ""
    name_before: str = ""
    names_before: tuple[str, ...] = ()
    on: bool = True
    undoes: int = 0
    redacted: bool = False
    token: str = ""


_DECISIONS = msgspec.json.Decoder(_Written)


def _is_whole(written: _Written) -> bool:
    """Whether a decision is about as many people, tracks or decisions as its kind needs."""
    match written.kind:
        case DecisionKind.UNDO:
            return written.undoes > 0
        case DecisionKind.NAME | DecisionKind.IGNORE:
            return len(written.sides) == 1
        case DecisionKind.COVER:
            return [len(side.track_ids) for side in written.sides] == [1]
        case DecisionKind.MERGE:
            return len(written.sides) > 1
        case DecisionKind.SPLIT | DecisionKind.DIFFERS:
            return len(written.sides) == 2


@dataclass(frozen=True, slots=True)
class Decision:
    """An entry of the log of decisions.

    Attributes:
        kind: What was decided.
        sides: About whom. `merge`: the person who stays, then those who are taken over, each with the tracks
            that no earlier merge brought. `split`: the person with the tracks that stay, then the new person
            with those that were split off. `differs`: the two. `ignore`: the person. `cover`: the person with
            the one track. `name`: the person, without tracks.
        name: `name`: the name. `merge`: the name that goes over to a person who had none.
        name_before: `name`: the name until then.
        names_before: `merge`: the name until then of each side, where any has one.
        on: `ignore`: whether the person is ignored from then on, or no longer.
        undoes: `undo`: number of the decision that is taken back.
        made_at_s: Unix time.
        redacted: Whether it told of somebody who was forgotten; kind and time are left.
        token: Random, so that a decision whose reply was lost is known again; empty while it is in no log.
        number: Place in the log, from 1; 0 while it is in none.
    """

    kind: DecisionKind
    sides: tuple[Side, ...] = ()
    name: str = ""
    name_before: str = ""
    names_before: tuple[str, ...] = ()
    on: bool = True
    undoes: int = 0
    made_at_s: float = 0.0
    redacted: bool = False
    token: str = ""
    number: int = 0

    @property
    def identity_ids(self) -> tuple[str, ...]:
        """The people it is about."""
        return tuple(side.identity_id for side in self.sides)

    def encode(self) -> bytes:
        """The value of the hash `decisions`: one JSON object, without the number, which is its field."""
        return msgspec.json.encode(
            _Written(
                self.kind,
                round(self.made_at_s, 3),
                self.sides,
                self.name,
                self.name_before,
                self.names_before,
                self.on,
                self.undoes,
                self.redacted,
                self.token,
            )
        )

    @classmethod
    def decode(cls, number: bytes, row: bytes) -> Self:
        """Read a field and its value back.

        Raises:
            RecordError: If one is malformed.
        """
        shown = number[:40].decode("utf-8", "replace")
        if not number.isdigit() or int(number) < 1:
            raise RecordError(f"field {shown!r} is no number of a decision", field=shown)
        try:
            written = _DECISIONS.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RecordError(f"field {shown!r} is malformed: {error}", field=shown) from error
        if not written.redacted and not _is_whole(written):
            raise RecordError(f"field {shown!r} does not say whom or what it is about", field=shown)
        return cls(**msgspec.structs.asdict(written), number=int(number))

    def without(self, identity_ids: Collection[str], track_ids: Collection[str]) -> Self:
        """What may be left of it when people are forgotten.

        Args:
            identity_ids: Them, under all their ids.
            track_ids: Their tracks.
        """
        gone = set(track_ids)
        sides = tuple(
            Side(side.identity_id, tuple(t for t in side.track_ids if t not in gone)) for side in self.sides
        )
        emptied = any(
            now.track_ids != was.track_ids and not now.track_ids
            for now, was in zip(sides, self.sides, strict=True)
        )
        if emptied or not set(identity_ids).isdisjoint(self.identity_ids):
            return replace(self, sides=(), name="", name_before="", names_before=(), redacted=True, token="")
        return replace(self, sides=sides)
