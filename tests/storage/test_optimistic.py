from __future__ import annotations

import pytest
import redis
from own_server import OwnServer

from storage.commands import Pipeline, commands_of
from storage.connection import open_redis
from storage.errors import OvertakenError, RedisUnreachableError
from storage.keys import Keys
from storage.optimistic import change_alone


def test_a_change_that_was_overtaken_is_made_again_on_what_is_there(client: redis.Redis, keys: Keys) -> None:
    seen: list[bytes | None] = []

    def attempt(pipe: Pipeline) -> int:
        before = client.get(keys.leader)
        seen.append(before)
        if len(seen) == 1:
            client.set(keys.leader, "5")
        pipe.multi()
        pipe.execute_command("SET", keys.leader, int(before or 0) + 1)
        return int(before or 0) + 1

    assert change_alone(commands_of(client), keys.leader, attempt, tries=3, restless="no") == 6
    assert (seen, client.get(keys.leader)) == ([None, b"5"], b"6")


def test_what_is_always_overtaken_is_given_up_and_changes_nothing(client: redis.Redis, keys: Keys) -> None:
    def attempt(pipe: Pipeline) -> None:
        client.incr(keys.leader)
        pipe.multi()
        pipe.execute_command("SET", keys.leader, -1)

    with pytest.raises(OvertakenError, match="all the time"):
        change_alone(commands_of(client), keys.leader, attempt, tries=3, restless="all the time")
    assert client.get(keys.leader) == b"3"


def test_an_attempt_that_queues_nothing_changes_nothing(client: redis.Redis, keys: Keys) -> None:
    assert change_alone(commands_of(client), keys.leader, lambda _: "same", tries=1, restless="no") == "same"
    assert client.get(keys.leader) is None


def test_a_connection_that_breaks_after_the_look_is_a_server_that_is_away(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = OwnServer(tmp_path_factory.mktemp("own"))
    with open_redis(server.url, None) as handle:

        def attempt(pipe: Pipeline) -> None:
            server.kill()
            pipe.get("key")

        with pytest.raises(RedisUnreachableError), handle.errors():
            change_alone(commands_of(handle.client), "key", attempt, tries=3, restless="never")
