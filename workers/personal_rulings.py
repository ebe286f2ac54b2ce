"""What the log of decisions says of single people: names, faces to show first, and whether to ignore them."""

from __future__ import annotations

from collections.abc import Sequence

from storage.decision_record import Decision, DecisionKind
from workers.rulings import in_force


def covers_of(decisions: Sequence[Decision]) -> list[str]:
    """Tracks by whose face their person is shown, the latest decision first.

    Args:
        decisions: Those in force, by number.
    """
    found = [d.sides[0].track_ids[0] for d in decisions if d.kind is DecisionKind.COVER]
    return list(dict.fromkeys(reversed(found)))


def ignored_tracks(decisions: Sequence[Decision]) -> dict[str, bool]:
    """What was said last of whoever had a track: whether to ignore them.

    Args:
        decisions: Those in force, by number.
    """
    told = (d for d in decisions if d.kind is DecisionKind.IGNORE)
    return {track_id: d.on for d in told for side in d.sides for track_id in side.track_ids}


def said_name(log: Sequence[Decision], identity_id: str) -> str | None:
    """What somebody is called by what was said of them under this id; None where nothing was.

    Args:
        log: All decisions by number.
        identity_id: The id.
    """
    counting = {decision.number for decision in in_force(log)}
    name: str | None = None
    for decision in reversed(log):
        if decision.kind is not DecisionKind.NAME or identity_id not in decision.identity_ids:
            continue
        if decision.number in counting:
            return decision.name
        # Taken back; so may the one before it be.
        name = decision.name_before
    return name


def is_lent(log: Sequence[Decision], identity_id: str, name: str) -> bool:
    """Whether somebody is called so since a merge gave them the name, and no decision that counts does.

    Args:
        log: All decisions by number.
        identity_id: The id.
        name: Not empty.
    """
    given = {(d.sides[0].identity_id, d.name) for d in log if d.kind is DecisionKind.MERGE and d.sides}
    if (identity_id, name) not in given:
        return False
    names: dict[str, str] = {}
    for decision in in_force(log):
        ids = decision.identity_ids
        if decision.kind is DecisionKind.NAME:
            names |= dict.fromkeys(ids, decision.name)
        elif decision.kind is DecisionKind.MERGE:
            for side, before in zip(ids, decision.names_before, strict=False):
                # What another merge had brought them is theirs as long as that one counts.
                if side not in names and (side, before) not in given:
                    names[side] = before
            brought = [names.get(side, "") for side in ids[1:]]
            if not any((side, decision.name) in given for side in ids[1:]):
                brought.append(decision.name)
            names[ids[0]] = names.get(ids[0]) or next(filter(None, brought), "")
    return names.get(identity_id) != name


def is_taken_back(log: Sequence[Decision], name: str) -> bool:
    """Whether a name was said of people, and of nobody any more.

    Args:
        log: All decisions by number.
        name: Not empty.
    """
    counting = {decision.number for decision in in_force(log)}
    saying = [d.number for d in log if d.kind is DecisionKind.NAME and d.name == name]
    return bool(saying) and counting.isdisjoint(saying)


def name_after(log: Sequence[Decision], undone: Decision) -> str | None:
    """What a person is called when a name is taken back; None where a later name stays.

    Args:
        log: All decisions by number, without the undo.
        undone: The name that is taken back.
    """
    taken_back = _without(log, undone)
    if taken_back is None:
        return None
    who = undone.identity_ids[0]
    name = said_name(taken_back, who)
    # What a merge had lent them goes with that.
    return "" if name and is_lent(taken_back, who, name) else name


def said_ignored(log: Sequence[Decision], identity_id: str) -> bool | None:
    """Whether somebody is ignored by what was said under this id; None where nothing was.

    Args:
        log: All decisions by number.
        identity_id: The id.
    """
    told = [d for d in log if d.kind is DecisionKind.IGNORE and identity_id in d.identity_ids]
    counting = in_force([*told, *(d for d in log if d.kind is DecisionKind.UNDO)])
    return counting[-1].on if counting else False if told else None


def ignored_after(log: Sequence[Decision], undone: Decision) -> bool | None:
    """Whether a person is ignored when that decision is taken back; None where a later one stays.

    Args:
        log: All decisions by number, without the undo.
        undone: The decision that is taken back.
    """
    taken_back = _without(log, undone)
    return None if taken_back is None else said_ignored(taken_back, undone.identity_ids[0])


def _without(log: Sequence[Decision], undone: Decision) -> list[Decision] | None:
    """The log with the undo of a decision; None where a later one of its kind about the same people stays."""
    later = (d for d in in_force(log) if d.kind is undone.kind and d.number > undone.number)
    if any(d.identity_ids == undone.identity_ids for d in later):
        return None
    return [*log, Decision(DecisionKind.UNDO, undoes=undone.number)]
