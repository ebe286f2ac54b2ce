"""A password in URLs, and refusals that must not tell it."""

import traceback

import pytest

from storage.connection import open_redis
from storage.errors import RedisServerError, StorageError

SECRET = "S3cret/Word"
ESCAPED = "S3cret%2FWord"
PIECES = ("S3cret", "Word")


def refused(url: str, kind: type[StorageError], *, timeout_s: float = 5.0) -> str:
    """Open what must fail so; return the message, having checked that nothing tells the secret."""
    with pytest.raises(kind) as caught:
        open_redis(url, None, timeout_s=timeout_s)
    assert caught.type is kind
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for piece in PIECES:
        assert piece not in told
    assert isinstance(caught.value, RedisServerError)
    assert caught.value.where in str(caught.value)
    return str(caught.value)
