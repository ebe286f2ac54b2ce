import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from made_listener import bulk, listener_that, speaks_redis
from secret_urls import ESCAPED, PIECES, SECRET, refused
from tcp_server import Server

from storage.connection import MAX_BLOCK_MS, SOCKET_TIMEOUT_S, open_redis
from storage.datafolder import DataFolder
from storage.errors import (
    RedisAuthError,
    RedisFullError,
    RedisLoadingError,
    RedisReadOnlyError,
    RedisUnreachableError,
    UnsupportedServerError,
)

# A server of one's own.


def test_every_form_of_url_reaches_the_server(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes")
    for url in (
        server.url,
        f"valkey://127.0.0.1:{server.port}",
        f" REDIS://127.0.0.1:{server.port}/0?db=0 ",
        f"unix://{server.socket_path}",
        f"unix://{server.socket_path}?db=0",
    ):
        with open_redis(url, None) as handle:
            assert handle.client.incr("opened")
            assert not handle.embedded
            assert handle.socket_path is None
            assert handle.warnings == ()
    with open_redis(server.url, None) as handle:
        assert handle.client.get("opened") == b"5"


def test_a_url_goes_before_the_folder(own_server: Callable[..., Server], folder: DataFolder) -> None:
    with open_redis(own_server().url, folder) as handle:
        assert not handle.embedded
    assert not (folder.path / "holders.lock").exists()


def test_the_database_of_the_url_is_used(own_server: Callable[..., Server]) -> None:
    server = own_server()
    with open_redis(f"{server.url[:-1]}3", None) as three, open_redis(server.url, None) as zero:
        three.client.set("name", "value")
        assert zero.client.get("name") is None


def test_password_and_user_are_used_and_shown_nowhere(
    own_server: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = own_server("--requirepass", SECRET, "--user", "worker", "on", f">{SECRET}", "~*", "+@all")
    address = f"127.0.0.1:{server.port}"
    for url in (
        f"redis://:{ESCAPED}@{address}",
        f"redis://worker:{ESCAPED}@{address}",
        f"redis://{address}?password={ESCAPED}",
        f"unix://{server.socket_path}?password={ESCAPED}",
    ):
        with open_redis(url, None) as handle:
            assert handle.client.ping()
            told = (
                f"{handle!r} {handle.where} {handle.client!r} {handle.client.connection_pool!r} {caplog.text}"
            )
        for piece in PIECES:
            assert piece not in told


def test_a_wrong_or_missing_password_is_told_apart_from_other_troubles(
    own_server: Callable[..., Server],
) -> None:
    server = own_server("--requirepass", "right")
    address = f"127.0.0.1:{server.port}"

    started_s = time.monotonic()
    assert "password" in refused(f"redis://:{ESCAPED}@{address}", RedisAuthError)
    assert "wants a password and got none" in refused(f"redis://{address}", RedisAuthError)
    assert "does not accept" in refused(f"redis://nobody:{ESCAPED}@{address}", RedisAuthError)
    assert time.monotonic() - started_s < 2


def test_a_password_for_a_server_without_one_is_refused(own_server: Callable[..., Server]) -> None:
    # The server takes any password of its default user that needs none, but not of an unknown user.
    refused(f"redis://nobody:{ESCAPED}@127.0.0.1:{own_server().port}", RedisAuthError)


def test_a_user_without_the_rights_is_told_which(own_server: Callable[..., Server]) -> None:
    server = own_server("--user", "worker", "on", f">{SECRET}", "~*", "+ping", "+get")

    assert "'info'" in refused(f"redis://worker:{ESCAPED}@127.0.0.1:{server.port}", RedisAuthError)


def test_a_read_only_replica_is_refused(own_server: Callable[..., Server]) -> None:
    primary = own_server()
    replica = own_server("--replicaof", "127.0.0.1", str(primary.port))

    assert "URL of the primary" in refused(replica.url, RedisReadOnlyError)


def test_a_server_in_memory_only_is_warned_about(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server("--save", "").url, None) as handle:
        assert len(handle.warnings) == 1
        assert "memory only" in handle.warnings[0]
    for settings in (("--save", "60 1"), ("--save", "", "--appendonly", "yes")):
        with open_redis(own_server(*settings).url, None) as handle:
            assert handle.warnings == ()


def test_a_server_that_evicts_is_warned_about(own_server: Callable[..., Server]) -> None:
    settings = ("--appendonly", "yes", "--maxmemory", "100mb")
    with open_redis(own_server(*settings, "--maxmemory-policy", "allkeys-lru").url, None) as handle:
        assert len(handle.warnings) == 1
        assert "allkeys-lru" in handle.warnings[0]
    with open_redis(own_server(*settings, "--maxmemory-policy", "noeviction").url, None) as handle:
        assert handle.warnings == ()


def test_a_hosted_server_that_hides_its_settings_is_used_without_a_claim(
    own_server: Callable[..., Server],
) -> None:
    server = own_server("--save", "", "--user", "worker", "on", f">{SECRET}", "~*", "+@all", "-config")
    with open_redis(f"redis://worker:{ESCAPED}@127.0.0.1:{server.port}", None) as handle:
        assert handle.warnings == ()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on the PATH")
def test_redis_7_is_good_enough(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes", binary=Path(shutil.which("redis-server") or ""))
    with open_redis(server.url, None) as handle:
        assert handle.client.ping()
        assert handle.warnings == ()


@pytest.mark.parametrize("version", ["6.2.0", "2.8.19", ""])
def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    told = bulk(f"# Server\r\nredis_version:{version}\r\nrole:master\r\n")
    with listener_that(speaks_redis({b"INFO": told, b"PING": b"+PONG\r\n"})) as address:
        assert "Redis 7 or newer" in refused(f"redis://:{ESCAPED}@{address}", UnsupportedServerError)


def test_a_sentinel_is_refused(tmp_path: Path, own_server: Callable[..., Server]) -> None:
    told = bulk("# Server\r\nredis_version:7.2.4\r\nredis_mode:sentinel\r\n")
    with listener_that(speaks_redis({b"INFO": told, b"PING": b"+PONG\r\n"})) as address:
        assert "sentinel" in refused(f"redis://{address}", UnsupportedServerError)


def test_a_server_that_still_loads_is_said_to_be_loading() -> None:
    loading = {b"PING": b"-LOADING Redis is loading the dataset in memory\r\n"}
    with listener_that(speaks_redis(loading)) as address:
        assert "try again later" in refused(f"redis://{address}", RedisLoadingError)


# Troubles in use.


def test_a_blocking_read_ends_before_the_client_takes_it_for_dead() -> None:
    assert 0 < MAX_BLOCK_MS / 1000 < SOCKET_TIMEOUT_S


def test_the_client_finds_a_server_again_that_was_restarted(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    with open_redis(server.url, None) as handle:
        handle.client.set("name", "value")
        server.stop()
        assert server.start()
        assert handle.client.get("name") == b"value"


def test_a_server_that_went_away_is_unreachable(own_server: Callable[..., Server]) -> None:
    server = own_server()
    with open_redis(server.url, None) as handle:
        server.stop()
        with pytest.raises(RedisUnreachableError, match="Nobody listens"), handle.errors():
            handle.client.get("name")


def test_a_full_memory_is_told_apart(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server("--maxmemory", "1").url, None) as handle:
        with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
            handle.client.set("name", "value")
        for transaction in (True, False):
            pipeline = handle.client.pipeline(transaction=transaction)
            pipeline.set("name", "value")
            with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
                pipeline.execute()
        with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
            handle.client.eval("return redis.call('set', 'name', 'value')", 0)


def test_a_failing_disk_is_told_apart(own_server: Callable[..., Server]) -> None:
    server = own_server("--save", "3600 100000")
    with open_redis(server.url, None) as handle:
        shutil.rmtree(server.place)
        handle.client.bgsave()
        deadline_s = time.monotonic() + 5
        while handle.client.info("persistence")["rdb_last_bgsave_status"] == "ok":
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        with pytest.raises(RedisFullError, match="Check its disk"), handle.errors():
            handle.client.set("name", "value")
        pipeline = handle.client.pipeline()
        pipeline.set("name", "value")
        with pytest.raises(RedisFullError, match="Check its disk"), handle.errors():
            pipeline.execute()


def test_a_primary_that_became_a_replica_is_told_apart(own_server: Callable[..., Server]) -> None:
    server, primary = own_server(), own_server()
    with open_redis(server.url, None) as handle:
        handle.client.replicaof("127.0.0.1", primary.port)
        with pytest.raises(RedisReadOnlyError, match="primary"), handle.errors():
            handle.client.set("name", "value")


def test_a_mistake_of_ours_passes_through(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server().url, None) as handle:
        handle.client.set("name", "value")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"), handle.errors():
            handle.client.xlen("name")
        with pytest.raises(ZeroDivisionError), handle.errors():
            _ = 1 / 0
