"""What can't be answered right now."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from fastapi import HTTPException

from facestream.errors import BusyError


@contextlib.contextmanager
def busy_is_503() -> Iterator[None]:
    """Say when to ask again."""
    try:
        yield
    except BusyError as error:
        retry_after = str(max(math.ceil(error.retry_after_s), 1))
        raise HTTPException(503, str(error), headers={"Retry-After": retry_after}) from error
