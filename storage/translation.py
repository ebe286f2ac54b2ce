"""Errors of the Redis client turned into ours, with what to do about them."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from storage.cluster_nodes import ClusterNodeError
from storage.errors import (
    RedisAuthError,
    RedisFullError,
    RedisLoadingError,
    RedisReadOnlyError,
    RedisServerError,
    RedisUnreachableError,
    RedisUrlError,
    UnsupportedServerError,
)
from storage.full_disk import is_disk_full
from storage.server_log import log_tail

_PIPELINED = re.compile(r"^Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)
_QUOTED_LINES = 2
# Fewer than a start writes, so that they are of the server that ended and not of the one before.
_RECENT_LINES = 5


@contextlib.contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Turn errors of the Redis client into ours, for code that uses `RedisHandle.client`.

    Errors that only a mistake in our code can cause (a wrong type, a missing script) pass through.

    Args:
        where: Which server, without secrets: `RedisHandle.where`.

    Raises:
        RedisServerError: The one of its kinds that fits.
    """
    with _translated(where, _translate):
        yield


@contextlib.contextmanager
def translate_embedded_errors(where: str, log_path: Path) -> Iterator[None]:
    """Do the same for the embedded server, which has no URL to mend, and a log to look at.

    Args:
        where: Which server: `RedisHandle.where`.
        log_path: Its log.

    Raises:
        RedisServerError: The one of its kinds that fits.
    """

    def translate(error: redis.RedisError, where: str) -> RedisServerError | None:
        return _translate_embedded(error, where, log_path) or _translate(error, where)

    with _translated(where, translate):
        yield


@contextlib.contextmanager
def _translated(
    where: str, translate: Callable[[redis.RedisError, str], RedisServerError | None]
) -> Iterator[None]:
    try:
        yield
    except redis.InvalidResponse:
        # From None: the client's text quotes what came in, and an echo would hold our password.
        raise UnsupportedServerError(
            f"What answers at {where} does not speak the Redis protocol. Check host and port.",
            where=where,
            found="no Redis protocol",
        ) from None
    except redis.RedisError as error:
        translated = translate(error, where)
        if translated is None:
            raise
        raise translated from error


def _translate(error: redis.RedisError, where: str) -> RedisServerError | None:
    match error:
        case redis.WatchError(__context__=redis.ConnectionError() | redis.TimeoutError() as cause):
            # The connection broke between the look at a key and the change: the client says this alone.
            return _translate(cause, where)
        case redis.AuthenticationError() if "Authentication required" in str(error):
            return RedisAuthError(
                f"{where} wants a password and got none. Give it in the URL: redis://:PASSWORD@HOST:PORT/0 "
                "or redis://USER:PASSWORD@HOST:PORT/0.",
                where=where,
            )
        case redis.AuthenticationError() | redis.exceptions.AuthorizationError():
            return RedisAuthError(
                f"{where} does not accept the user or password: {_said(error)}. Check both in the URL.",
                where=where,
            )
        case redis.exceptions.NoPermissionError():
            return RedisAuthError(
                f"The user given for {where} may not do what facestream does: {_said(error)}. Grant the user "
                "that command and the keys fs:*.",
                where=where,
            )
        case redis.BusyLoadingError():
            return RedisLoadingError(f"{where} is still loading its data; try again later.", where=where)
        case redis.TimeoutError():
            return RedisUnreachableError(
                f"{where} does not answer in time. Check host and port, whether the server is overloaded, "
                "and, with rediss://, whether the port speaks TLS.",
                where=where,
            )
        case ClusterNodeError():
            return RedisUnreachableError(
                f"{where} is a Redis Cluster, and {_said(error)}. Look at its nodes: `redis-cli --cluster "
                "check`.",
                where=where,
            )
        case redis.ConnectionError():
            return _unreachable(error, where)
        case redis.ReadOnlyError() | redis.exceptions.MasterDownError():
            return RedisReadOnlyError(
                f"{where} is a read-only replica. Give the URL of the primary.", where=where
            )
        case redis.ResponseError() if _said(error).startswith("UNBLOCKED "):
            # Who waited for entries at that moment.
            return RedisReadOnlyError(
                f"{where} has just become a read-only replica. Give the URL of the primary.", where=where
            )
        case redis.OutOfMemoryError():
            return RedisFullError(
                f"{where} has reached its memory limit and refuses writes. Raise maxmemory; then "
                "`facestream collections drop` and the like can delete data, which needs some room as well.",
                where=where,
            )
        case redis.ResponseError() if _is_unsafe(error):
            return RedisFullError(
                f"{where} refuses writes as it can't keep them safe: {_said(error)}. Check its disk, log and "
                "replicas.",
                where=where,
            )
        case redis.ResponseError() if "SELECT is not allowed in cluster mode" in str(error):
            return RedisUrlError(
                f"{where} is a Redis Cluster, which has database 0 alone. Leave the number at the end of the "
                "URL out.",
                where=where,
            )
        case redis.ResponseError() if "DB index is out of range" in str(error):
            return RedisUrlError(
                f"{where} has no database of this number. Give a smaller one at the end of the URL.",
                where=where,
            )
    return None


