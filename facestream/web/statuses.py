"""Which status of HTTP an error is answered with."""

from __future__ import annotations

import math
from collections.abc import Mapping

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

# Of the classes that an error is of, the first that stands here counts.
STATUSES: Mapping[type[BaseException], int] = {
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
    ArchiveError: 500,
    SealError: 500,
    CommandError: 500,
    NoSuchCameraError: 404,
    NoSuchJobError: 404,
    NoSuchTokenError: 404,
    NoSuchWebhookError: 404,
    CameraExistsError: 409,
    TokenExistsError: 409,
    TooManyJobsError: 429,
    TooManyWebhooksError: 409,
    OvertakenError: 409,
    CollectionBusyError: 409,
    ModelConflictError: 409,
    ModelChangeError: 409,
    QueueFullError: 503,
    LeaseLostError: 503,
    StorageError: 500,
    CameraUrlError: 422,
    CameraError: 502,
    StreamError: 422,
    ModelError: 503,
    CalledOffError: 503,
    ClusterWorkerError: 503,
    WorkerError: 503,
}
REFUSALS: Mapping[str, int] = {
    "forbidden": 403,
    "missing": 404,
    "too_large": 413,
    "no_room": 507,
    "busy": 503,
    "not_media": 415,
    "running": 409,
}
_AGAIN_S = {429: 5.0, 503: 2.0}


def status_of(error: BaseException) -> int | None:
    """The status for an error; None for one that nobody expected."""
    if isinstance(error, RefusedError):
        return REFUSALS[error.kind]
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)


def retry_after_s(error: BaseException, status: int) -> str | None:
    """When to ask again, for the header; None where that would help nobody."""
    wait_s = error.retry_after_s if isinstance(error, BusyError) else _AGAIN_S.get(status)
    return None if wait_s is None else str(max(math.ceil(wait_s), 1))
