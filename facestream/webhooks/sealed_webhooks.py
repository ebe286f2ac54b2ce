"""Webhooks that come out of a backup, sealed for the collection that it was made of."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from storage.errors import RecordError, SealError
from storage.sealed_webhook import SealedWebhook
from storage.sealing import open_seal
from storage.webhook_store import WebhookStore


def adopt_webhooks(
    store: WebhookStore, folder: Path, sealed_for: str, collection: str, end: str
) -> tuple[str, ...]:
    """Seal webhooks anew, where they were sealed for another collection, and let them begin with what comes.

    Args:
        store: The webhooks.
        folder: Data folder, which may hold the key.
        sealed_for: Collection that they were sealed for.
        collection: Collection that they are in now.
        end: Id of the newest entry of `changes`: what the backup holds was delivered when it happened.

    Returns:
        Ids of those that can't be opened with the key that is here, or for want of one, or are damaged.
    """
    ids = store.ids()
    if not ids:
        return ()
    closed = []
    for webhook_id in ids:
        try:
            store.set_state(webhook_id, replace(store.state(webhook_id), cursor=end, failing_since_s=None))
            seal = open_seal(folder, os.environ)
            old, new = SealedWebhook(seal, sealed_for), SealedWebhook(seal, collection)
            if sealed_for == collection:
                old.url(store.get(webhook_id))
            else:
                store.change(webhook_id, partial(new.taken_over, other=old))
        except (SealError, RecordError):
            closed.append(webhook_id)
    return tuple(closed)
