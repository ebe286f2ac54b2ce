"""Who is meant to be forgotten."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from storage.collection_reader import CollectionReader
from storage.errors import RecordError

_log = logging.getLogger(__name__)


def bearer_of(
    store: CollectionReader, identity_id: str, merged: Mapping[str, str], alive: Collection[str]
) -> str | None:
    """Who bears an id now, or None if nobody does.

    Args:
        store: The collection.
        identity_id: An id that somebody had.
        merged: Who took whom over since then, beside what is stored.
        alive: The people there are.
    """
    passed: set[str] = set()
    while identity_id not in alive:
        passed.add(identity_id)
        successor = merged.get(identity_id) or _stored_successor(store, identity_id)
        # Somebody else may have written records that lead in a circle.
        if successor is None or successor in passed:
            return None
        identity_id = successor
    return identity_id


def vanished_bearer_of(store: CollectionReader, identity_id: str, merged: Mapping[str, str]) -> str | None:
    """Who bore an id last, if they vanished and were not forgotten; what was said of them may be left.

    Args:
        store: The collection.
        identity_id: An id whose bearer is no more.
        merged: Who took whom over since then, beside what is stored.
    """
    passed: set[str] = set()
    while identity_id not in passed:
        passed.add(identity_id)
        try:
            record = store.person(identity_id)
        except RecordError:
            return None
        successor = merged.get(identity_id) or (record.merged_into if record else None)
        if successor is None:
            return identity_id if record and not (record.forgotten or record.tracks) else None
        identity_id = successor
    return None


def _stored_successor(store: CollectionReader, identity_id: str) -> str | None:
    try:
        record = store.person(identity_id)
    except RecordError as error:
        # Asked for again and again, it would stop everything else.
        _log.warning("%s It can't be forgotten until then.", error)
        return None
    return record.merged_into if record else None
