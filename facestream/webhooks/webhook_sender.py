"""Brings what happens to the webhooks of a collection, in one process of all that could."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from facestream.events.live_event import EventLog
from facestream.processes.trouble import Trouble
from facestream.webhooks.webhook_courier import Courier, Send
from storage.errors import RecordError, StorageError
from storage.identity_record import ChangeKind

if TYPE_CHECKING:
    from facestream.cameras.outage_news import CamerasNow
    from facestream.events.news import News
    from storage.identity_record import IdentityChange
    from storage.lease import Lease
    from storage.webhook_record import WebhookRecord
    from storage.webhook_store import WebhookStore

_log = logging.getLogger(__name__)

LEASE_S = 10.0
"""So long after a process died that delivered, another one goes on."""

_LOOK_S = 2.0
_JOIN_S = 12.0


class WebhookSender:
    """Delivers to all webhooks of a collection while nobody else does; a context manager.

    Each webhook has a thread of its own, so that none waits for another one's receiver. What is to be
    delivered is in the stream `changes`, and how far each webhook is in Redis: whoever goes on after a
    restart, goes on there. A receiver may be told twice of what it took right before a crash.

    Args:
        store: The webhooks.
        log: What happens.
        news: Wakes it.
        lease: Held by the one process that delivers.
        send: Sends something to a webhook, once.
    """

    def __init__(self, store: WebhookStore, log: EventLog, news: News, lease: Lease, send: Send) -> None:
        self._store = store
        self._log = log
        self._news = news
        self._lease = lease
        self._send = send
        self._stop = threading.Event()
        self._looks = threading.Event()
        self._leads = threading.Event()
        self._lock = threading.Lock()
        self._couriers: dict[str, Courier] = {}
        self._cameras: CamerasNow | None = None
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def cameras_are(self, now: CamerasNow) -> None:
        """How the cameras are doing now: webhooks that want to know are told what is new to them."""
        before, self._cameras = self._cameras, now
        if not now.says_the_same(before):
            self._wake()

    def look(self) -> None:
        """Webhooks were added or removed: look at once."""
        self._looks.set()

    def _run(self) -> None:
        trouble = Trouble(_log, "Webhooks are delivered", "Webhooks are tried again.")
        while not self._stop.is_set():
            try:
                with self._log.errors():
                    if self._lease.acquire():
                        self._leads.set()
                        self._arrange(self._store.all())
                    else:
                        self._give_up()
            except StorageError as error:
                # Somebody else may have the lease by now.
                self._give_up()
                trouble.tell(error)
            else:
                trouble.over()
            self._looks.wait(_LOOK_S)
            self._looks.clear()

    def _arrange(self, webhooks: dict[str, WebhookRecord | RecordError]) -> None:
        """Have one courier for each webhook."""
        with self._lock:
            for webhook_id, courier in list(self._couriers.items()):
                if not courier.is_alive or courier.record != webhooks.get(webhook_id):
                    courier.stop()
                    if courier.is_alive:
                        # Two would deliver the same: its successor begins when it has ended.
                        continue
                    del self._couriers[webhook_id]
            for webhook_id, record in webhooks.items():
                if webhook_id not in self._couriers and not isinstance(record, RecordError):
                    self._couriers[webhook_id] = Courier(
                        record, self._store, self._log, self._send, self._leads.is_set, lambda: self._cameras
                    )

    def _give_up(self) -> None:
        self._leads.clear()
        with self._lock:
            for courier in self._couriers.values():
                courier.stop()

    def _wake(self) -> None:
        with self._lock:
            for courier in self._couriers.values():
                courier.wake()

    def _hear(self, changes: Sequence[IdentityChange]) -> None:
        if any(change.kind == ChangeKind.FORGOTTEN for change in changes):
            # Who is forgotten drops out of filters.
            self.look()
        self._wake()

    def __enter__(self) -> Self:
        """Begin to deliver, if nobody else does."""
        self._end = self._news.subscribe(self._hear, self._wake)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it; a request that is on its way may take a few seconds."""
        self._end()
        self._stop.set()
        self._looks.set()
        self._thread.join(_JOIN_S)
        self._give_up()
        for courier in self._couriers.values():
            courier.join(_JOIN_S)
        try:
            with self._log.errors():
                self._lease.release()
        except StorageError as error:
            _log.warning("%s Another process delivers to webhooks in %g s.", error, LEASE_S)
