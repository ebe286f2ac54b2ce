"""What brings events to one webhook, one after the other."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from facestream.cameras.outage_news import untold_news
from facestream.errors import UsageError
from facestream.events.arrival import SEEN, is_late
from facestream.events.event_filter import EventFilter
from facestream.events.live_event import EventLog, LiveEvent
from facestream.iso_time import iso_utc
from facestream.webhooks.webhook_delivery import Outcome
from storage.errors import NoSuchWebhookError, SealError, StorageError
from storage.identity_record import ChangeKind
from storage.webhook_record import CAMERA_KIND, WebhookRecord, WebhookState

if TYPE_CHECKING:
    from facestream.cameras.outage_news import CamerasNow
    from storage.webhook_store import WebhookStore

_log = logging.getLogger(__name__)

PATIENCE_S = 86400.0
"""A receiver that has taken nothing for so long loses what is older than that."""

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
"""Wait before the second try of a delivery, and longest wait before any other."""

_PAGE = 200
_LOOK_S = 30.0

Send = Callable[[WebhookRecord, dict[str, Any]], Outcome]


class _OutdatedError(Exception):
    """An event, or how far the webhook is, is not what it was when it was read."""


class Courier:
    """A thread that delivers to one webhook what happens, from where it was on.

    Args:
        record: The webhook.
        store: Where it is kept how far it is.
        log: What happens.
        send: Sends something to it, once; raises SealError where its URL can't be opened.
        may_deliver: Whether this process is the one that delivers.
        cameras: How the cameras are doing now, or None where that is not known yet.
    """

    def __init__(
        self,
        record: WebhookRecord,
        store: WebhookStore,
        log: EventLog,
        send: Send,
        may_deliver: Callable[[], bool],
        cameras: Callable[[], CamerasNow | None],
    ) -> None:
        self.record = record
        self._store = store
        self._log = log
        self._send = send
        self._may_deliver = may_deliver
        self._cameras = cameras
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._tries = 0
        self._camera_tries = 0
        self._cameras_again_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"webhook {record.webhook_id}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Something has happened."""
        self._woken.set()

    def stop(self) -> None:
        """End it after the request that it is in, without waiting for that."""
        self._stop.set()
        self._woken.set()

    def join(self, longest_s: float) -> None:
        """Wait for its end."""
        self._thread.join(longest_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()
            try:
                with self._log.errors():
                    went_on = self._deliver_page()
            except _OutdatedError:
                # So may be the rest of what was read.
                continue
            except NoSuchWebhookError:
                return
            except (StorageError, UsageError) as error:
                _log.warning("Webhook %s: %s It is tried again.", self.record.webhook_id, error)
                self._stop.wait(_jittered(self._next_wait_s()))
                continue
            if not went_on:
                # Looked at anew now and then, should nobody wake it.
                again_s = self._cameras_again_s - time.monotonic()
                self._woken.wait(min(_LOOK_S, again_s) if again_s > 0 else _LOOK_S)

    def _deliver_page(self) -> bool:
        """Deliver some of what happened; returns whether there may be more."""
        webhook_id = self.record.webhook_id
        state = self._tell_of_cameras(self._store.state(webhook_id))
        if self._stop.is_set():
            return False
        page = self._log.since(state.cursor, _PAGE)
        if not page.kept:
            state = self._tell_of_loss(state)
            if self._stop.is_set():
                return False
            if not page.events:
                self._keep(replace(state, cursor=self._log.end()), state.cursor)
                return True
        people = self.record.people
        wanted = EventFilter(
            None if people is None else self._log.now(frozenset(people)),
            self.record.kinds,
            unknown_only=self.record.unknown_only,
            cameras=self.record.cameras,
            live_only=self.record.live_only,
        )
        for event in page.events:
            if not wanted.passes(event) or self._is_cooling(event):
                continue
            if people is not None and event.change.kind == ChangeKind.FORGOTTEN:
                # They drop out of the record, which may not be another one yet.
                continue
            state = self._bring(state, event.json(), event, wanted)
            if self._stop.is_set():
                return False
        if page.last_id != state.cursor:
            self._keep(replace(state, cursor=page.last_id), state.cursor)
        return page.more

    def _keep(self, state: WebhookState, since: str, told: tuple[str, float] | None = None) -> None:
        """Store how far the webhook is.

        Args:
            state: How far.
            since: The cursor from which on that was done.
            told: Of whom a sighting was delivered, and when it was published.

        Raises:
            _OutdatedError: If another process has gone on from there, as this one had stood still for long.
        """
        if not self._store.set_state(self.record.webhook_id, state, told, since=since):
            raise _OutdatedError

    def _tell_of_cameras(self, state: WebhookState) -> WebhookState:
        """Tell what is new to it of cameras; where it can't be told now, it is later, as it is then."""
        now = self._cameras() if CAMERA_KIND in self.record.kinds else None
        if now is None or time.monotonic() < self._cameras_again_s:
            return state
        webhook_id = self.record.webhook_id
        for news in untold_news(now, self._store.told_down(webhook_id), self.record.cameras):
            if self._stop.is_set() or not self._may_deliver():
                break
            outcome = self._try(news.json)
            if outcome.is_done:
                self._camera_tries = 0
                down_since_s = news.down_since_s if news.state == "down" else None
                self._store.note_told_down(webhook_id, news.camera, down_since_s)
            state = self._after(state, outcome)
            self._keep(state, state.cursor)
            if not outcome.is_done:
                self._camera_tries += 1
                wait_s = max(_jittered(_wait_s(self._camera_tries)), outcome.retry_after_s or 0.0)
                self._cameras_again_s = time.monotonic() + wait_s
                break
        return state

    def _tell_of_loss(self, state: WebhookState) -> WebhookState:
        """Say that some of what happened is not there any more, so that the receiver may read all anew."""
        _log.warning("Webhook %s: some of what it had still to be told is gone.", self.record.webhook_id)
        told = {
            "id": f"reset-{state.cursor}",
            "kind": "reset",
            "reason": "expired",
            "published_at": iso_utc(time.time()),
        }
        return self._bring(state, told)

    def _is_cooling(self, event: LiveEvent) -> bool:
        cooldown_s, change = self.record.cooldown_s, event.change
        if not cooldown_s or change.kind not in SEEN:
            return False
        told = self._store.told(self.record.webhook_id, change.published_at_s - cooldown_s)
        before_s = told.get(event.person_id)
        return before_s is not None and abs(change.published_at_s - before_s) < cooldown_s

    def _bring(
        self,
        state: WebhookState,
        told: dict[str, Any],
        event: LiveEvent | None = None,
        wanted: EventFilter | None = None,
    ) -> WebhookState:
        """Send something until the receiver has taken it or it is given up; the state after that.

        Args:
            state: The state before.
            told: What is sent.
            event: The event that it tells of, if any.
            wanted: Which events the receiver wants.

        Raises:
            _OutdatedError: If the event is gone, or is not wanted any more, or another process has gone on.
        """
        webhook_id, since = self.record.webhook_id, state.cursor
        self._tries = 0
        while True:
            if self._stop.is_set() or not self._may_deliver():
                self._stop.set()
                return state
            if event is not None and (_is_stale(state, event) or self._is_past(event)):
                _log.warning("Webhook %s: event %s is given up.", webhook_id, event.change.entry_id)
                state = replace(state, cursor=event.change.entry_id, failed=state.failed + 1)
                self._keep(state, since)
                return state
            if event is not None:
                # Since it was read, somebody may have been forgotten: nothing of them may be sent.
                try:
                    event = self._as_it_is(event, wanted)
                except _OutdatedError:
                    if not self._is_past(event):
                        raise
                    # It got late in this very moment.
                    continue
                told = event.json()
            outcome = self._try(told)
            state = self._after(state, outcome)
            if outcome.is_done:
                told_of = None
                if event is not None:
                    state = replace(state, cursor=event.change.entry_id)
                    if outcome.is_taken and self.record.cooldown_s and event.change.kind in SEEN:
                        told_of = event.person_id, event.change.published_at_s
                self._keep(state, since, told_of)
                return state
            self._keep(state, since)
            self._stop.wait(max(_jittered(self._next_wait_s()), outcome.retry_after_s or 0.0))

    def _after(self, state: WebhookState, outcome: Outcome) -> WebhookState:
        """How far the webhook is after a try, but for the cursor."""
        now_s = time.time()
        state = replace(state, last_status=outcome.status, last_error=outcome.error, last_at_s=now_s)
        if outcome.is_done:
            delivered, failed = state.delivered + outcome.is_taken, state.failed + outcome.is_refused
            return replace(state, delivered=delivered, failed=failed, failing_since_s=None)
        if state.failing_since_s is not None:
            return state
        _log.warning("Webhook %s: %s It is tried again.", self.record.webhook_id, outcome.error)
        return replace(state, failing_since_s=now_s)

    def _as_it_is(self, event: LiveEvent, wanted: EventFilter | None) -> LiveEvent:
        for now in self._log.again([event]):
            if wanted is None or wanted.passes(now):
                return now
        raise _OutdatedError

    def _is_past(self, event: LiveEvent) -> bool:
        """Whether an event is told to nobody any more, as it is not of now."""
        return self.record.live_only and is_late(event.event_at_s, time.time())

    def _try(self, told: dict[str, Any]) -> Outcome:
        try:
            return self._send(self.record, told)
        except (SealError, UsageError) as error:
            return Outcome(None, str(error), 0.0)

    def _next_wait_s(self) -> float:
        self._tries += 1
        return _wait_s(self._tries)


def _is_stale(state: WebhookState, event: LiveEvent) -> bool:
    """Whether an event is too old for a receiver that has taken nothing for long."""
    now_s = time.time()
    if state.failing_since_s is None or now_s - state.failing_since_s < PATIENCE_S:
        return False
    return now_s - event.change.published_at_s > PATIENCE_S


def _wait_s(tries: int) -> float:
    """How long to wait after so many tries that failed."""
    return min(FIRST_WAIT_S * 2.0 ** min(tries - 1, 20), LONGEST_WAIT_S)


def _jittered(wait_s: float) -> float:
    """From half of a wait to all of it, so that many who failed at once don't try again at once."""
    return wait_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
