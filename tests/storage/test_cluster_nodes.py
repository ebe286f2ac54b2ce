"""A real Redis Cluster of three nodes: collections are found where they lie, and followed."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from own_cluster import OwnCluster, ask, free_ports, until, url_of
from own_server import OwnServer

from storage.catalogue import Catalogue
from storage.collection_pulse import read_pulse
from storage.commands import Pipeline, commands_of
from storage.connection import open_redis
from storage.errors import RedisAuthError, RedisUnreachableError, RedisUrlError
from storage.hold import hold_collection
from storage.keys import Keys
from storage.optimistic import begin_collection, change_alone
from storage.outage import check_writable
from storage.sample_queue import SampleQueue

PAGE = (Path(__file__).parents[2] / "docs" / "redis.md").read_text()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCluster]:
    made = OwnCluster(tmp_path_factory.mktemp("rc"))
    yield made
    made.end()


@pytest.fixture
def spread(cluster: OwnCluster) -> list[Keys]:
    """A collection on each node, in the order of the nodes."""
    found: dict[int, Keys] = {}
    while len(found) < len(cluster.nodes):
        keys = Keys(f"test-{uuid4().hex}")
        found.setdefault(cluster.nodes.index(cluster.owner(keys.meta)), keys)
    return [found[place] for place in sorted(found)]


def begin(cluster: OwnCluster, keys: Keys) -> None:
    with open_redis(url_of(cluster.nodes[0]), None, keys) as handle, handle.client.pipeline() as pipe:
        begin_collection(pipe, keys)
        pipe.execute()


def test_any_node_leads_to_every_collection(cluster: OwnCluster, spread: list[Keys]) -> None:
    for keys, owner in zip(spread, cluster.nodes, strict=True):
        for node in cluster.nodes:
            for url in (url_of(node), node.url):
                with open_redis(url, None, keys) as handle, handle.errors():
                    check_writable(handle)
                    handle.client.incr(keys.next_identity)
        assert ask(owner, "GET", keys.next_identity) == b"6"
        assert ask(owner, "EXISTS", keys.probe) == 0


def test_all_collections_of_all_nodes_are_listed(cluster: OwnCluster, spread: list[Keys]) -> None:
    for keys in spread:
        begin(cluster, keys)
    with open_redis(url_of(cluster.nodes[1]), None, spread[0]) as handle, handle.errors():
        catalogue = Catalogue(handle.client, handle.primaries)
        names = catalogue.names()
        assert [info.name for info in catalogue.infos()] == names == sorted(names)
        assert {keys.collection for keys in spread} <= set(names)
        found = catalogue.find(spread[0])
    assert found is not None
    assert not found.leftover


def test_a_collection_that_is_moved_is_followed_by_every_kind_of_command(
    cluster: OwnCluster, spread: list[Keys]
) -> None:
    keys, (old, new, _) = spread[0], cluster.nodes
    places = [new, old]
    with open_redis(url_of(old), None, keys) as handle, handle.errors():
        client = commands_of(handle.client)

        def transaction() -> None:
            with client.pipeline() as pipe:
                pipe.hincrby(keys.meta, "transaction", 1)
                pipe.hincrby(keys.meta, "second", 1)
                assert len(set(pipe.execute())) == 1

        def watched() -> None:
            def attempt(pipe: Pipeline) -> None:
                before = int(pipe.hget(keys.meta, "watched") or 0)  # type: ignore[call-overload]
                pipe.multi()
                pipe.hset(keys.meta, "watched", before + 1)

            change_alone(client, keys.meta, attempt, tries=3, restless="never")

        def one() -> None:
            client.execute_command("HINCRBY", keys.meta, "one", 1)

        def script() -> None:
            client.eval("return redis.call('HINCRBY', KEYS[1], 'script', 1)", 1, keys.meta)

        def pulse() -> None:
            assert read_pulse(handle.client, keys).waiting == 0

        kinds: list[Callable[[], None]] = [one, transaction, watched, script, pulse]
        for kind in kinds:
            kind()
            # One connection for all of them, which leads to where the collection was.
            cluster.move(keys.meta, places[0])
            places.reverse()
            kind()
        counts = {name.decode(): int(count) for name, count in client.hgetall(keys.meta).items()}
    assert counts == {"one": 2, "transaction": 2, "second": 2, "watched": 2, "script": 2}


@pytest.mark.parametrize("move", [OwnCluster.move, OwnCluster.move_at_once])
def test_who_waits_for_entries_gets_them_from_where_the_collection_has_gone(
    cluster: OwnCluster, spread: list[Keys], move: Callable[[OwnCluster, str, OwnServer], None]
) -> None:
    if move is OwnCluster.move_at_once and b"valkey_version:" not in ask(cluster.nodes[0], "INFO", "server"):
        pytest.skip("only Valkey moves slots at once")
    keys, (source, target, _) = spread[0], cluster.nodes
    with open_redis(url_of(source), None, keys) as handle, handle.errors():
        SampleQueue(handle.client, keys).prepare()
        got: list[object] = []

        def wait() -> None:
            while not got:
                got.extend(commands_of(handle.client).xread({keys.changes: b"0"}, block=4000) or [])  # type: ignore[call-overload]

        waiting = threading.Thread(target=wait)
        waiting.start()
        until(lambda: b"blocked_clients:1" in ask(source, "INFO", "clients"))
        move(cluster, keys.meta, target)
        handle.client.xadd(keys.changes, {"kind": "test"})
        waiting.join(60)
    assert got


def test_while_a_collection_is_moved_commands_are_refused_as_what_will_pass(
    cluster: OwnCluster, spread: list[Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection._RETRIES", 0)
    keys, (source, target, _) = spread[0], cluster.nodes
    with open_redis(url_of(source), None, keys) as handle:
        with cluster.moving(keys.meta, target):
            works: list[Callable[[], object]] = [
                partial(check_writable, handle),
                partial(handle.client.incr, keys.next_identity),
                # What goes through all keys of a collection, which lie on both nodes then, begins with this.
                lambda: stack.enter_context(hold_collection(handle.client, keys)),
            ]
            for work in works:
                with (
                    contextlib.ExitStack() as stack,
                    pytest.raises(RedisUnreachableError, match="being moved"),
                    handle.errors(),
                ):
                    work()
        with handle.errors():
            check_writable(handle)


def test_a_key_of_another_collection_is_said_to_lie_elsewhere(
    cluster: OwnCluster, spread: list[Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection._RETRIES", 0)
    there = f"at 127.0.0.1:{cluster.nodes[1].port}"
    with (
        open_redis(url_of(cluster.nodes[0]), None, spread[0]) as handle,
        pytest.raises(RedisUnreachableError, match=there),
        handle.errors(),
    ):
        handle.client.get(spread[1].next_identity)


def test_there_is_no_other_database_than_0(cluster: OwnCluster) -> None:
    with pytest.raises(RedisUrlError, match="database"):
        open_redis(f"{url_of(cluster.nodes[0])}/3", None)
    with open_redis(f"{url_of(cluster.nodes[0])}/0", None) as handle:
        assert handle.client.ping()


def test_the_rights_of_the_page_are_enough_with_the_one_that_it_names_for_a_cluster(
    cluster: OwnCluster, spread: list[Keys]
) -> None:
    (rule,) = re.findall(r"^user facestream (.*)$", PAGE, re.MULTILINE)
    (further,) = re.findall(r"Redis Cluster\]\(#a-redis-cluster\) it needs `(\+\S+)`", PAGE)
    words = rule.replace("PASSWORD", "S3cretWord").split()
    for node in cluster.nodes:
        ask(node, "ACL", "SETUSER", "facestream", "reset", *words)
    url = url_of(cluster.nodes[0]).replace("//", "//facestream:S3cretWord@")
    with pytest.raises(RedisAuthError, match="may not do"):
        open_redis(url, None, spread[1])
    for node in cluster.nodes:
        ask(node, "ACL", "SETUSER", "facestream", further)
    with open_redis(url, None, spread[1]) as handle, handle.errors():
        handle.client.incr(spread[1].next_identity)
        assert spread[1].collection not in Catalogue(handle.client, handle.primaries).names()
    assert "S3cretWord" not in repr(handle) + repr(handle.client.connection_pool)


def test_a_node_that_was_taken_out_is_asked_no_more(tmp_path: Path) -> None:
    cluster = OwnCluster(tmp_path, size=2)
    try:
        there = next(
            keys
            for keys in (Keys(f"test-{number}") for number in range(99))
            if cluster.owner(keys.meta) is cluster.nodes[1]
        )
        with open_redis(url_of(cluster.nodes[0]), None, there) as handle, handle.errors():
            handle.client.get(there.next_identity)
            ask(cluster.nodes[0], "CLUSTER", "RESET", "HARD")
            # That one knows no slots any more, and was asked first.
            handle.client.connection_pool.disconnect()
            for node in cluster.nodes[1:]:
                ask(node, "CONFIG", "SET", "cluster-require-full-coverage", "no")
            assert handle.client.get(there.next_identity) is None
    finally:
        cluster.end()


def test_a_node_without_slots_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        (bus,) = free_ports(1)
        node = OwnServer(tmp_path / "n", "--cluster-enabled", "yes", "--cluster-port", str(bus))
        stack.callback(node.kill)
        with pytest.raises(RedisUnreachableError, match="none of its nodes has slot"):
            open_redis(node.url, None)
