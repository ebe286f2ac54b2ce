"""The application: routes, access and the page, put together."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from facestream import __version__
from facestream.web import page_files
from facestream.web.context import WebContext
from facestream.web.routes import (
    about,
    cameras,
    decisions,
    duplicates,
    events,
    jobs,
    live,
    people,
    search,
    session,
    sightings,
    sources,
    stats,
    thumbnails,
    tracks,
    webhooks,
)

_ROUTES = (
    about,
    session,
    people,
    thumbnails,
    tracks,
    sightings,
    sources,
    search,
    duplicates,
    decisions,
    cameras,
    live,
    jobs,
    events,
    webhooks,
    stats,
)


def make_app(context: WebContext) -> FastAPI:
    """The application over an open collection.

    Args:
        context: What its routes work with; to be closed by the caller.
    """
    app = FastAPI(title="facestream", version=__version__, openapi_url="/api/v1/openapi.json")
    app.state.context = context
    api = APIRouter(prefix="/api/v1")
    for module in _ROUTES:
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(page_files.router)
    app.mount("/assets", page_files.PageFiles(), name="assets")
    return app
