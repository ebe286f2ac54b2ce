"""The nodes of a Redis Cluster: which one has a collection's slot, and connections that lead to it.

All keys of a collection share a hash tag and so a slot, which one node has. A client of that node alone keeps
transactions, scripts and blocking reads what they are on a single server. Each connection asks for the node
before it is made, so that what follows a slot that has gone elsewhere, or a primary that has been replaced,
is what follows any broken connection: it is made anew, and the command is sent again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import redis
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError

from storage.commands import commands_of

ClientMaker = Callable[[dict[str, Any]], redis.Redis]


class NodeAddress(NamedTuple):
    """Where a node listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ClusterNodeError(redis.ConnectionError):
    """The node that has the slot can't be told, can't be reached, or does not have it any more."""


class ClusterNodes:
    """The nodes of a cluster.

    Args:
        options: Of connections to the node that is known at first, as `redis.ConnectionPool` takes them.
        key: A key, for whose slot the owner is told.
        make_client: Makes the client that asks a node, from options of its connections. It should not wait
            long, nor try again.
    """

    def __init__(self, options: dict[str, Any], key: str, make_client: ClientMaker) -> None:
        self._key, self._make_client = key, make_client
        self._slot = key_slot(key.encode())
        self._lock = threading.Lock()
        # Whom to ask, the first first; each with the options of connections to it.
        self._asked: list[dict[str, Any]] = [options]
        is_tls = options.get("connection_class") is redis.SSLConnection
        self._kind = RoutedSSLConnection if is_tls else RoutedConnection
        self._plain = {
            name: value
            for name, value in options.items()
            if name not in ("host", "port", "path", "connection_class")
        }

    def to_owner(self) -> dict[str, Any]:
        """Options of connections to the node that has the slot, whichever that is when they are made."""
        return self._routed(self.owner)

    def to(self, node: NodeAddress) -> dict[str, Any]:
        """Options of connections to one node."""
        return self._routed(lambda: node)

    def owner(self) -> NodeAddress:
        """The node that has the slot now.

        Raises:
            ClusterNodeError: If no node has it, or no node that is known answers.
        """
        for _ in range(len(self._asked)):
            for (first, last), node in self._slots():
                if first <= self._slot <= last:
                    return node
            # A node that was taken out of the cluster answers as well, and knows nothing.
            self.doubt()
        raise ClusterNodeError(f"none of its nodes has slot {self._slot}, to which {self._key!r} belongs")

    def primaries(self) -> list[NodeAddress]:
        """All nodes that have slots.

        Raises:
            ClusterNodeError: If no node that is known answers.
        """
        return sorted({node for _, node in self._slots()})

    def doubt(self) -> None:
        """What was told last has proved wrong: another node is asked first."""
        with self._lock:
            self._asked.append(self._asked.pop(0))

    def _routed(self, route: Callable[[], NodeAddress]) -> dict[str, Any]:
        return {**self._plain, "connection_class": self._kind, "route": route, "doubt": self.doubt}

    def _slots(self) -> list[tuple[tuple[int, int], NodeAddress]]:
        with self._lock:
            asked = self._asked.copy()
        for options in asked:
            try:
                with contextlib.closing(self._make_client(options)) as client:
                    reply = commands_of(client).execute_command("CLUSTER SLOTS")
            except redis.AuthenticationError:
                raise
            except (redis.ConnectionError, redis.TimeoutError) as error:
                failure = error
                self.doubt()
                continue
            return self._learn(options, reply)
        raise ClusterNodeError("none of its nodes that are known answers") from failure

    def _learn(self, options: dict[str, Any], reply: list[Any]) -> list[tuple[tuple[int, int], NodeAddress]]:
        """The ranges of slots with their primaries; all nodes can be asked from now on."""
        # A node that does not know its own name is where it was asked.
        here = options.get("host", "127.0.0.1")
        found, nodes = [], []
        for first, last, *members in reply:
            addresses = [_address(member, here) for member in members]
            nodes += addresses
            found.append(((int(first), int(last)), addresses[0]))
        with self._lock:
            known = {(other.get("host"), other.get("port")) for other in self._asked}
            kind = redis.SSLConnection if self._kind is RoutedSSLConnection else redis.Connection
            self._asked += [
                {**self._plain, "connection_class": kind, "host": node.host, "port": node.port}
                for node in dict.fromkeys(nodes)
                if (node.host, node.port) not in known
            ]
        return found


class _Routed:
    """What is different in connections to nodes.

    Args:
        route: Tells to which node a connection leads; asked for each anew.
        doubt: Called where that was wrong.
    """

    def __init__(
        self, *, route: Callable[[], NodeAddress], doubt: Callable[[], None], **options: Any
    ) -> None:
        super().__init__(**options)
        self._route, self._doubt = route, doubt

    def _connect(self) -> Any:
        self.host, self.port = node = self._route()
        try:
            return super()._connect()  # type: ignore[misc]
        except OSError as error:
            self._doubt()
            reason = error.strerror or str(error) or type(error).__name__
            raise ClusterNodeError(f"its node {node} can't be reached ({reason.lower()})") from error

    def read_response(self, *args: Any, **options: Any) -> Any:
        """The next reply; a node that sends elsewhere is no better than one that is gone."""
        with self._sent_elsewhere():
            return super().read_response(*args, **options)  # type: ignore[misc]

    @contextlib.contextmanager
    def _sent_elsewhere(self) -> Iterator[None]:
        try:
            yield
        except (AskError, ClusterDownError, TryAgainError) as error:
            self.disconnect()  # type: ignore[attr-defined]
            self._doubt()
            raise ClusterNodeError(_why(error)) from error


class RoutedConnection(_Routed, redis.Connection):
    """A connection to the node that it is routed to."""


class RoutedSSLConnection(_Routed, redis.SSLConnection):
    """The same over TLS."""


def _address(member: list[Any], here: str) -> NodeAddress:
    host = (member[0] or b"").decode("utf-8", "replace")
    return NodeAddress(here if host in ("", "?") else host, int(member[1]))


def _why(error: redis.RedisError) -> str:
    match error:
        # A kind of AskError to the client.
        case MovedError():
            return f"slot {error.slot_id} is not where it was looked for, but at {error.host}:{error.port}"
        case AskError() | TryAgainError():
            return "the collection is being moved to another node, and can't be used until that is done"
    return f"it is down ({error})"
