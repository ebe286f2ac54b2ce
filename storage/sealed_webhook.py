"""URL and secret of a webhook, sealed into its record and out of it again."""

from __future__ import annotations

from dataclasses import replace

from storage.sealing import Seal
from storage.webhook_record import WebhookRecord, webhook_context


class SealedWebhook:
    """Seals for the webhooks of one collection; for those of another, it doesn't open.

    Args:
        seal: Seals and unseals.
        collection: Name of the collection.
    """

    def __init__(self, seal: Seal, collection: str) -> None:
        self._seal = seal
        self._collection = collection

    def sealed(self, webhook_id: str, text: str, *, secret: bool = False) -> str:
        """Seal the URL of a webhook, or its secret."""
        return self._seal.seal(text, webhook_context(self._collection, webhook_id, secret=secret))

    def url(self, record: WebhookRecord) -> str:
        """The URL of a webhook.

        Raises:
            SealError: If it was sealed with another key, or for another webhook or collection.
        """
        return self._seal.open(record.sealed_url, webhook_context(self._collection, record.webhook_id))

    def secret(self, record: WebhookRecord) -> str:
        """What its deliveries are signed with; errors as those of `url`."""
        context = webhook_context(self._collection, record.webhook_id, secret=True)
        return self._seal.open(record.sealed_secret, context)

    def taken_over(self, record: WebhookRecord, other: SealedWebhook) -> WebhookRecord:
        """A webhook of another collection as one of this; errors as those of `url`."""
        return replace(
            record,
            sealed_url=self.sealed(record.webhook_id, other.url(record)),
            sealed_secret=self.sealed(record.webhook_id, other.secret(record), secret=True),
        )
