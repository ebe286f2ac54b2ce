"""facestream redis: what it sends, and what not."""

from __future__ import annotations

import pytest
from command_runs import Cli

META = "fs:{default}:meta"


def test_redis_sends_what_reads(cli: Cli) -> None:
    for words in (["PING"], ["INFO", "server"], ["DBSIZE"], ["TIME"], ["HGETALL", META], ["scan", "0"]):
        cli("redis", *words)
    for words in ("CONFIG GET maxmemory", "SLOWLOG LEN", "CLIENT ID", "ACL WHOAMI", "ROLE"):
        cli("redis", *words.split())


def test_redis_changes_keys_only_where_that_is_asked_for(cli: Cli) -> None:
    refused = cli("redis", "hset", META, "note", "x", code=2)
    assert "HSET may change what is stored, and nothing was sent" in refused.stderr
    assert "redis --write" in refused.stderr
    assert cli("redis", "--json", "HGET", META, "note").json() is None
    assert cli("redis", "--write", "--json", "hset", META, "note", "x").json() == 1
    assert cli("redis", "HGET", META, "note").stdout == "x\n"
    # Neither is said to write, and both may.
    for words in (["EVAL", "return redis.call('del', KEYS[1])", "1", META], ["PUBLISH", "a", "b"]):
        assert "--write" in cli("redis", *words, code=2).stderr
    assert cli("redis", "HGET", META, "note").stdout == "x\n"


@pytest.mark.parametrize(
    "words",
    ["FLUSHALL", "flushdb async", "SWAPDB 0 1", "SHUTDOWN NOSAVE", "CONFIG SET maxmemory 1", "script flush"],
)
@pytest.mark.parametrize("write", [False, True])
def test_redis_sends_nothing_that_is_about_the_whole_server(cli: Cli, words: str, write: bool) -> None:
    cli("redis", "--write", "HSET", META, "note", "x")
    options = ["--write"] if write else []
    refused = cli("redis", *options, *words.split(), code=2)
    assert "wasn't sent" in refused.stderr
    if words.lower().startswith("flush"):
        assert "collections drop NAME" in refused.stderr
    assert cli("redis", "HGET", META, "note").stdout == "x\n"
    assert cli("redis", "--raw", "PING").stdout == "PONG"
