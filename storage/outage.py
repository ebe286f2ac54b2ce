"""Waiting for a server that has gone away, where work should go on when it is back."""

from __future__ import annotations

import logging
import math
import threading
import time

from storage.connection import RedisHandle
from storage.errors import RedisUnreachableError

_log = logging.getLogger(__name__)

# Nobody starts the embedded server anew while its holder lives.
_EMBEDDED_PATIENCE_S = 3.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 5.0


def wait_for_server(
    handle: RedisHandle,
    error: RedisUnreachableError,
    stop: threading.Event,
    patience_s: float | None = None,
) -> None:
    """Return when the server answers again, or when told to stop.

    Args:
        handle: The connection.
        error: What told that it is away; raised again when it stays away.
        stop: Ends the waiting.
        patience_s: How long to wait; default: for ever, as for cameras, but only moments for an embedded
            server, which does not come back by itself.

    Raises:
        RedisServerError: If it stays away for longer, or answers that it can't be used.
    """
    if patience_s is None:
        patience_s = _EMBEDDED_PATIENCE_S if handle.embedded else math.inf
    _log.warning("%s It is tried again until it is back.", error)
    began_s, wait_s = time.monotonic(), _FIRST_WAIT_S
    while not stop.wait(wait_s):
        try:
            with handle.errors():
                handle.client.ping()
        except RedisUnreachableError as still:
            if time.monotonic() - began_s > patience_s:
                raise still from error
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        else:
            _log.warning("%s answers again after %.0f s.", handle.where, time.monotonic() - began_s)
            return
