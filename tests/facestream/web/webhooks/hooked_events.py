"""What tests of webhooks ask for, and what happens in them."""

from __future__ import annotations

import time
from typing import Any

from live_server import Served
from receiver import Receiver

from storage.identity_record import ChangeKind, IdentityChange

SECRET = "an example secret"


def added(served: Served, receiver: Receiver, **wish: Any) -> dict[str, Any]:
    wish = {"url": receiver.url, "secret": SECRET} | wish
    answer = served.client.post("/webhooks", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def shown(served: Served, webhook: dict[str, Any]) -> dict[str, Any]:
    return served.client.get(f"/webhooks/{webhook['id']}").json()


def happens(served: Served, kind: ChangeKind, person: str, ago_s: float = 0.0, **facts: Any) -> str:
    change = IdentityChange(kind, person, published_at_s=time.time() - ago_s, **facts)
    return served.handle.client.xadd(served.keys.changes, change.encode()).decode()


def seen(served: Served, kind: ChangeKind, person: str, ago_s: float, source_id: str = "c-door") -> str:
    """Somebody is brought by a camera or file so long ago, and that is told now."""
    client, track_id = served.handle.client, f"{source_id}.{person}"
    client.hset(served.keys.track(track_id), "source_id", source_id)
    client.hsetnx(served.keys.source(source_id), "recorded_at_s", "1700000000")
    event_s = time.time() - ago_s - 1.7e9
    return happens(served, kind, person, track_id=track_id, event_s=event_s, provisional=True)
