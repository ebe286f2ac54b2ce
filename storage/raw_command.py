"""One command as a person typed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from storage.commands import commands_of
from storage.errors import CommandError


def run_command(client: redis.Redis, arguments: Sequence[str]) -> Any:
    """Send a command and return the server's reply.

    Args:
        client: Connection to Redis.
        arguments: The command and its arguments.

    Raises:
        CommandError: If the server refuses it.
    """
    try:
        return commands_of(client).execute_command(*arguments)
    except redis.ResponseError as error:
        raise CommandError(f"{arguments[0]}: {error}") from error
