"""Waiting for a server that takes no writes, where work should go on when it does again."""

from __future__ import annotations

import contextlib
import logging
import math
import random
import threading
import time
from collections.abc import Callable

import redis

from storage.commands import commands_of
from storage.connection import RedisHandle
from storage.errors import RedisUnavailableError

_log = logging.getLogger(__name__)

# Nobody starts the embedded server anew while its holder lives.
_EMBEDDED_PATIENCE_S = 3.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 5.0


def jittered(wait_s: float) -> float:
    """From half of a wait to all of it, so that many who lost a server don't come back at once."""
    return wait_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def check_writable(handle: RedisHandle) -> None:
    """Make sure that a server takes writes; nothing is written.

    Raises:
        RedisServerError: If it doesn't: nobody answers, it is a replica, its memory or disk is full.
    """
    with handle.errors(), contextlib.suppress(redis.exceptions.NoPermissionError):
        # Refused wherever a write would be. There is no such stream, and none is made. A user that may not
        # write to this key is another matter, and is told where work begins.
        commands_of(handle.client).execute_command("XADD", handle.keys.probe, "NOMKSTREAM", "*", "probe", "")


def wait_for_server(
    handle: RedisHandle,
    error: RedisUnavailableError,
    stop: threading.Event,
    patience_s: float | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> None:
    """Return when the server takes writes again, or when told to stop.

    Args:
        handle: The connection.
        error: What told that it doesn't; raised again when that lasts.
        stop: Ends the waiting.
        patience_s: How long to wait; default: for ever, as for cameras, but only moments for an embedded
            server, which does not come back by itself.
        on_wait: Called before each wait: whoever waits is alive.

    Raises:
        RedisServerError: If it lasts for longer, or something else is wrong by then.
    """
    if patience_s is None:
        patience_s = _EMBEDDED_PATIENCE_S if handle.embedded else math.inf
    _log.warning("%s It is tried again until it is back.", error)
    began_s, wait_s = time.monotonic(), _FIRST_WAIT_S
    while True:
        on_wait()
        if stop.wait(jittered(wait_s)):
            return
        try:
            check_writable(handle)
        except RedisUnavailableError as still:
            if time.monotonic() - began_s > patience_s:
                raise still from error
            if type(still) is not type(error):
                _log.warning("%s", still)
                error = still
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        else:
            _log.warning("%s takes writes again after %.0f s.", handle.where, time.monotonic() - began_s)
            return
