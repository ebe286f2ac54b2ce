"""A real Redis Cluster on one machine, whose nodes can be killed and whose slots can be moved."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from own_server import OwnServer
from redis.crc import key_slot

SLOTS = 16384


class OwnCluster:
    """Nodes on 127.0.0.1, each with a like part of the slots.

    Args:
        folder: A folder for their files; short, as of `OwnServer`.
        size: Number of nodes.
        settings: Further settings of each.
    """

    def __init__(self, folder: Path, *settings: str, size: int = 3) -> None:
        self._settings = settings
        self.nodes = [self._started(folder / str(number)) for number in range(size)]
        bounds = [SLOTS * number // size for number in range(size + 1)]
        for number, node in enumerate(self.nodes):
            ask(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            ask(node, "CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        for node in self.nodes[1:]:
            ask(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.port, bus_port(node))
        self.wait_until_whole()

    def _started(self, folder: Path) -> OwnServer:
        while True:
            # Somebody else may take a free port before the server does.
            port, bus = free_ports(2)
            own = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "1000")
            with contextlib.suppress(AssertionError):
                return OwnServer(folder, *own, *self._settings, port=port)

    def wait_until_whole(self) -> None:
        """Until all nodes take commands, and know of each other."""
        known = f"cluster_known_nodes:{len(self.nodes)}".encode()
        for node in self.nodes:
            until(lambda node=node: {b"cluster_state:ok", known} <= set(ask(node, "CLUSTER", "INFO").split()))

    def owner(self, key: str) -> OwnServer:
        """The node that has a key's slot."""
        slot = key_slot(key.encode())
        ranges = ask(self.nodes[0], "CLUSTER", "SLOTS")
        ranges = ask(self.nodes[0], "CLUSTER", "SLOTS")
        (port,) = [node[1] for first, last, node, *_ in ranges if first <= slot <= last]
        return next(node for node in self.nodes if node.port == port)

    def move(self, key: str, to: OwnServer) -> None:
        """Give a key's slot with all that is in it to a node, key by key: as every version can."""
        source, slot = self.owner(key), key_slot(key.encode())
        with self.moving(key, to):
            while names := ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
                ask(source, "MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *names)
            for node in (to, source, *self.nodes):
                ask(node, "CLUSTER", "SETSLOT", slot, "NODE", id_of(to))

    def move_at_once(self, key: str, to: OwnServer) -> None:
        """The same in one go, as Valkey can from version 9 on.

        Raises:
            redis.ResponseError: If the server can't.
        """
        slot = key_slot(key.encode())
        ask(self.owner(key), "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", id_of(to))
        until(lambda: self.owner(key) is to)

    @contextlib.contextmanager
    def moving(self, key: str, to: OwnServer) -> Iterator[None]:
        """As long as it lasts, a key's slot is about to go to a node."""
        source, slot = self.owner(key), key_slot(key.encode())
        ask(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(source))
        ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(to))
        yield
        for node in (to, source):
            ask(node, "CLUSTER", "SETSLOT", slot, "STABLE")

    def add_replica(self, folder: Path, of: OwnServer) -> OwnServer:
        """A further node that has what another one has, and takes its place when it dies."""
        replica = self._started(folder)
        ask(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", replica.port, bus_port(replica))
        self.nodes.append(replica)
        self.wait_until_whole()
        ask(replica, "CLUSTER", "REPLICATE", id_of(of))
        until(lambda: b"master_link_status:up" in ask(replica, "INFO", "replication"))
        return replica

    def end(self) -> None:
        for node in self.nodes:
            node.kill()


def ask(node: OwnServer, *words: str | int | bytes) -> Any:
    """The reply of a node."""
    client = redis.Redis(unix_socket_path=str(node.socket_path), protocol=2)
    client.response_callbacks.clear()
    with contextlib.closing(client):
        return client.execute_command(*words)


def url_of(node: OwnServer) -> str:
    """Of a node, over TCP."""
    return f"redis://127.0.0.1:{node.port}"


def id_of(node: OwnServer) -> str:
    return str(ask(node, "CLUSTER", "MYID").decode())


def bus_port(node: OwnServer) -> int:
    return int(ask(node, "CONFIG", "GET", "cluster-port")[1])


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]


def until(done: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
