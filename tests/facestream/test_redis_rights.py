"""The rights that docs/redis.md gives a user of a server of one's own: enough for everything, and no more."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from command_runs import Done
from documented_user import PASSWORD, allow, documented, refused, url_of
from other_pack import other_pack
from own_server import OwnServer

from storage.change_reader import ChangeReader
from storage.connection import open_redis
from storage.errors import RedisAuthError
from storage.keys import Keys
from storage.lease import Lease
from storage.outage import check_writable
from storage.sample_queue import GROUP

Here = Callable[..., Done]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("own"), "--save", "3600 100000") as running:
        yield running


@pytest.fixture
def owner(server: OwnServer) -> Iterator[redis.Redis]:
    with contextlib.closing(redis.Redis(unix_socket_path=str(server.socket_path), protocol=2)) as client:
        allow(client)
        yield client


def allowed() -> set[str]:
    return {word[1:].replace("|", " ") for word in documented() if word.startswith("+")}


def test_a_user_who_may_only_read_can_read_all_of_it_and_write_nothing(
    server: OwnServer, owner: redis.Redis
) -> None:
    how_to = Path(__file__).parents[2] / "docs" / "howto" / "query-redis.md"
    (rule,) = re.findall(r"^user reader (.*)$", how_to.read_text(), re.MULTILINE)
    words = rule.replace("PASSWORD", PASSWORD).split()
    owner.execute_command("ACL", "SETUSER", "reader", "reset", *words)
    owner.hset("fs:{read}:identity:p1", "name", "Ada")
    owner.xadd("fs:{read}:changes", {"kind": "created"})
    owner.set("another", "secret")
    url = f"unix://reader:{PASSWORD}@{server.socket_path}"
    with contextlib.closing(redis.Redis.from_url(url, decode_responses=True, protocol=2)) as reader:
        assert reader.hgetall("fs:{read}:identity:p1") == {"name": "Ada"}
        assert len(reader.xread({"fs:{read}:changes": "0"})) == 1
        for command in (
            ("GET", "another"),
            ("HSET", "fs:{read}:identity:p1", "name", "Eve"),
            ("KEYS", "*"),
            ("XGROUP", "CREATE", "fs:{read}:changes", "g", "$"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                reader.execute_command(*command)
    owner.delete("fs:{read}:identity:p1", "fs:{read}:changes", "another")


def test_they_are_enough_and_none_is_too_much(
    here: Here,
    server: OwnServer,
    owner: redis.Redis,
    media: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACESTREAM_REDIS", url_of(server))
    # What is written by hand, as an earlier version or another program may have.
    keys = Keys("default")
    owner.xadd(keys.samples, {"type": "banana"})
    # Handed to a cluster worker that died.
    owner.xgroup_create(keys.samples, GROUP, "0")
    owner.xreadgroup(GROUP, "dead", {keys.samples: ">"})
    photo = media / "photos" / "astronaut.jpg"
    here("run", photo, media / "photos" / "group.jpg")
    here("dead", "retry", "--all", code=1)
    here("dead", "drop", "--all", "--yes")
    here("people")
    here("people", "name", "p1", "Ada")
    here("people", "merge", "p1", "p2")
    here("people", "ignore", "p3")
    here("people", "undo")
    here("people", "log")
    here("redis", "PING")
    here("people", "find", photo)
    here("stats")
    here("collections", "stats", "default")
    here("tracks", "list")
    here("retention", "--unnamed", "30", "--streams", "30")
    here("camera", "add", "door", "synthetic://door?width=320&height=240")
    here("watch", "--for", "1s")
    here("camera", "list")
    here("backup", tmp_path / "backup")
    here("restore", tmp_path / "backup", "--collection", "again")
    here("collections", "drop", "again", "--yes")
    here("reembed", "--models", other_pack(tmp_path / "turned"))
    here("token", "add", "mine")
    here("webhook", "add", "https://93.184.215.14/hook")
    here("people", "forget", "p1", "--yes", "--and-ignore-return")
    # Who comes back is counted.
    here("run", "--include-forgotten", photo)
    assert owner.hget(keys.meta, "returns_ignored") == b"1"
    with open_redis(url_of(server), None) as handle:
        check_writable(handle)
        # Who waits for events, as `serve` does; and one who finds that somebody else leads.
        assert ChangeReader(handle.client, keys).news(0.01) == []
        assert Lease(handle.client, keys.leader).acquire()
        assert not Lease(handle.client, keys.leader).acquire()
    stats = owner.info("commandstats")
    calls = {
        name.removeprefix("cmdstat_").replace("|", " "): facts["calls"] - facts["rejected_calls"]
        for name, facts in stats.items()
    }
    assert refused(owner) == set()
    assert {name for name in allowed() if not calls.get(name)} == set()


def test_they_reach_nothing_of_others(server: OwnServer, owner: redis.Redis) -> None:
    owner.set("another", "value")
    with open_redis(url_of(server), None) as handle:
        for words in (
            ("GET", "another"),
            ("FLUSHALL",),
            ("CONFIG", "SET", "save", ""),
            ("PUBLISH", "a", "b"),
        ):
            with pytest.raises(RedisAuthError, match="may not do"), handle.errors():
                handle.client.execute_command(*words)
    assert owner.get("another") == b"value"


def test_who_may_not_ask_what_a_command_does_is_told_the_right_that_is_missing(
    here: Here, server: OwnServer, owner: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_REDIS", url_of(server))
    owner.execute_command("ACL", "SETUSER", "facestream", "-command|info")
    assert "+command|info" in here("redis", "GET", "fs:{default}:meta", code=2).stderr
