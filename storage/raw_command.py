"""One command as a person typed it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.commands import commands_of
from storage.errors import CommandError


def run_command(client: redis.Redis, arguments: Sequence[str]) -> Any:
    """Send a command, once, and return the server's reply, however long that takes.

    Unlike the commands of `RedisHandle.client`, it is not sent again where no reply came: INCR would count
    twice. A command that blocks ends when it ends, or with Ctrl-C.

    Args:
        client: Connection to Redis; used for its address and for the shapes of replies.
        arguments: The command and its arguments.

    Raises:
        CommandError: If the server refuses it.
        redis.ConnectionError: If no reply came; whether the command took effect is unknown then.
    """
    with _patient(client) as patient:
        try:
            return commands_of(patient).execute_command(*arguments)
        except redis.ResponseError as error:
            raise CommandError(f"{arguments[0]}: {error}") from error


@contextlib.contextmanager
def _patient(client: redis.Redis) -> Iterator[redis.Redis]:
    """A client of the same server that waits as long as it takes and never sends anything twice."""
    pool = client.connection_pool
    options = pool.connection_kwargs | {"socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
    patient = redis.Redis.from_pool(redis.ConnectionPool(connection_class=pool.connection_class, **options))
    patient.response_callbacks = client.response_callbacks
    with contextlib.closing(patient):
        yield patient
