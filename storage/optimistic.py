"""Changes that depend on what is there, and are made again where somebody else was quicker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

import redis

from storage.commands import Commands, Pipeline
from storage.errors import OvertakenError
from storage.keys import SCHEMA, Keys

T = TypeVar("T")


def change_alone(
    client: Commands, key: str, attempt: Callable[[Pipeline], T], *, tries: int, restless: str
) -> T:
    """Change something in one step in which nobody else changes it (WATCH, MULTI, EXEC).

    Args:
        client: Connection to Redis.
        key: What must stay as it is from the first look to the end.
        attempt: Looks at what is there, and then, behind `multi`, queues what is to change; one that queues
            nothing changes nothing. Called again where somebody else was quicker.
        tries: How often at most.
        restless: What is said where that was too little.

    Returns:
        What the attempt returned that took effect.

    Raises:
        OvertakenError: If others change it all the time.
    """
    for _ in range(tries):
        with client.pipeline() as pipe:
            pipe.watch(key)
            result = attempt(pipe)
            with contextlib.suppress(redis.WatchError):
                pipe.execute()
                return result
    raise OvertakenError(restless)


def begin_collection(pipe: Pipeline, keys: Keys) -> None:
    """Queue what makes a collection one: it may begin with its settings, before anything was looked at."""
    pipe.hsetnx(keys.meta, "schema", str(SCHEMA))
    pipe.hsetnx(keys.meta, "created_at_s", f"{time.time():.3f}")
