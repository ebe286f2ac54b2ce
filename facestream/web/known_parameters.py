"""Which parameters a query may hold: one that nobody reads was meant to be another."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from workers.models.near_name import nearest


async def known_parameters(request: Request) -> None:
    """Refuse a query with a parameter that its route doesn't know, before anything is done.

    A filter that is spelled wrongly would hold nothing back, and a person be forgotten with `?dry_run=1`.

    Args:
        request: Any of the API.

    Raises:
        RequestValidationError: If one is unknown, with the one that was probably meant.
    """
    # Most have no query.
    if not request.query_params:
        return
    known = sorted(_names(request.scope["route"].dependant))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        raise RequestValidationError(
            [
                {"loc": ("query", name), "msg": _said(name, known), "type": "extra_forbidden"}
                for name in unknown
            ]
        )


def _names(dependant: Dependant) -> Iterator[str]:
    """Names of all parameters that a route, or what it depends on, takes from the query."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)


def _said(name: str, known: list[str]) -> str:
    if like := nearest(name, known):
        return f"unknown; did you mean {like}?"
    return f"unknown; known are: {', '.join(known)}" if known else "unknown; there are none here"
