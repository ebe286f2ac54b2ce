"""The user that docs/redis.md gives a server of one's own, with the rights that it says and no others."""

from __future__ import annotations

import re
from pathlib import Path

import redis
from own_server import OwnServer

PASSWORD = "S3cretWord"
_PAGE = (Path(__file__).parents[1] / "docs" / "redis.md").read_text()


def documented() -> list[str]:
    """The words of the rule in the page, for a user `facestream`."""
    (rule,) = re.findall(r"^user facestream (.*)$", _PAGE, re.MULTILINE)
    return rule.replace("PASSWORD", PASSWORD).split()


def allow(owner: redis.Redis) -> None:
    """Make that user, and forget who was refused something before."""
    owner.execute_command("ACL", "SETUSER", "facestream", "reset", *documented())
    owner.acl_log_reset()


def refused(owner: redis.Redis) -> set[str]:
    """What somebody was refused since, in lower case; not what the library asks every server."""
    # It tells its name, if it may; Redis 7.0 does not know the command.
    return {entry["object"] for entry in owner.acl_log()} - {"client|setinfo"}


def url_of(server: OwnServer) -> str:
    """URL of that user."""
    return f"unix://facestream:{PASSWORD}@{server.socket_path}"
