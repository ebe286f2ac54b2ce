"""What the log of decisions says of who is whom: constraints, and which decisions contradict."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from storage.decision_record import Decision, DecisionKind, Side
from workers.clustering.constraints import Constraints, yielding


def in_force(log: Sequence[Decision]) -> list[Decision]:
    """Decisions that count: not taken back, and not about somebody who was forgotten."""
    undone = _undone(log)
    return [
        decision
        for decision in log
        if decision.kind is not DecisionKind.UNDO and decision.number not in undone and not decision.redacted
    ]


def constraints_of(log: Sequence[Decision]) -> Constraints:
    """What decisions say about who is whom. It contradicts itself nowhere, whatever was taken back.

    Args:
        log: All decisions by number.
    """
    return _constraints(_sayings(log))


def contradicted(log: Sequence[Decision], new: Decision) -> Decision | None:
    """The earlier decision that a new one contradicts, or None if it can be made.

    Of several, the one that made it impossible: with what those before it say, it could have been made. A
    split contradicts no merge of which it takes a part of each side at most: it narrows that one.

    Args:
        log: All decisions by number.
        new: A decision that is no undo.
    """
    earlier = _sayings(log)
    if new.kind is DecisionKind.SPLIT:
        earlier = [_narrowed(saying, new) for saying in earlier]
    mine = _saying(new)

    def impossible(count: int) -> bool:
        return not _constraints([*earlier[:count], mine]).consistent

    if not impossible(len(earlier)):
        return None
    # What has become impossible stays so: found by halving.
    first = bisect_left(range(len(earlier) + 1), x=True, key=impossible)
    return earlier[first - 1].decision


def own_tracks(log: Sequence[Decision], people: Iterable[Collection[str]]) -> list[tuple[str, ...]]:
    """Tracks of each person without those that earlier merges brought.

    They belong together with the others by those merges already. When one of these is taken back, its tracks
    must be free to go.

    Args:
        log: All decisions by number.
        people: All tracks of each.
    """
    brought = {
        track_id
        for saying in _sayings(log)
        if saying.decision.kind is DecisionKind.MERGE
        for side in _kept(saying)[1:]
        for track_id in side.track_ids
    }
    return [tuple(sorted(set(members) - brought)) or tuple(sorted(members)) for members in people]


def sides_left(log: Sequence[Decision], merge: Decision) -> tuple[Side, ...]:
    """The sides of a merge without what later decisions took from it.

    Args:
        log: All decisions by number.
        merge: One of them, which may be taken back.
    """
    before = [d for d in log if d.kind is not DecisionKind.UNDO or d.undoes != merge.number]
    return next((_kept(saying) for saying in _sayings(before) if saying.decision == merge), merge.sides)


def put_back(log: Sequence[Decision], merge: Decision, identity_id: str) -> set[str]:
    """Tracks that are somebody's again since a merge took them over: their split was taken back then.

    Args:
        log: All decisions by number.
        merge: One of them, which is taken back.
        identity_id: One of those whom it made one.
    """
    undone = _undone(log)
    splits = [d for d in log if d.kind is DecisionKind.SPLIT and not d.redacted]
    back: set[str] = set()
    for split in splits:
        if split.identity_ids[0] == identity_id and split.number < merge.number < undone.get(split.number, 0):
            # Some were of others, to whom they went back.
            others = [side.track_ids for side in origins(log, split) if side.identity_id != identity_id]
            back |= set(split.sides[1].track_ids).difference(*others)
    # And some may have been split off again since.
    since = [split for split in splits if split.number > merge.number and split.number not in undone]
    return back.difference(*(split.sides[1].track_ids for split in since))


def origins(log: Sequence[Decision], split: Decision) -> list[Side]:
    """Whose the tracks are that were split off, if a merge that was taken back since had brought them.

    Args:
        log: All decisions by number.
        split: One of them, which is taken back.

    Returns:
        People with those tracks; all others are of the person they were split off from.
    """
    undone = _undone(log)
    off = set(split.sides[1].track_ids)
    sides = [
        Side(side.identity_id, tuple(track_id for track_id in side.track_ids if track_id in off))
        for merge in log
        if merge.kind is DecisionKind.MERGE and merge.number < split.number < undone.get(merge.number, 0)
        for side in merge.sides[1:]
    ]
    return [side for side in sides if side.track_ids]


class _Saying(NamedTuple):
    """What a decision says, as far as it counts: tracks that are one person, and tracks that are not."""

    decision: Decision
    together: Sequence[Sequence[str]] = ()
    apart: Sequence[tuple[Sequence[str], Sequence[str]]] = ()


def _constraints(sayings: Sequence[_Saying]) -> Constraints:
    return Constraints.of(
        [tracks for saying in sayings for tracks in saying.together],
        [pair for saying in sayings for pair in saying.apart],
    )


def _saying(decision: Decision) -> _Saying:
    """What a decision says by itself."""
    tracks = [side.track_ids for side in decision.sides]
    match decision.kind:
        case DecisionKind.MERGE:
            return _Saying(decision, [[track_id for side in tracks for track_id in side]])
        case DecisionKind.SPLIT:
            rest, split_off = tracks
            return _Saying(decision, [split_off], [(rest, split_off)])
        case DecisionKind.DIFFERS:
            first, second = tracks
            return _Saying(decision, (), [(first, second)])
        case _:
            return _Saying(decision)


def _sayings(log: Sequence[Decision]) -> list[_Saying]:
    """What each decision says that is in force; merges without what later decisions took from them."""
    takers: dict[str, list[Decision]] = {}
    for split in _narrowing(log):
        for track_id in split.sides[1].track_ids:
            takers.setdefault(track_id, []).append(split)
    sayings = [_saying(decision) for decision in in_force(log)]
    merges = [saying for saying in sayings if saying.decision.kind is DecisionKind.MERGE]
    firm = [saying for saying in sayings if saying.decision.kind is not DecisionKind.MERGE]
    # When a split is taken back, merges before it may want what was decided since in good faith: they yield.
    newest = [_left(saying, takers) for saying in reversed(merges)]
    parts = yielding(
        newest,
        [tracks for saying in firm for tracks in saying.together],
        [pair for saying in firm for pair in saying.apart],
    )
    told = dict(zip([saying.decision.number for saying in reversed(merges)], parts, strict=True))
    return [saying._replace(together=told.get(saying.decision.number, saying.together)) for saying in sayings]


def _narrowing(log: Sequence[Decision]) -> list[Decision]:
    """Splits that take their tracks from earlier merges.

    Also those that were taken back while the person they had made was merged further: these stay where they
    are until that is taken back as well, and the earlier merges pull nobody after them.
    """
    undone = _undone(log)
    taken_over: dict[str, list[int]] = {}
    for decision in in_force(log):
        if decision.kind is DecisionKind.MERGE:
            for identity_id in decision.identity_ids[1:]:
                taken_over.setdefault(identity_id, []).append(decision.number)

    def counts(split: Decision) -> bool:
        end = undone.get(split.number)
        further = taken_over.get(split.identity_ids[1], ())
        return end is None or any(split.number < number < end for number in further)

    return [d for d in log if d.kind is DecisionKind.SPLIT and not d.redacted and counts(d)]


def _left(merge: _Saying, takers: Mapping[str, Sequence[Decision]]) -> list[str]:
    """The tracks of a merge without those that were split off from others of them since."""
    left = [track_id for tracks in merge.together for track_id in tracks]
    splits = {split.number: split for track_id in left for split in takers.get(track_id, ())}
    for number in sorted(number for number in splits if number > merge.decision.number):
        rest, off = (set(side.track_ids) for side in splits[number].sides)
        if not rest.isdisjoint(left):
            left = [track_id for track_id in left if track_id not in off]
    return left


def _narrowed(saying: _Saying, split: Decision) -> _Saying:
    """The same without what a new split takes from a merge; unchanged where nothing of a side were left."""
    if saying.decision.kind is not DecisionKind.MERGE:
        return saying
    rest, off = (set(side.track_ids) for side in split.sides)
    together: list[Sequence[str]] = []
    for part in saying.together:
        sides = [set(side.track_ids).intersection(part) for side in saying.decision.sides]
        emptied = any(off & side and not rest & side for side in sides)
        together.append(part if emptied else [track_id for track_id in part if track_id not in off])
    return saying._replace(together=together)


def _kept(merge: _Saying) -> tuple[Side, ...]:
    """The sides of a merge as far as it counts: what is in the largest of its parts."""
    part: Sequence[str] = max(merge.together, key=len, default=())
    kept = set(part)
    return tuple(
        side._replace(track_ids=tuple(track_id for track_id in side.track_ids if track_id in kept))
        for side in merge.decision.sides
    )


def _undone(log: Sequence[Decision]) -> dict[int, int]:
    """Decisions that were taken back, by the number of the undo."""
    return {decision.undoes: decision.number for decision in log if decision.kind is DecisionKind.UNDO}
