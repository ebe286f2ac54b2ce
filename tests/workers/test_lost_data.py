"""A server that lacks what it had confirmed, while a cluster worker leads with the collection in memory."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from cluster_bench import Bench, new_bench, until
from own_server import DURABLE, Name, OwnServer
from synthetic import Cast

from storage.connection import RedisHandle, open_redis
from storage.errors import CollectionGoneError
from storage.requests import ReclusterRequest
from storage.sample_queue import GROUP, SampleQueue
from workers.errors import ClusterWorkerError

Start = Callable[..., OwnServer]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    servers: list[OwnServer] = []

    def made(*settings: str, port: int = 0) -> OwnServer:
        servers.append(OwnServer(tmp_path_factory.mktemp("own"), *settings, port=port))
        return servers[-1]

    yield made
    for server in servers:
        server.kill()


def bench_on(handle: RedisHandle) -> Bench:
    return new_bench(handle)


def owners(bench: Bench) -> dict[str, str]:
    return {member: person for person, members in bench.people().items() for member in members}


def test_a_server_that_was_killed_and_has_lost_nothing_is_gone_on_with(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = start(*DURABLE)
    cast = Cast()
    with open_redis(server.url, None) as handle:
        bench = bench_on(handle)
        with bench.running():
            bench.take_in(cast.track(0, 0), cast.track(1, 1))
            server.kill()
            server.start()
            bench.take_in(cast.track(0, 2), cast.track(2, 3), recluster=True)
        bench.assert_consistent()
        assert len(bench.people()) == 3
        assert len(owners(bench)) == 4
    assert "has lost" not in caplog.text


def test_a_server_that_comes_back_without_its_last_minutes_is_read_anew(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    # As its snapshots are older than what it had confirmed.
    server = start("--save", "3600 1000000")
    cast = Cast()
    with open_redis(server.url, None) as handle:
        bench = bench_on(handle)
        # Longer than the outage: whoever led leads still, by the lease of the snapshot.
        with bench.running(ttl_s=600.0) as lease:
            bench.take_in(cast.track(0, 0), cast.track(1, 1))
            handle.client.save()
            before = owners(bench)
            bench.take_in(cast.track(2, 2), cast.track(0, 3))
            server.kill()
            server.start()
            assert handle.client.get(bench.keys.leader) == lease.token
            assert owners(bench) == before
            bench.take_in(cast.track(1, 4), cast.track(3, 5), recluster=True)
        # Nobody has anything of the two that are lost, and no id stands for two people.
        bench.assert_consistent()
        after = owners(bench)
        assert set(after) == {"v-1.0.0", "v-1.1.1", "v-1.4.1", "v-1.5.3"}
        assert before.items() <= after.items()
        assert after["v-1.4.1"] == after["v-1.1.1"]
        assert len(set(after.values())) == 3
    assert "the server has lost the last " in caplog.text


def test_a_failover_loses_what_the_replica_had_not_got_and_nothing_else(
    start: Start, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    primary = start("--repl-diskless-sync-delay", "0", port=port)
    replica = start("--replicaof", "127.0.0.1", str(port))
    own = redis.Redis(unix_socket_path=str(replica.socket_path), protocol=2)
    name = Name(tmp_path_factory.mktemp("name") / "sock", primary)
    cast = Cast()
    with contextlib.closing(own), open_redis(name.url, None) as handle:
        bench = bench_on(handle)
        with bench.running(ttl_s=600.0):
            bench.take_in(cast.track(0, 0), cast.track(1, 1))
            steps = handle.client.get(bench.keys.steps)
            until(lambda: own.get(bench.keys.steps) == steps)
            before = owners(bench)
            own.replicaof("NO", "ONE")
            # Confirmed by the primary alone: an entry, and so a step, for each of two samples and a track.
            bench.take_in(cast.track(2, 2))
            name.lead_to(replica)
            primary.kill()
            bench.take_in(cast.track(3, 3), cast.track(0, 4), recluster=True)
        bench.assert_consistent()
        after = owners(bench)
        assert before.items() <= after.items()
        assert set(after) == {"v-1.0.0", "v-1.1.1", "v-1.3.3", "v-1.4.0"}
        assert len(set(after.values())) == 3
    assert "the server has lost the last 3 steps" in caplog.text


# Everything at once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_work", [False, True], ids=["at rest", "at work"])
def test_a_collection_that_is_flushed_is_not_written_back(start: Start, at_work: bool) -> None:
    cast = Cast()
    with open_redis(start().url, None) as handle:
        bench = bench_on(handle)
        sender = SampleQueue(handle.client, bench.keys, model_id="synthetic@1")

        def flush() -> None:
            with bench.running(ttl_s=600.0):
                bench.take_in(cast.track(0, 0), cast.track(1, 1))
                if at_work:
                    sender.send([e for k in range(2, 40) for e in cast.track(k % 4, k)])
                handle.client.flushall()
                until(lambda: bool(bench.failed))

        with pytest.raises((ClusterWorkerError, CollectionGoneError), match="its server has lost it"):
            flush()
        # A number that was taken for somebody, perhaps, and nothing of anybody.
        left = set(handle.client.keys())
        assert left <= {bench.keys.next_identity.encode()}
        with pytest.raises(CollectionGoneError, match="FLUSHALL"):
            sender.send(cast.track(0, 50))
        assert set(handle.client.keys()) == left


# The queue ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["group", "stream"])
def test_a_group_that_is_gone_is_made_anew_and_told(
    bench: Bench, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0))
        if what == "group":
            bench.client.xgroup_destroy(bench.keys.samples, GROUP)
        else:
            bench.client.delete(bench.keys.samples)
        bench.take_in(cast.track(0, 1), cast.track(1, 2), recluster=True)
    assert {frozenset(m) for m in bench.people().values()} == {
        frozenset({"v-1.0.0", "v-1.1.0"}),
        frozenset({"v-1.2.1"}),
    }
    assert bench.client.xlen(bench.keys.samples) == 0
    assert bench.client.xpending(bench.keys.samples, GROUP)["pending"] == 0
    assert "was gone, and has been made anew" in caplog.text
    bench.assert_consistent()


def test_what_waits_when_its_group_is_lost_is_taken_in(bench: Bench) -> None:
    cast = Cast()
    bench.queue.prepare()
    last = bench.queue.send([*cast.track(0, 0), *cast.track(1, 1), ReclusterRequest("end")])
    assert last is not None
    # Half of it is in the hands of a worker that died.
    assert len(bench.queue.receive("dead", count=3)) == 3
    bench.client.xgroup_destroy(bench.keys.samples, GROUP)
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert len(bench.people()) == 2
    bench.assert_consistent()


def test_pending_entries_that_somebody_trimmed_are_told_and_hold_nobody_up(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    cast = Cast()
    bench.queue.prepare()
    bench.queue.send(cast.track(0, 0))
    assert len(bench.queue.receive("dead")) == 3
    bench.client.xtrim(bench.keys.samples, 0, approximate=False)
    with bench.running():
        bench.take_in(cast.track(1, 1))
    assert "3 entries of" in caplog.text
    assert "were deleted or trimmed by somebody else" in caplog.text
    assert bench.client.xpending(bench.keys.samples, GROUP)["pending"] == 0
    assert list(bench.people().values()) == [{"v-1.1.1"}]


def test_two_consumers_of_one_name_get_each_entry_once(bench: Bench) -> None:
    cast = Cast()
    bench.queue.prepare()
    bench.queue.send([e for k in range(40) for e in cast.track(k % 4, k)])
    got: list[bytes] = []

    def work() -> None:
        for _ in range(6):
            with bench.client.pipeline(transaction=False) as pipe:
                pipe.xreadgroup(GROUP, "one name", {bench.keys.samples: ">"}, count=10)
                (reply,) = pipe.execute()
            got.extend(entry_id for _, entries in reply or [] for entry_id, _ in entries)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 120
    # None of it is acknowledged, and so none of it is lost: whoever leads takes over what either has got.
    with bench.running():
        until(lambda: bench.queue.waiting() == 0)
    assert len(bench.people()) == 4
    assert len(owners(bench)) == 40


# Replies --------------------------------------------------------------------------------------------------


class Wire:
    """Passes bytes between clients and a server; on demand it takes in a transaction and loses the reply."""

    def __init__(self, path: Path, server_path: Path) -> None:
        self.lose = threading.Event()
        self.lost = 0
        self._server_path = str(server_path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server_path)
            mute = threading.Event()
            answers = threading.Thread(target=self._answer, args=(server, client, mute), daemon=True)
            answers.start()
            sent = b""
            with contextlib.suppress(OSError):
                while data := client.recv(65536):
                    # A transaction may come in pieces.
                    sent = (sent + data)[-200_000:]
                    ends = data.endswith(b"EXEC\r\n")
                    if ends and b"XACK" in sent and self.lose.is_set():
                        self.lose.clear()
                        mute.set()
                    server.sendall(data)
                    if mute.is_set():
                        # Until the server has taken it in.
                        time.sleep(0.2)
                        self.lost += 1
                        break
                    sent = b"" if ends else sent
            for end in (client, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            answers.join()

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not mute.is_set():
                    client.sendall(data)

    def close(self) -> None:
        self._listener.close()


def test_a_step_whose_reply_is_lost_has_its_effect_once(
    handle: RedisHandle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert handle.socket_path is not None
    path = tmp_path_factory.mktemp("wire") / "sock"
    wire = Wire(path, handle.socket_path)
    cast = Cast()
    with contextlib.closing(wire), open_redis(f"unix://{path}", None) as wired:
        bench = new_bench(wired)
        with bench.running():
            bench.take_in(cast.track(0, 0))
            *samples, track = cast.track(1, 1)
            bench.take_in(samples)
            wire.lose.set()
            bench.take_in([track], cast.track(2, 2))
        assert wire.lost == 1
        told = [(change.kind, change.track_id) for change in bench.changes()]
        assert len(told) == len(set(told)) == 6
        bench.assert_consistent()
