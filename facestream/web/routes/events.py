"""Routes of events: what happens, as it happens."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Request
from sse_starlette.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from facestream.events.event_filter import EventFilter
from facestream.web.context import Context
from facestream.web.event_stream import EventStream, FeedResponse
from facestream.web.live_feed import FeedFullError
from facestream.web.scopes import needs_read

router = APIRouter(tags=["events"])

_PersonId = Annotated[str, Query(pattern="^p[0-9]{1,18}$")]
_Kind = Literal["created", "assigned", "split", "merged", "vanished", "renamed", "forgotten", "job", "camera"]


@router.get(
    "/events",
    dependencies=[needs_read],
    response_class=EventSourceResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "Events, without end",
        },
        503: {"description": "As many clients listen as may"},
    },
)
async def listen(
    request: Request,
    context: Context,
    person: Annotated[list[_PersonId] | None, Query(description="Only events about these people")] = None,
    kind: Annotated[list[_Kind] | None, Query(description="Only events of these kinds")] = None,
    last_event_id: Annotated[str | None, Header(max_length=60, description="Go on behind this event")] = None,
) -> EventSourceResponse:
    """What happens to people, cameras and jobs from now on, or after the event of `Last-Event-ID`.

    Server-sent events: `id` is that of the entry in the stream `changes`, `event` the kind, `data` JSON.
    After `reset`, everything that is known must be read anew. A comment comes every 15 s.
    """
    feed = context.live_feed
    people = frozenset(person) if person else None
    if people is not None:
        people = await run_in_threadpool(feed.log.now, people)
    try:
        client = feed.join(EventFilter(people, kind or ()))
    except FeedFullError as error:
        raise HTTPException(503, str(error), {"Retry-After": "30"}) from error
    # Whoever let the caller in may say how to ask again whether that still holds.
    is_allowed = getattr(request.state, "is_still_allowed", lambda: True)
    return FeedResponse(EventStream(feed, client, last_event_id or None, is_allowed).pieces(), client)
