"""One delivery to a webhook: what is sent, and how it is signed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from facestream import __version__
from facestream.iso_time import iso_utc
from facestream.network.outbound import Answer, Outbound, OutboundError, Target
from facestream.webhooks.signature import HEADER, sign

REFUSED = frozenset({400, 413, 422})
"""Statuses by which a receiver says that it will never take this very event."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery.

    Attributes:
        status: HTTP status, or None where no answer came.
        error: What went wrong, without secrets; empty if the receiver took it.
        seconds: How long it took.
        retry_after_s: When the receiver wants the next try, or None.
    """

    status: int | None
    error: str
    seconds: float
    retry_after_s: float | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took it."""
        return not self.error

    @property
    def is_refused(self) -> bool:
        """Whether to try again is of no use."""
        return self.status in REFUSED

    @property
    def is_done(self) -> bool:
        """Whether it is not to be tried again."""
        return self.is_taken or self.is_refused


def deliver(
    outbound: Outbound, url: str, secret: str, webhook_id: str, collection: str, told: dict[str, Any]
) -> Outcome:
    """Send something to a webhook once.

    Args:
        outbound: Sends it.
        url: Where to.
        secret: What it is signed with.
        webhook_id: Id of the webhook.
        collection: Name of the collection.
        told: What is told: JSON with `id` and `kind`.

    Raises:
        facestream.errors.UsageError: If it is no URL.
    """
    began_s = time.monotonic()
    now_s = time.time()
    facts = {**told, "collection": collection, "webhook_id": webhook_id, "sent_at": iso_utc(now_s)}
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"facestream/{__version__}",
        "X-Facestream-Event": str(told["kind"]),
        "X-Facestream-Delivery": str(told["id"]),
        HEADER: sign(secret, body, now_s),
    }
    try:
        answer = outbound.post(Target.parse(url), body, headers)
    except OutboundError as error:
        return Outcome(None, str(error), time.monotonic() - began_s)
    return Outcome(answer.status, _problem(answer), time.monotonic() - began_s, answer.retry_after_s)


def _problem(answer: Answer) -> str:
    if 200 <= answer.status < 300:
        return ""
    if 300 <= answer.status < 400:
        return (
            f"The receiver answered {answer.status}: redirects are not followed. Give the URL they lead to."
        )
    return f"The receiver answered {answer.status}."
