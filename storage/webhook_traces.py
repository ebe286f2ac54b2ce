"""What webhooks hold of people who are forgotten."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import cast

from storage.commands import Pipeline
from storage.keys import Keys


class WebhookTraces:
    """Filters that name people, and notes of whom a webhook was told: they go as the people do, at once.

    Args:
        keys: Keys of the collection.
        gone: Ids of the people.
    """

    def __init__(self, keys: Keys, gone: Collection[str]) -> None:
        self._keys = keys
        self._gone = gone
        self._told: list[str] = []
        self._filters: dict[str, str] = {}

    def read(self, pipe: Pipeline) -> None:
        """Find out what there is; the transaction fails if that is changed meanwhile."""
        if not self._gone:
            return
        pipe.watch(self._keys.webhooks)
        for webhook_id in cast(Collection[bytes], pipe.execute_command("SMEMBERS", self._keys.webhooks)):
            key = self._keys.webhook(webhook_id.decode())
            self._told.append(self._keys.webhook_told(webhook_id.decode()))
            pipe.watch(key)
            people = _people(cast(bytes | None, pipe.hget(key, "people")))
            if any(each in self._gone for each in people):
                # Nobody at all, where all are forgotten, and never everybody.
                self._filters[key] = json.dumps([each for each in people if each not in self._gone])

    def delete(self, pipe: Pipeline) -> None:
        """Queue the commands that delete it."""
        for key in self._told:
            pipe.zrem(key, *self._gone)
        for key, people in self._filters.items():
            pipe.hset(key, "people", people)


def _people(written: bytes | None) -> list[str]:
    """The people of a filter; none where it is for everybody, or damaged, which never matches anybody."""
    try:
        people = json.loads(written or b"null")
    except ValueError:
        return []
    return [each for each in people if isinstance(each, str)] if isinstance(people, list) else []