def _translate_embedded(error: redis.RedisError, where: str, log_path: Path) -> RedisServerError | None:
    server = where[:1].upper() + where[1:]
    match error:
        case redis.AuthenticationError():
            return None
        case redis.BusyLoadingError():
            return RedisLoadingError(
                f"{server} is still loading its data. Run the command again in a while.", where=where
            )
        case redis.TimeoutError():
            return RedisUnreachableError(
                f"{server} does not answer in time. {_log_of(log_path)}Check that the disk has free space "
                "and is not overloaded, then run the command again.",
                where=where,
            )
        case redis.ConnectionError() if is_disk_full(log_path.parent, log_tail(log_path, _RECENT_LINES)):
            return RedisFullError(
                f"The disk is full, and so {where} has ended. What was stored before is kept. Free some "
                "space, then run the same command again.",
                where=where,
            )
        case redis.ConnectionError():
            return RedisUnreachableError(
                f"{server} has ended while it was needed. {_log_of(log_path)}Check that the disk has free "
                "space, and whether something killed the server, then run the command again: it starts the "
                "server anew, with all that was stored.",
                where=where,
            )
        case redis.ResponseError() if isinstance(error, redis.OutOfMemoryError) or _is_unsafe(error):
            return RedisFullError(
                f"{server} refuses writes: {_said(error)}. {_log_of(log_path)}Free some disk space, then "
                "run the command again.",
                where=where,
            )
    return None


def _log_of(path: Path) -> str:
    tail = log_tail(path, _QUOTED_LINES)
    return f"Its log {path} ends with:\n{tail}\n" if tail else f"Its log is {path}. "


def _is_unsafe(error: redis.ResponseError) -> bool:
    return _said(error).startswith(("MISCONF ", "NOREPLICAS "))


def _said(error: redis.RedisError) -> str:
    # A pipeline puts the failed command before the server's words, with its data.
    return _PIPELINED.sub("", str(error)).rstrip(".")


def _unreachable(error: redis.ConnectionError, where: str) -> RedisUnreachableError:
    cause = error.__cause__ or error.__context__
    match cause:
        case ssl.SSLError():
            reason = (
                f"There is no agreement on TLS with {where}: {cause.reason or cause}. Check that the port "
                "speaks TLS and that its certificate is trusted (ssl_ca_certs=FILE in the URL)."
            )
        case socket.gaierror():
            reason = (
                f"The host of {where} is unknown: {cause.strerror}. Check the spelling and the name service."
            )
        case OSError(errno=errno.ECONNREFUSED):
            reason = (
                f"Nobody listens at {where}: the connection was refused. Start the server or mend the URL."
            )
        case OSError(errno=errno.ENOENT):
            reason = (
                f"The socket or certificate file of {where} does not exist. Start the server or mend the URL."
            )
        case _:
            reason = (
                f"The connection to {where} failed: {_said(error)}. Check that the server runs and that the "
                "URL is right."
            )
    return RedisUnreachableError(reason, where=where)
