"""Decisions without those who are forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from storage.decision_record import Decision, DecisionKind
from storage.errors import RecordError
from storage.fields import Raw


def redacted(rows: Raw, identity_ids: Collection[str], track_ids: Collection[str]) -> dict[str, bytes]:
    """Rows of the hash `decisions` that are to be others when people are forgotten, by their fields.

    Those about the forgotten are blacked out. In those about others, names are blanked that merges had
    brought them from the forgotten.

    Args:
        rows: The hash.
        identity_ids: The forgotten, under all their ids.
        track_ids: Their tracks.
    """
    log: list[Decision] = []
    for number, row in rows.items():
        try:
            log.append(Decision.decode(number, row))
        except RecordError:
            # It can't be told whom it is about.
            continue
    log.sort(key=lambda decision: decision.number)
    lent = _lent(log, set(identity_ids))
    found: dict[str, bytes] = {}
    for decision in log:
        left = _without_names(decision.without(identity_ids, track_ids), lent)
        if left != decision:
            found[str(decision.number)] = left.encode()
    return found


def _lent(log: Sequence[Decision], forgotten: set[str]) -> set[tuple[str, str]]:
    """Who was ever called how since a merge had brought them the name of somebody who is forgotten."""
    found: set[tuple[str, str]] = set()
    for decision in log:
        if decision.kind is not DecisionKind.MERGE or not decision.name:
            continue
        keep, *others = decision.identity_ids
        if not forgotten.isdisjoint(others) or any((other, decision.name) in found for other in others):
            found.add((keep, decision.name))
    return found


def _without_names(decision: Decision, lent: Collection[tuple[str, str]]) -> Decision:
    ids = decision.identity_ids
    if not lent or not ids:
        return decision
    names_before = tuple(
        "" if (side, name) in lent else name for side, name in zip(ids, decision.names_before, strict=False)
    )
    return replace(
        decision,
        name_before="" if (ids[0], decision.name_before) in lent else decision.name_before,
        names_before=names_before if any(names_before) else (),
        name="" if decision.kind is DecisionKind.MERGE and (ids[0], decision.name) in lent else decision.name,
    )
