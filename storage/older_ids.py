"""Ids that people had before they were merged into others."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def older_ids(into: Mapping[str, str], identity_ids: Collection[str]) -> set[str]:
    """Ids that were merged into these, directly or by way of others, and are none of them.

    Args:
        into: Who was taken over, and by whom.
        identity_ids: The people.
    """
    taken: dict[str, list[str]] = {}
    for other, successor in into.items():
        taken.setdefault(successor, []).append(other)
    found: set[str] = set()
    todo = [*identity_ids]
    while todo:
        fresh = [other for other in taken.get(todo.pop(), ()) if other not in found]
        found.update(fresh)
        todo += fresh
    return found.difference(identity_ids)
