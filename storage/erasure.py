"""Deleting a collection, and what the server's files still hold of what was deleted."""

from __future__ import annotations

import time
from collections.abc import Collection
from itertools import islice

import redis

from storage.catalogue import SCAN_COUNT, key_prefix
from storage.commands import Commands, commands_of
from storage.connection import RedisHandle
from storage.errors import RedisFullError, RedisUnreachableError
from storage.hold import Hold

REWRITE_TIMEOUT_S = 600.0
"""How long a rewrite of the append-only file may take."""

_CHUNK = 500
_POLL_S = 0.02


def erase_keys(client: redis.Redis, hold: Hold, but: Collection[str] = ()) -> int:
    """Delete all keys of a collection but its lease.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        but: Keys to leave.

    Returns:
        Number of keys that were deleted.

    Raises:
        LeaseLostError: If the hold was lost in between.
    """
    kept = {name.encode() for name in (hold.keys.leader, *but)}
    found = commands_of(client).scan_iter(key_prefix(hold.keys) + "*", SCAN_COUNT)
    doomed = (name for name in found if name not in kept)
    count = 0
    while chunk := list(islice(doomed, _CHUNK)):
        with hold.step() as pipe:
            pipe.execute_command("UNLINK", *chunk)
        count += len(chunk)
    return count


def erase_history(handle: RedisHandle, timeout_s: float = REWRITE_TIMEOUT_S) -> bool:
    """Make the embedded server's files hold nothing of what was deleted.

    Its append-only file keeps every command, and with it every deleted face, until it is rewritten. What a
    server left that was killed during a rewrite goes as well.

    Args:
        handle: Connection to the server.
        timeout_s: How long the rewrite may take.

    Returns:
        Whether it was done: False for a server of the user's own, whose files are theirs.

    Raises:
        RedisFullError: If the file can't be rewritten; the old one stays in use.
        RedisUnreachableError: If that takes too long.
    """
    if handle.log_path is None:
        return False
    client, folder = commands_of(handle.client), handle.log_path.parent
    deadline_s = time.monotonic() + timeout_s
    while True:
        # Before the rewrite begins: these are the files that it replaces, and no others.
        old = [*folder.glob("temp-*"), *folder.glob("appendonlydir/*.aof")]
        if _begin_rewrite(client, handle):
            break
        # Another one that was under way already may have passed what is deleted now.
        _wait(deadline_s, handle)
    while _is_rewriting(client):
        _wait(deadline_s, handle)
    if client.info("persistence").get("aof_last_bgrewrite_status") != "ok":
        raise _failed(handle, "see the log")
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    while not {path.name for path in old}.isdisjoint(manifest.read_text().split()):
        _wait(deadline_s, handle)
    for path in old:
        path.unlink(missing_ok=True)
    return True


def _begin_rewrite(client: Commands, handle: RedisHandle) -> bool:
    """Whether a rewrite began, or is the next thing that the server does."""
    try:
        client.execute_command("BGREWRITEAOF")
    except redis.ResponseError as error:
        if "in progress" in str(error):
            return False
        raise _failed(handle, str(error).rstrip(".")) from error
    return True


def _is_rewriting(client: Commands) -> bool:
    facts = client.info("persistence")
    return bool(facts.get("aof_rewrite_in_progress") or facts.get("aof_rewrite_scheduled"))


def _wait(deadline_s: float, handle: RedisHandle) -> None:
    if time.monotonic() > deadline_s:
        raise RedisUnreachableError(
            f"{handle.where} has not rewritten its append-only file in time, so that the old one still holds "
            f"what was deleted. Run the command again; the server's log is {handle.log_path}.",
            where=handle.where,
        )
    time.sleep(_POLL_S)


def _failed(handle: RedisHandle, reason: str) -> RedisFullError:
    return RedisFullError(
        f"{handle.where} can't rewrite its append-only file, which still holds what was deleted ({reason}). "
        f"Free some disk space, then run the command again; the server's log is {handle.log_path}.",
        where=handle.where,
    )
