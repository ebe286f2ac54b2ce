"""The webhooks of a collection, as commands and the HTTP API work with them."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facestream.cameras.camera_book import camera_name
from facestream.errors import UsageError
from facestream.events.event_filter import EventFilter
from facestream.events.live_event import EventLog
from facestream.iso_time import iso_utc
from facestream.network.outbound import Outbound, OutboundError, Target
from facestream.webhooks.webhook_delivery import Outcome, deliver
from storage.errors import NoSuchWebhookError, RecordError
from storage.keys import Keys
from storage.sealed_webhook import SealedWebhook
from storage.sealing import open_seal
from storage.webhook_record import WebhookRecord, WebhookState, is_webhook_id, new_webhook_id

if TYPE_CHECKING:
    from storage.webhook_store import WebhookStore

SHORTEST_SECRET, LONGEST_SECRET = 16, 200
"""Characters of what deliveries are signed with."""

# What is counted of the events that wait for a webhook.
_MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class WebhookWish:
    """What somebody wants a webhook to be.

    Attributes:
        url: Where to.
        secret: What deliveries are signed with; None for one that is made up.
        people: Ids of people; none for everybody.
        kinds: Kinds of events; none for all.
        unknown_only: Whether only sightings of people without a name are sent, who aren't ignored.
        cooldown_s: For so long, no other sighting of the same person is sent.
        cameras: Names of cameras; none for all, and for files.
        live_only: Whether only sightings by cameras are sent that are of now.
    """

    url: str
    secret: str | None = None
    people: Sequence[str] = ()
    kinds: Sequence[str] = ()
    unknown_only: bool = False
    cooldown_s: float = 0.0
    cameras: Sequence[str] = ()
    live_only: bool = False


class WebhookBook:
    """Adds, lists, removes and tries webhooks.

    Args:
        store: The webhooks.
        log: What happens.
        keys: Keys of the collection.
        folder: Data folder, which holds the key that URLs are sealed with.
        outbound: Sends to them.
        environ: Environment variables, which may hold the key instead.
    """

    def __init__(
        self,
        store: WebhookStore,
        log: EventLog,
        keys: Keys,
        folder: Path,
        outbound: Outbound,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._store = store
        self._log = log
        self._keys = keys
        self._folder = folder
        self._outbound = outbound
        self._environ = environ

    def add(self, wish: WebhookWish) -> tuple[WebhookRecord, str]:
        """Add a webhook, which is told of what happens from now on.

        Returns:
            It, and what its deliveries are signed with, which is shown nowhere else.

        Raises:
            UsageError: If it can't be so, or nothing may be sent there.
            SealError: If there is no key to seal with, or not that of the other webhooks.
            TooManyWebhooksError: If there are as many as there may be.
        """
        target = Target.parse(wish.url)
        secret = secrets.token_urlsafe(32) if wish.secret is None else wish.secret
        if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET or not secret.isprintable():
            raise UsageError(
                f"a webhook's secret has {SHORTEST_SECRET} to {LONGEST_SECRET} printable characters. Leave "
                "it out, and one is made up."
            )
        people = tuple(dict.fromkeys(wish.people))
        unknown = sorted(set(people) - self._store.known_people(people))
        if unknown:
            raise UsageError(f"there is no person {unknown[0][:40]!r} in this collection.")
        cameras = tuple(dict.fromkeys(camera_name(name) for name in wish.cameras))
        unknown = sorted(set(cameras) - self._store.known_cameras(cameras))
        if unknown:
            raise UsageError(f"there is no camera {unknown[0]!r} in this collection.")
        try:
            self._outbound.check(target)
        except OutboundError as error:
            raise UsageError(str(error)) from error
        sealed = self._sealed(new=True)
        webhook_id = new_webhook_id()
        try:
            record = WebhookRecord(
                webhook_id,
                sealed.sealed(webhook_id, wish.url),
                target.masked,
                sealed.sealed(webhook_id, secret, secret=True),
                people or None,
                tuple(dict.fromkeys(wish.kinds)),
                wish.unknown_only,
                wish.cooldown_s,
                time.time(),
                cameras,
                wish.live_only,
            )
        except ValueError as error:
            raise UsageError(f"{error}.") from error
        self._store.add(record, self._log.end())
        return record, secret

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors of the server into ours within a `with` block."""
        return self._log.errors()

    def all(self) -> dict[str, tuple[WebhookRecord | RecordError, WebhookState | None]]:
        """All webhooks by id, and how far each is; where a record is damaged, what is wrong with it."""
        return {
            webhook_id: (found, self._state(webhook_id)) for webhook_id, found in self._store.all().items()
        }

    def get(self, webhook_id: str) -> tuple[WebhookRecord, WebhookState | None]:
        """One webhook, and how far it is; errors as those of `WebhookStore.get`."""
        return self._store.get(checked_id(webhook_id)), self._state(webhook_id)

    def remove(self, webhook_id: str) -> None:
        """Take a webhook away; errors as those of `WebhookStore.remove`."""
        self._store.remove(checked_id(webhook_id))

    def waiting(self, record: WebhookRecord, state: WebhookState) -> int:
        """Events that it is still to be told of, at most a thousand."""
        page = self._log.since(state.cursor, _MOST_WAITING)
        people = None if record.people is None else self._log.now(frozenset(record.people))
        wanted = EventFilter(
            people,
            record.kinds,
            unknown_only=record.unknown_only,
            cameras=record.cameras,
            live_only=record.live_only,
        )
        return sum(wanted.passes(event) for event in page.events)

    def test(self, webhook_id: str) -> Outcome:
        """Send a webhook something that tells of nothing, once; errors as those of `get` and `send`."""
        record, _ = self.get(webhook_id)
        now = datetime.now(UTC)
        told = {"id": f"test-{now.timestamp():.3f}", "kind": "test", "published_at": iso_utc(now.timestamp())}
        return self.send(record, told)

    def send(self, record: WebhookRecord, told: dict[str, Any]) -> Outcome:
        """Send a webhook something, once.

        Raises:
            SealError: If its URL can't be unsealed.
        """
        sealed = self._sealed(new=False)
        url, secret = sealed.url(record), sealed.secret(record)
        return deliver(self._outbound, url, secret, record.webhook_id, self._keys.collection, told)

    def json(self, record: WebhookRecord, state: WebhookState | None) -> dict[str, Any]:
        """A webhook for machines, without secrets."""
        return {
            "id": record.webhook_id,
            "url": record.shown_url,
            "people": None if record.people is None else list(record.people),
            "kinds": list(record.kinds),
            "unknown_only": record.unknown_only,
            "cooldown_s": record.cooldown_s,
            "cameras": list(record.cameras),
            "live_only": record.live_only,
            "created_at": iso_utc(record.created_at_s),
            "last_status": state.last_status if state else None,
            "last_error": (state.last_error if state else "") or None,
            "last_at": iso_utc(state.last_at_s) if state else None,
            "failing_since": iso_utc(state.failing_since_s) if state else None,
            "delivered": state.delivered if state else 0,
            "failed": state.failed if state else 0,
            "waiting": self.waiting(record, state) if state else 0,
        }

    def _state(self, webhook_id: str) -> WebhookState | None:
        try:
            return self._store.state(webhook_id)
        except (RecordError, NoSuchWebhookError):
            return None

    def _sealed(self, *, new: bool) -> SealedWebhook:
        others: Iterable[WebhookRecord | RecordError] = self._store.all().values() if new else ()
        there = [record for record in others if isinstance(record, WebhookRecord)]
        seal = open_seal(self._folder, self._environ, create=new and not there)
        sealed = SealedWebhook(seal, self._keys.collection)
        for record in there[:1]:
            # A second key would make webhooks that nobody can deliver all to.
            sealed.url(record)
        return sealed


def checked_id(written: str) -> str:
    """The id of a webhook that somebody typed.

    Raises:
        UsageError: If it can't be one.
    """
    if not is_webhook_id(written):
        raise UsageError(f"{written[:40]!r} is no id of a webhook: they look like w0123456789ab.")
    return written
