"""What a Redis server says of itself, for people who check an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import redis

# Beyond this share of its memory limit, the next large video may not find room.
_NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server as it is now.

    Attributes:
        name: "Redis" or "Valkey".
        version: Its own version.
        persistence: How it keeps data over a restart; "unknown" where it does not tell.
        troubles: What is wrong with it now, one sentence each.
    """

    name: str
    version: str
    persistence: Literal["append-only file", "snapshots", "in memory only", "unknown"]
    troubles: tuple[str, ...]


def server_facts(client: redis.Redis) -> ServerFacts:
    """Ask a server about itself; changes nothing.

    Raises:
        redis.RedisError: If it does not answer.
    """
    info: dict[str, Any] = client.info()
    # Valkey says in redis_version which Redis it is compatible with.
    valkey = info.get("valkey_version")
    return ServerFacts(
        name="Valkey" if valkey else "Redis",
        version=str(valkey or info.get("redis_version", "unknown")),
        persistence=_persistence(client, info),
        troubles=_troubles(info),
    )


def _persistence(
    client: redis.Redis, info: dict[str, Any]
) -> Literal["append-only file", "snapshots", "in memory only", "unknown"]:
    if info.get("aof_enabled"):
        return "append-only file"
    try:
        save = client.config_get("save").get("save")
    except redis.ResponseError:
        # Hosted servers hide CONFIG.
        return "unknown"
    if save is None:
        return "unknown"
    return "snapshots" if save else "in memory only"


def _troubles(info: dict[str, Any]) -> tuple[str, ...]:
    troubles = []
    if info.get("aof_last_write_status", "ok") != "ok":
        troubles.append("its last write to the append-only file failed")
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        troubles.append("its last snapshot failed")
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if limit and used > _NEARLY_FULL * limit:
        troubles.append(f"{100 * used / limit:.0f} % of its memory limit (maxmemory) is used")
    return tuple(troubles)
