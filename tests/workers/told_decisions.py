"""Decisions as a test writes them: sides like "p1:abc", a letter for each track."""

from __future__ import annotations

from storage.decision_record import Decision, DecisionKind, Side


def decision(kind: DecisionKind, *sides: str, number: int = 0, **changes: object) -> Decision:
    """Of sides like "p1:abc"."""
    told = (side.partition(":") for side in sides)
    sided = tuple(Side(who, tuple(tracks)) for who, _, tracks in told)
    return Decision(kind, sided, number=number, **changes)  # type: ignore[arg-type]


def merge(*sides: str, number: int = 0) -> Decision:
    return decision(DecisionKind.MERGE, *sides, number=number)


def split(*sides: str, number: int = 0) -> Decision:
    return decision(DecisionKind.SPLIT, *sides, number=number)


def differs(*sides: str, number: int = 0) -> Decision:
    return decision(DecisionKind.DIFFERS, *sides, number=number)


def undo(of: int, number: int = 0) -> Decision:
    return Decision(DecisionKind.UNDO, undoes=of, number=number)
