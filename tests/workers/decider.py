"""Somebody who decides about people, as the commands do."""

from __future__ import annotations

from cluster_bench import Bench, until
from kept_constraints import hold_in

from storage.decision_record import Decision, DecisionKind, Side
from workers.rulings import constraints_of, contradicted, own_tracks


def owner(bench: Bench, track_id: str) -> str:
    return bench.store.assignments().get(track_id, "")


def tracks_of(bench: Bench, identity_id: str) -> tuple[str, ...]:
    return tuple(sorted(bench.members(identity_id)))


class Decider:
    """Decides as the commands do, and waits until it is carried out."""

    def __init__(self, bench: Bench, *, wait: bool = True) -> None:
        self.bench = bench
        self.wait = wait

    def make(self, kind: DecisionKind, *sides: Side, alive: bool = True, **changes: object) -> int:
        """Add a decision; returns its number."""
        log, size = self.bench.log.read()
        decision = Decision(kind, sides, **changes)  # type: ignore[arg-type]
        assert contradicted(log, decision) is None
        people = [side.identity_id for side in sides] if alive else []
        number = self.bench.log.append(decision, size, people[:1] if kind is DecisionKind.SPLIT else people)
        if self.wait:
            self.settle(number)
        return number

    def settle(self, number: int) -> None:
        until(lambda: bool(self.bench.failed) or self.bench.log.applied() >= number)

    def merge(self, keep: str, *others: str) -> int:
        log = self.bench.log.read()[0]
        people = (keep, *others)
        sides = [*map(Side, people, own_tracks(log, map(self.bench.members, people)))]
        names = self.bench.store.names()
        moved = next((names[i] for i in others if i in names), "") if keep not in names else ""
        return self.make(DecisionKind.MERGE, *sides, name=moved)

    def split(self, who: str, *tracks: str) -> tuple[int, str]:
        new = self.bench.store.new_identity_id()
        rest = tuple(t for t in tracks_of(self.bench, who) if t not in tracks)
        return self.make(DecisionKind.SPLIT, Side(who, rest), Side(new, tracks)), new

    def differs(self, first: str, second: str) -> int:
        sides = (Side(i, tracks_of(self.bench, i)) for i in (first, second))
        return self.make(DecisionKind.DIFFERS, *sides)

    def undo(self, number: int) -> int:
        return self.make(DecisionKind.UNDO, undoes=number)


def held(bench: Bench) -> bool:
    """Whether what is stored keeps to what was decided."""
    return hold_in(constraints_of(bench.log.read()[0]), bench.store.assignments())
