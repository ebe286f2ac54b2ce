"""Numbers for Prometheus. Not of the API: Prometheus asks for /metrics."""

from __future__ import annotations

from fastapi import APIRouter, Response

from facestream.metrics.exposition import CONTENT_TYPE
from facestream.web.context import Context
from facestream.web.scopes import needs_read

router = APIRouter(include_in_schema=False)


@router.get("/metrics", dependencies=[needs_read])
def metrics(context: Context) -> Response:
    """How the collection, its queue, its cameras and this server are doing."""
    return Response(context.metrics.text(), media_type=CONTENT_TYPE)
