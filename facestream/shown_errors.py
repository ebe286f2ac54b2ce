"""What scripts say when they can't go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from facestream.errors import FacestreamError
from storage.errors import StorageError
from stream.errors import StreamError
from workers.errors import WorkerError

EXPECTED = (FacestreamError, StorageError, StreamError, WorkerError)
"""The roots of all errors that tell what was wrong and what to do."""


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """End the program with the message of an error, and exit code 1, where facestream can't go on.

    Errors of other kinds stay what they are: they are faults, and their traceback tells where.
    """
    try:
        yield
    except EXPECTED as error:
        raise SystemExit(f"Error: {error}") from error
