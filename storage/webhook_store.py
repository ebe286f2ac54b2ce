"""The webhooks of a collection, and how far each of them is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection

import redis

from storage.commands import Pipeline, commands_of
from storage.errors import NoSuchWebhookError, RecordError, TooManyWebhooksError
from storage.fields import reading, unix_time
from storage.keys import Keys
from storage.optimistic import T, begin_collection, change_alone
from storage.webhook_record import WebhookRecord, WebhookState

MOST = 100
"""Webhooks that a collection can have."""

_TRIES = 20


class WebhookStore:
    """Reads and writes webhooks; every change takes effect as a whole or not at all.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    def ids(self) -> list[str]:
        """Ids of all webhooks, sorted."""
        return sorted(name.decode() for name in self._client.smembers(self._keys.webhooks))

    def get(self, webhook_id: str) -> WebhookRecord:
        """One webhook.

        Raises:
            NoSuchWebhookError: If there is none with that id.
            RecordError: If its record is damaged.
        """
        raw = self._client.hgetall(self._keys.webhook(webhook_id))
        if not raw:
            raise self._missing(webhook_id)
        with reading(self._keys.webhook(webhook_id)):
            return WebhookRecord.decode(raw)

    def all(self) -> dict[str, WebhookRecord | RecordError]:
        """All webhooks by id, the oldest first; in place of a damaged record, what is wrong with it."""
        found: dict[str, WebhookRecord | RecordError] = {}
        for webhook_id in self.ids():
            # One that was removed in between is no more.
            with contextlib.suppress(NoSuchWebhookError):
                try:
                    found[webhook_id] = self.get(webhook_id)
                except RecordError as error:
                    found[webhook_id] = error
        return dict(sorted(found.items(), key=lambda item: (getattr(item[1], "created_at_s", 0.0), item[0])))

    def add(self, record: WebhookRecord, cursor: str) -> None:
        """Add a webhook.

        Args:
            record: The webhook.
            cursor: Id of the entry of `changes` behind which it begins.

        Raises:
            TooManyWebhooksError: If there are as many as there may be.
        """
        keys = self._keys

        def attempt(pipe: Pipeline) -> None:
            if len(self.ids()) >= MOST:
                raise TooManyWebhooksError(
                    f"Collection {keys.collection!r} has {MOST} webhooks already, which is the most "
                    "there may be. Remove one first."
                )
            pipe.multi()
            begin_collection(pipe, self._keys)
            pipe.hset(keys.webhook(record.webhook_id), mapping=record.encode())
            pipe.hset(keys.webhook_state(record.webhook_id), mapping=WebhookState(cursor).encode())
            pipe.sadd(keys.webhooks, record.webhook_id)

        self._change_alone(keys.webhooks, attempt)

    def change(self, webhook_id: str, change: Callable[[WebhookRecord], WebhookRecord]) -> WebhookRecord:
        """Change a webhook.

        Args:
            webhook_id: The webhook.
            change: Gives the new record for the one that there is; may be called more than once.

        Raises:
            NoSuchWebhookError: If there is none with that id.
            RecordError: If its record is damaged.
        """
        key = self._keys.webhook(webhook_id)

        def attempt(pipe: Pipeline) -> WebhookRecord:
            record = change(self.get(webhook_id))
            pipe.multi()
            pipe.hset(key, mapping=record.encode())
            return record

        return self._change_alone(key, attempt)

    def remove(self, webhook_id: str) -> None:
        """Take a webhook away, with what has not been delivered.

        Raises:
            NoSuchWebhookError: If there is none with that id.
        """
        keys = self._keys
        with self._client.pipeline() as pipe:
            pipe.srem(keys.webhooks, webhook_id)
            more = (
                keys.webhook_state(webhook_id),
                keys.webhook_told(webhook_id),
                keys.webhook_outages(webhook_id),
            )
            pipe.delete(keys.webhook(webhook_id), *more)
            removed, _ = pipe.execute()
        if not removed:
            raise self._missing(webhook_id)

    def state(self, webhook_id: str) -> WebhookState:
        """How far a webhook is.

        Raises:
            NoSuchWebhookError: If there is none with that id.
            RecordError: If that is damaged.
        """
        key = self._keys.webhook_state(webhook_id)
        raw = self._client.hgetall(key)
        if not raw:
            raise self._missing(webhook_id)
        with reading(key):
            return WebhookState.decode(raw)

    def set_state(
        self,
        webhook_id: str,
        state: WebhookState,
        told: tuple[str, float] | None = None,
        *,
        since: str | None = None,
    ) -> bool:
        """Say how far a webhook is; nothing happens where it was removed meanwhile.

        Args:
            webhook_id: The webhook.
            state: How far.
            told: A person whose sighting was delivered, and the unix time of its publication.
            since: The cursor from which on that was done; nothing happens where it is another one by now.

        Returns:
            Whether it happened.
        """
        keys = self._keys
        key = keys.webhook_state(webhook_id)

        def attempt(pipe: Pipeline) -> bool:
            if not self._client.exists(keys.webhook(webhook_id)):
                return False
            if since is not None:
                pipe.watch(key)
                if pipe.hget(key, "cursor") != since.encode():
                    return False
            pipe.multi()
            pipe.hset(key, mapping=state.encode())
            if told is not None:
                pipe.zadd(keys.webhook_told(webhook_id), {told[0]: told[1]})
            return True

        return self._change_alone(keys.webhook(webhook_id), attempt)

    def told(self, webhook_id: str, since_s: float) -> dict[str, float]:
        """When sightings of people were delivered last: unix times of publication by ids; older ones go.

        Args:
            webhook_id: The webhook.
            since_s: Unix time before which nothing matters.
        """
        key = self._keys.webhook_told(webhook_id)
        with self._client.pipeline() as pipe:
            pipe.zremrangebyscore(key, "-inf", f"({since_s:.3f}")
            pipe.execute_command("ZRANGE", key, 0, -1, "WITHSCORES")
            _, rows = pipe.execute()
        return {who.decode(): float(at_s) for who, at_s in zip(rows[::2], rows[1::2], strict=True)}

    def told_down(self, webhook_id: str) -> dict[str, float]:
        """The cameras that a webhook was told are down, by name: the unix time since when.

        What is damaged is left out: it is told once more.
        """
        raw = self._client.hgetall(self._keys.webhook_outages(webhook_id))
        found = {}
        for name in (field.decode("utf-8", "replace") for field in raw):
            with contextlib.suppress(RecordError):
                if (since_s := unix_time(raw, name)) is not None:
                    found[name] = since_s
        return found

    def note_told_down(self, webhook_id: str, camera: str, since_s: float | None) -> None:
        """Note what a webhook was told of a camera; nothing happens where it was removed meanwhile.

        Args:
            webhook_id: The webhook.
            camera: Name of the camera.
            since_s: Unix time since when it is down; None where it is so no longer.
        """
        keys = self._keys
        key = keys.webhook_outages(webhook_id)

        def attempt(pipe: Pipeline) -> None:
            if not self._client.exists(keys.webhook(webhook_id)):
                return
            pipe.multi()
            if since_s is None:
                pipe.hdel(key, camera)
            else:
                pipe.hset(key, camera, f"{since_s:.3f}")

        self._change_alone(keys.webhook(webhook_id), attempt)

    def known_people(self, identity_ids: Collection[str]) -> set[str]:
        """Those of some people whom there is anything of, also where they were merged into others."""
        wanted = sorted(identity_ids)
        with self._client.pipeline(transaction=False) as pipe:
            for identity_id in wanted:
                pipe.exists(self._keys.identity(identity_id))
            return {each for each, there in zip(wanted, pipe.execute(), strict=True) if there}

    def known_cameras(self, names: Collection[str]) -> set[str]:
        """All cameras, and those of some others that saw something before they were removed."""
        there = {name.decode() for name in self._client.smembers(self._keys.cameras)}
        gone = sorted(set(names) - there)
        with self._client.pipeline(transaction=False) as pipe:
            for name in gone:
                pipe.exists(self._keys.source(f"c-{name}"))
            return there | {name for name, saw in zip(gone, pipe.execute(), strict=True) if saw}

    def _missing(self, webhook_id: str) -> NoSuchWebhookError:
        return NoSuchWebhookError(
            f"There is no webhook {webhook_id[:40]!r} in collection {self._keys.collection!r}.",
            webhook_id=webhook_id,
        )

    def _change_alone(self, key: str, attempt: Callable[[Pipeline], T]) -> T:
        restless = "Somebody else changes the webhooks all the time. Try again."
        return change_alone(self._client, key, attempt, tries=_TRIES, restless=restless)
