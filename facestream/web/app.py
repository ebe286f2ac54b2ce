"""The application: routes, access and the page, put together."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.routing import BaseRoute

from facestream import __version__
from facestream.configuration.serve_table import listed
from facestream.events.news import MOST_SILENCE_S
from facestream.web.access_gate import AccessGate
from facestream.web.body_limits import BodyLimits, upload_bytes
from facestream.web.context import Context, WebContext
from facestream.web.head_requests import HeadRequests
from facestream.web.known_bodies import known_bodies
from facestream.web.known_parameters import known_parameters
from facestream.web.listening import is_loopback
from facestream.web.openapi import PROBLEMS, completed, operation_id
from facestream.web.page_files import page_router, read_page
from facestream.web.problem_boundary import ProblemBoundary
from facestream.web.problems import answer_problems
from facestream.web.request_checks import RequestChecks
from facestream.web.routes import (
    about,
    cameras,
    decisions,
    duplicates,
    events,
    jobs,
    live,
    metrics,
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
from facestream.web.security_headers import SecurityHeaders

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
_PREFIX = "/api/v1"
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


class WebApp(FastAPI):
    """FastAPI with a document that says how to get in, and what errors look like."""

    def __init__(self) -> None:
        # The pages that FastAPI shows the document with come from elsewhere.
        super().__init__(
            title="facestream",
            version=__version__,
            routes=list(_routes()),
            openapi_url=f"{_PREFIX}/openapi.json",
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, which is the same for all applications; not to be changed."""
        return _document()


def make_app(context: WebContext) -> FastAPI:
    """The application over an open collection.

    Args:
        context: What its routes work with; to be closed by the caller.
    """
    app = WebApp()
    app.state.context = context
    # Not by the document, which takes half a second to write: the page asks for these first of all.
    app.state.features = sorted({str(tag) for module in _ROUTES for tag in module.router.tags})
    answer_problems(app)
    serve = context.serve
    hosts = frozenset(
        name.lower().rstrip(".") for name in (*_OWN_NAMES, serve.host, *listed(serve.allowed_hosts))
    )
    # The last is the first that a request comes to.
    app.add_middleware(HeadRequests)
    app.add_middleware(AccessGate, access=context.access)
    app.add_middleware(RequestChecks, hosts=hosts, any_address=not is_loopback(serve.host))
    app.add_middleware(ProblemBoundary)
    app.add_middleware(BodyLimits, upload_bytes=upload_bytes(serve))
    app.add_middleware(SecurityHeaders)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The routes, which know nothing of a collection; FastAPI looks at each when a request comes near it."""
    router = APIRouter(generate_unique_id_function=operation_id)
    for module in _ROUTES:
        # With the prefix given here: without one FastAPI looks at all routes now, and does so again later.
        router.include_router(
            module.router,
            prefix=_PREFIX,
            responses=PROBLEMS,
            dependencies=[Depends(known_parameters), Depends(known_bodies)],
        )
    router.add_api_route("/healthz", _health, include_in_schema=False)
    router.add_api_route("/readyz", _ready, include_in_schema=False)
    router.include_router(metrics.router)
    router.include_router(page_router(read_page()))
    return tuple(router.routes)


@cache
def _document() -> dict[str, Any]:
    """The OpenAPI document; to write it takes half a second."""
    return completed(FastAPI.openapi(WebApp()))


async def _health(context: Context) -> JSONResponse:
    """Whether requests can be answered, for whoever restarts servers; open to all, and says nothing else."""
    # Nobody is asked now: it has to be told also where the server says nothing, and to everybody at once.
    healthy = context.news.silence_s < MOST_SILENCE_S
    return JSONResponse({"status": "ok" if healthy else "unavailable"}, 200 if healthy else 503)


async def _ready(context: Context) -> JSONResponse:
    """Whether answers are true and the work behind them goes on; open to all, and says only which part."""
    status, body = await run_in_threadpool(context.readiness.ready_json)
    return JSONResponse(body, status)
