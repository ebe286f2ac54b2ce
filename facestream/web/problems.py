"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from facestream.errors import (
    BusyError,
    DecisionError,
    FacestreamError,
    ForgottenError,
    LabelError,
    NoFaceError,
    NotFoundError,
    RefusedError,
    SettingsError,
    UsageError,
)
from facestream.outbound import OutboundError
from storage.errors import (
    ArchiveError,
    CameraExistsError,
    CollectionBusyError,
    CollectionSchemaError,
    CommandError,
    DataFolderError,
    LeaseLostError,
    ModelChangeError,
    ModelConflictError,
    NoSuchCameraError,
    NoSuchJobError,
    NoSuchTokenError,
    NoSuchWebhookError,
    OvertakenError,
    QueueFullError,
    RecordError,
    RedisFullError,
    RedisReadOnlyError,
    RedisServerError,
    RedisUnreachableError,
    SealError,
    ServerStartError,
    StorageError,
    TokenExistsError,
    TooManyJobsError,
    TooManyWebhooksError,
)
from stream.errors import CameraError, CameraUrlError, StreamError
from workers.errors import CalledOffError, ClusterWorkerError, ModelError, WorkerError

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

# Of the classes that an error is of, the first that stands here counts.
STATUSES: Mapping[type[Exception], int] = {
    ForgottenError: 410,
    NotFoundError: 404,
    UsageError: 422,
    # Of the server, and not of who asks.
    SettingsError: 500,
    NoFaceError: 422,
    LabelError: 422,
    DecisionError: 409,
    BusyError: 503,
    OutboundError: 502,
    FacestreamError: 409,
    DataFolderError: 500,
    ServerStartError: 503,
    RedisServerError: 500,
    RedisUnreachableError: 503,
    RedisReadOnlyError: 503,
    RedisFullError: 507,
    RecordError: 500,
    CollectionSchemaError: 409,
    CollectionBusyError: 409,
    ModelConflictError: 409,
    ModelChangeError: 409,
    QueueFullError: 503,
    LeaseLostError: 503,
    OvertakenError: 409,
    ArchiveError: 500,
    CameraExistsError: 409,
    NoSuchCameraError: 404,
    TokenExistsError: 409,
    NoSuchTokenError: 404,
    NoSuchJobError: 404,
    TooManyJobsError: 409,
    NoSuchWebhookError: 404,
    TooManyWebhooksError: 409,
    SealError: 500,
    CommandError: 500,
    StorageError: 500,
    StreamError: 422,
    # A camera that was added is at fault, or its secret is gone: not what was asked.
    CameraUrlError: 502,
    CameraError: 502,
    ModelError: 503,
    CalledOffError: 503,
    ClusterWorkerError: 503,
    WorkerError: 503,
}
"""The status of each kind of our errors, but `RefusedError`."""

REFUSALS: Mapping[str, int] = {
    "forbidden": 403,
    "missing": 404,
    "too_large": 413,
    "no_room": 507,
    "busy": 503,
    "not_media": 415,
    "running": 409,
}
"""The status of each kind of `RefusedError`."""

_AGAIN_S = 2.0
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
    headers = {"Retry-After": _again_s(error)} if status == 503 else None
    fields = {"earlier": error.earlier} if isinstance(error, DecisionError) else None
    return ProblemResponse(status, str(error), instance, headers, fields)


def status_of(error: Exception) -> int | None:
    """The status of one of our errors; None for any other."""
    if isinstance(error, RefusedError):
        return REFUSALS[error.kind]
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)


def answer_problems(app: FastAPI) -> None:
    """Have an application answer its errors so."""

    async def answer(request: Request, error: Exception) -> ProblemResponse:
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


def _again_s(error: Exception) -> str:
    wait_s = error.retry_after_s if isinstance(error, BusyError) else _AGAIN_S
    return str(max(math.ceil(wait_s), 1))


def _invalid(error: RequestValidationError, instance: str) -> ProblemResponse:
    """Without what was sent: it may be long, a secret, or no JSON."""
    errors = [
        {"where": [str(part)[:100] for part in found["loc"]], "message": str(found["msg"])[:500]}
        for found in error.errors()[:_MOST_ERRORS]
    ]
    said = "; ".join(f"{' '.join(found['where'])}: {found['message']}" for found in errors[:3])
    return ProblemResponse(422, f"{said}.", instance, fields={"errors": errors})


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
