"""Routes of webhooks: who is told of what happens by a request of ours."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from facestream.web.context import Context
from facestream.web.schemas import Body
from facestream.web.scopes import needs_admin
from facestream.webhooks.webhook_book import LONGEST_SECRET, SHORTEST_SECRET, WebhookWish
from storage.errors import RecordError
from storage.webhook_record import LONGEST_COOLDOWN_S, MOST_CAMERAS, MOST_PEOPLE

router = APIRouter(prefix="/webhooks", tags=["webhooks"], dependencies=[needs_admin])

_Id = Annotated[str, Path(pattern="^w[0-9a-f]{12}$")]
_PersonId = Annotated[str, Field(pattern="^p[0-9]{1,18}$")]
_Camera = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Kind = Literal["created", "assigned", "split", "merged", "vanished", "renamed", "forgotten", "camera"]


class NewWebhook(Body):
    """What a webhook is to be."""

    url: str = Field(max_length=2000, description="https:// or http://, to a public address")
    secret: str | None = Field(
        None,
        min_length=SHORTEST_SECRET,
        max_length=LONGEST_SECRET,
        description="What deliveries are signed with; else one is made up",
    )
    people: list[_PersonId] = Field([], max_length=MOST_PEOPLE, description="Only these people; else all")
    kinds: list[_Kind] = Field([], max_length=20, description="Only events of these kinds; else all")
    unknown_only: bool = Field(
        False, description="Only sightings of people without a name, who aren't ignored"
    )
    cooldown_s: float = Field(
        0, ge=0, le=LONGEST_COOLDOWN_S, description="So long, no other sighting of the same person"
    )
    cameras: list[_Camera] = Field([], max_length=MOST_CAMERAS, description="Only what these saw; else all")
    live_only: bool = Field(
        False, description="Only sightings by cameras that are of now: none in files, by a re-cluster or late"
    )


class Webhook(BaseModel):
    """A webhook, and how it is doing; its URL without what could be a secret."""

    id: str
    url: str
    people: list[str] | None = Field(description="null: everybody; empty: all whom it named were forgotten")
    kinds: list[str]
    unknown_only: bool
    cooldown_s: float
    cameras: list[str] = Field(description="Empty: all, and files")
    live_only: bool
    created_at: datetime
    last_status: int | None = Field(description="HTTP status of the last try; null where nobody answered")
    last_error: str | None
    last_at: datetime | None
    failing_since: datetime | None
    delivered: int
    failed: int = Field(description="Events that were given up")
    waiting: int = Field(description="Events that it is still to be told of, at most 1000")


class AddedWebhook(Webhook):
    """A webhook that was just added."""

    secret: str = Field(description="What deliveries are signed with; shown this once")


class WebhookPage(BaseModel):
    """Some of the webhooks, the oldest first."""

    items: list[Webhook]
    total: int
    offset: int
    limit: int


class WebhookTest(BaseModel):
    """What became of a delivery that tells of nothing."""

    ok: bool
    status: int | None
    error: str | None
    seconds: float


@router.get("")
def list_all(
    context: Context,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> WebhookPage:
    """The webhooks; one whose record is damaged is left out."""
    book = context.webhooks
    with book.errors():
        there = [
            (record, state) for record, state in book.all().values() if not isinstance(record, RecordError)
        ]
        items = [Webhook(**book.json(*each)) for each in there[offset : offset + limit]]
    return WebhookPage(items=items, total=len(there), offset=offset, limit=limit)


@router.post("", status_code=201)
def add(context: Context, wish: NewWebhook, response: Response) -> AddedWebhook:
    """Add a webhook, which is told of what happens from now on."""
    book = context.webhooks
    with book.errors():
        record, secret = book.add(
            WebhookWish(
                wish.url,
                wish.secret,
                wish.people,
                wish.kinds,
                wish.unknown_only,
                wish.cooldown_s,
                wish.cameras,
                wish.live_only,
            )
        )
        told = _told(context, record.webhook_id)
    response.headers["Location"] = f"/api/v1/webhooks/{record.webhook_id}"
    response.headers["Cache-Control"] = "no-store"
    return AddedWebhook(**told, secret=secret)


@router.get("/{webhook_id}")
def show(context: Context, webhook_id: _Id) -> Webhook:
    """One webhook."""
    with context.webhooks.errors():
        return Webhook(**_told(context, webhook_id))


@router.delete("/{webhook_id}", status_code=204)
def remove(context: Context, webhook_id: _Id) -> None:
    """Take a webhook away, with what it had still to be told."""
    with context.webhooks.errors():
        context.webhooks.remove(webhook_id)


@router.post("/{webhook_id}/test")
def test(context: Context, webhook_id: _Id) -> WebhookTest:
    """Send it an event of the kind `test` now, once."""
    with context.webhooks.errors():
        outcome = context.webhooks.test(webhook_id)
    return WebhookTest(
        ok=outcome.is_taken,
        status=outcome.status,
        error=outcome.error or None,
        seconds=round(outcome.seconds, 3),
    )


def _told(context: Context, webhook_id: str) -> dict[str, Any]:
    return context.webhooks.json(*context.webhooks.get(webhook_id))
