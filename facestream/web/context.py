"""What the routes of the HTTP API work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from facestream.cameras.camera_desk import CameraDesk
from facestream.client import Store
from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.events.news import News
from facestream.jobs.jobs import Jobs
from facestream.metrics.exposition import Exposition
from facestream.metrics.health import Health
from facestream.people.people_board import PeopleBoard
from facestream.serving.search_wiring import WebSearch
from facestream.serving.supervisor import Supervisor
from facestream.web.access import Access
from facestream.web.clip_room import ClipRoom
from facestream.web.decision_room import DecisionRoom
from facestream.web.live_feed import LiveFeed
from facestream.web.photo_places import PhotoPlaces
from facestream.web.source_media import SourceMedia
from facestream.webhooks.webhook_book import WebhookBook
from storage.haste import Haste


@dataclass(frozen=True, slots=True)
class WebContext:
    """An open collection and all that is kept in memory of it, shared by all requests.

    Attributes:
        place: Where it is.
        store: The collection; may be used by several threads at once.
        news: What happens in it.
        serve: How it is served.
        access: Who is let in.
        search: Search in memory, and who is like whom.
        people: Everybody, in memory.
        cameras: Its cameras.
        jobs: What was handed in to be processed.
        supervisor: The processes that are kept beside this one.
        live_feed: Passes it on to clients.
        webhooks: Who else is told.
        metrics: What Prometheus is told.
        readiness: When answers are true and the work behind them goes on.
        haste: For the end, which a server that hangs must not hold up.
        media: The files that people were seen in.
        clips: Room for clips that are cut out of them.
        photo_places: Room for photos to search by.
        deciding: Room for decisions.
    """

    place: Place
    store: Store
    news: News
    serve: ServeTable
    access: Access
    search: WebSearch
    people: PeopleBoard
    cameras: CameraDesk
    jobs: Jobs
    supervisor: Supervisor
    live_feed: LiveFeed
    webhooks: WebhookBook
    metrics: Exposition
    readiness: Health
    haste: Haste
    media: SourceMedia = field(default_factory=SourceMedia)
    clips: ClipRoom = field(default_factory=ClipRoom)
    photo_places: PhotoPlaces = field(default_factory=PhotoPlaces)
    deciding: DecisionRoom = field(default_factory=DecisionRoom)


def context_of(request: Request) -> WebContext:
    """The context of the application that a request came to."""
    context = request.app.state.context
    assert isinstance(context, WebContext)
    return context


Context = Annotated[WebContext, Depends(context_of)]
