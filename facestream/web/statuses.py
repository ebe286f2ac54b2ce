"""Which status of HTTP an error is answered with."""

from __future__ import annotations

import math
from collections.abc import Mapping

from facestream.errors import (
    BusyError,
    ClosedError,
    DecisionError,
    FacestreamError,
    ForgottenError,
    LabelError,
    NoFaceError,
    NotFoundError,
    RefusedError,
    SettingsError,
    SourceBusyError,
    UsageError,
)
from facestream.network.outbound import OutboundError
from storage.errors import (
    ArchiveError,
    CameraExistsError,
    CollectionBusyError,
    CollectionGoneError,
    CollectionSchemaError,
    CommandError,
    DataFolderError,
    DataKeyError,
    DataLostError,
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
    RedisUnavailableError,
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
    SourceBusyError: 503,
    ClosedError: 503,
    OutboundError: 502,
    FacestreamError: 409,
    DataFolderError: 500,
    ServerStartError: 503,
    RedisServerError: 500,
    RedisUnavailableError: 503,
    RedisUnreachableError: 503,
    RedisReadOnlyError: 503,
    RedisFullError: 507,
    RecordError: 500,
    CollectionSchemaError: 409,
    CollectionBusyError: 409,
    CollectionGoneError: 409,
    ModelConflictError: 409,
    ModelChangeError: 409,
    QueueFullError: 503,
    LeaseLostError: 503,
    DataLostError: 503,
    OvertakenError: 409,
    ArchiveError: 500,
    CameraExistsError: 409,
    NoSuchCameraError: 404,
    TokenExistsError: 409,
    NoSuchTokenError: 404,
    NoSuchJobError: 404,
    TooManyJobsError: 429,
    NoSuchWebhookError: 404,
    TooManyWebhooksError: 409,
    SealError: 500,
    DataKeyError: 500,
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


def status_of(error: Exception) -> int | None:
    """The status of one of our errors; None for any other."""
    if isinstance(error, RefusedError):
        return REFUSALS[error.kind]
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)


def retry_after_s(error: Exception, status: int) -> str | None:
    """When to ask again, for the header; None where that would help nobody."""
    if status != 503:
        return None
    wait_s = error.retry_after_s if isinstance(error, BusyError) else _AGAIN_S
    return str(max(math.ceil(wait_s), 1))
