"""Statuses of the errors that cameras and jobs have of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException

from facestream.errors import RefusedError, UsageError
from storage.errors import CameraExistsError, NoSuchCameraError, NoSuchJobError, TooManyJobsError
from stream.errors import CameraError, CameraUrlError

_STATUSES = {
    "forbidden": 403,
    "missing": 404,
    "too_large": 413,
    "no_room": 507,
    "busy": 503,
    "not_media": 415,
    "running": 409,
}
_SOON_S = "5"


@contextmanager
def refusals() -> Iterator[None]:
    """Answer errors inside the block by their statuses; others go on as they are."""
    try:
        yield
    except RefusedError as error:
        headers = {"Retry-After": _SOON_S} if error.kind == "busy" else None
        raise HTTPException(_STATUSES[error.kind], str(error), headers) from error
    except (NoSuchJobError, NoSuchCameraError) as error:
        raise HTTPException(404, str(error)) from error
    except CameraExistsError as error:
        raise HTTPException(409, str(error)) from error
    except TooManyJobsError as error:
        raise HTTPException(429, str(error)) from error
    except (CameraError, CameraUrlError) as error:
        raise HTTPException(502, f"The camera gives no picture: {error}") from error
    except UsageError as error:
        raise HTTPException(422, str(error)) from error
