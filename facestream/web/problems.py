"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from facestream.errors import DecisionError, FacestreamError
from facestream.web.statuses import retry_after_s, status_of
from storage.errors import StorageError
from stream.errors import StreamError
from workers.errors import WorkerError

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

_MOST_ERRORS = 20
# What Starlette says of itself.
_PLAINLY = {
    "Not Found": "There is nothing at this address.",
    "Method Not Allowed": "This address knows other methods, which the header Allow names.",
}


class Problem(HTTPException):
    """A request that isn't carried out; answered as problem details.

    Args:
        status: Of HTTP.
        detail: What was wrong and what to do, for people.
        headers: To be sent with it.
        fields: More members, for programs.
    """

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(status, detail, headers)
        self.fields = fields


class ProblemResponse(JSONResponse):
    """Problem details as an answer."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str,
        instance: str,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        body = {
            "type": "about:blank",
            "title": _title(status),
            "status": status,
            "detail": detail,
            "instance": instance,
        }
        super().__init__({**(fields or {}), **body}, status, headers)


def problem_of(error: Exception, instance: str) -> ProblemResponse:
    """The answer to an error. One that nobody expected is logged, and the answer tells nothing of it.

    Args:
        error: The error.
        instance: Path of the request, without its query.
    """
    if isinstance(error, HTTPException):
        fields = error.fields if isinstance(error, Problem) else None
        said = _PLAINLY.get(error.detail, str(error.detail))
        return ProblemResponse(error.status_code, said, instance, error.headers, fields)
    if isinstance(error, RequestValidationError):
        return _invalid(error, instance)
    if isinstance(error, ClientDisconnect):
        # Nobody reads this, and it is no fault of the server.
        return ProblemResponse(400, "The request broke off.", instance)
    status = status_of(error)
    if status is None:
        _log.error("%s failed", instance, exc_info=error)
        detail = "Something went wrong inside facestream; its log says what."
        return ProblemResponse(500, detail, instance)
    if status >= 500:
        _log.warning("%s: %s", instance, error)
    again_s = retry_after_s(error, status)
    headers = None if again_s is None else {"Retry-After": again_s}
    fields = {"earlier": error.earlier} if isinstance(error, DecisionError) else None
    return ProblemResponse(status, str(error), instance, headers, fields)


def answer_problems(app: FastAPI) -> None:
    """Have an application answer its errors so."""

    async def answer(request: Request, error: Exception) -> ProblemResponse:
        if isinstance(error, HTTPException) and error.status_code == 405:
            error.headers = {"Allow": ", ".join(_methods(request))}
        if isinstance(error, RequestValidationError) and isinstance(error.body, bytes):
            # Only what is said to be JSON is read as such.
            error = Problem(415, "Send JSON, with `Content-Type: application/json`.")
        return problem_of(error, request.url.path)

    for kind in (
        HTTPException,
        RequestValidationError,
        FacestreamError,
        StorageError,
        StreamError,
        WorkerError,
    ):
        app.add_exception_handler(kind, answer)


def _invalid(error: RequestValidationError, instance: str) -> ProblemResponse:
    """Without what was sent: it may be long, a secret, or no JSON."""
    errors = [
        {"where": [str(part)[:100] for part in found["loc"]], "message": str(found["msg"])[:500]}
        for found in error.errors()[:_MOST_ERRORS]
    ]
    said = "; ".join(f"{' '.join(found['where'])}: {found['message']}" for found in errors[:3])
    return ProblemResponse(422, f"{said}.", instance, fields={"errors": errors})


def _methods(request: Request) -> list[str]:
    """What an address can be asked for with: Starlette names those of the first of its routes alone."""
    # That of the description itself is no route of the API.
    found = set(getattr(request.scope.get("route"), "methods", None) or {"GET"})
    for path, operations in request.app.openapi()["paths"].items():
        if compile_path(path)[0].match(request.url.path):
            found |= {method.upper() for method in operations}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
