"""Bodies that no route reads: what is in them was meant to matter."""

from __future__ import annotations

from fastapi import Request
from fastapi.exceptions import RequestValidationError

_EMPTY = frozenset({b"", b"{}", b"null"})


async def known_bodies(request: Request) -> None:
    """Refuse a body where none is taken, before anything is done: who sends `{"dry_run": true}` means that.

    An empty JSON object is none: some programs send it with every request.

    Args:
        request: Any of the API.

    Raises:
        RequestValidationError: If there is one.
    """
    route = request.scope["route"]
    takes_one = route.body_field is not None or "requestBody" in (route.openapi_extra or {})
    if not takes_one and (await request.body()).strip() not in _EMPTY:
        raise RequestValidationError(
            [{"loc": ("body",), "msg": "unknown; there is none here", "type": "extra_forbidden"}]
        )
