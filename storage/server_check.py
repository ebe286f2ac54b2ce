"""Whether a server can do the work, and what a person should know about it."""

from __future__ import annotations

import re
from typing import Any

import redis

from storage.errors import RedisReadOnlyError, UnsupportedServerError
from storage.server_binary import OLDEST_MAJOR_VERSION


def is_cluster_node(info: dict[str, Any]) -> bool:
    """Whether a server is a node of a Redis Cluster.

    Args:
        info: What it says of itself: its reply to INFO.
    """
    return _mode(info) == "cluster"


def check_server(client: redis.Redis, where: str, info: dict[str, Any]) -> tuple[str, ...]:
    """Refuse a server that can't do the work.

    Args:
        client: Connection to it.
        where: Which one, for messages.
        info: What it says of itself: its reply to INFO.

    Returns:
        Warnings about one that can.

    Raises:
        UnsupportedServerError: It is too old or a sentinel.
        RedisReadOnlyError: It is a replica.
    """
    version = str(info.get("redis_version", ""))
    major = re.match(r"[0-9]+", version)
    if major is None or int(major[0]) < OLDEST_MAJOR_VERSION:
        raise UnsupportedServerError(
            f"The server at {where} has version {version or 'unknown'}; facestream needs Redis "
            f"{OLDEST_MAJOR_VERSION} or newer, or Valkey. Update it, or run facestream without a URL to use "
            "its own server.",
            where=where,
            found=version,
        )
    mode = _mode(info)
    if mode == "sentinel":
        raise UnsupportedServerError(
            f"The server at {where} is a sentinel, which holds no data. Give the URL of the primary.",
            where=where,
            found=mode,
        )
    if info.get("role", "master") != "master":
        raise RedisReadOnlyError(
            f"The server at {where} is a read-only replica. Give the URL of the primary.", where=where
        )
    warnings = []
    if info.get("aof_enabled") == 0 and _has_no_snapshots(client):
        warnings.append(f"{where} keeps its data in memory only: all results are lost when it restarts.")
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory", 0) and policy != "noeviction":
        warnings.append(
            f"{where} deletes data when its memory is full (maxmemory-policy {policy}): results can vanish; "
            "set it to noeviction."
        )
    return tuple(warnings)


def _has_no_snapshots(client: redis.Redis) -> bool:
    try:
        settings = client.config_get("save")
    except redis.ResponseError:
        # Hosted servers hide CONFIG; nothing is known then, and nothing is claimed.
        return False
    return settings.get("save") == ""


def _mode(info: dict[str, Any]) -> str:
    # Valkey 9 renamed it.
    return str(info.get("redis_mode") or info.get("server_mode"))
