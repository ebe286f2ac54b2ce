"""The connection to Redis: the embedded server or a user's own, checked when it is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from redis.backoff import EqualJitterBackoff

from storage.cluster_nodes import ClientMaker, ClusterNodes
from storage.data_keys import NO_DATA_KEYS, DataKeys
from storage.datafolder import DataFolder
from storage.errors import RedisReadOnlyError
from storage.haste import Haste, HastyRetry, hasty
from storage.keys import Keys
from storage.redaction import redact_url
from storage.redis_url import options_of
from storage.server import EmbeddedServer
from storage.server_check import check_server, is_cluster_node
from storage.translation import translate_embedded_errors
from storage.translation import translate_errors as translate_errors

SOCKET_TIMEOUT_S = 10.0
"""How long a command may go without a reply before its connection counts as dead."""

MAX_BLOCK_MS = 5_000
"""Longest time that a blocking read (XREADGROUP) may ask for. Longer than SOCKET_TIMEOUT_S and the client
would take the silence for a dead connection, drop it and try again."""

CONNECT_TIMEOUT_S = 5.0
"""How long to wait for a connection, and for each reply while a server is checked."""

_HEALTH_CHECK_INTERVAL_S = 30
_RETRIES = 3
_BACKOFF_BASE_S = 0.1
_BACKOFF_CAP_S = 1.0
_DEFAULT = Keys("default")

# What the client tells the server of itself. By default it reads its version in the metadata of its package,
# for each connection anew.
_CLIENT_NAME: dict[str, Any] = (
    {"driver_info": redis.DriverInfo(lib_version=redis.__version__)} if hasattr(redis, "DriverInfo") else {}
)


@dataclass(frozen=True, slots=True)
class RedisHandle:
    """An open connection to Redis; a context manager that closes it.

    Attributes:
        client: The client; bytes in and out, thread-safe, connects again by itself. A command that got no
            reply is sent again up to 3 times, so it may take effect more than once.
        where: Which server, without secrets, for messages.
        embedded: Whether it is the server of a data folder and lives only as long as somebody holds that.
        socket_path: Unix socket of the embedded server, else None.
        log_path: Log of the embedded server, else None.
        warnings: What a person should know about the server, one sentence each.
        options: What leads to it on the command line, for messages, without secrets; may be empty.
        data_keys: What opens encrypted collections.
        keys: The collection that it is for.
        haste: For who is about to end, and can't wait for a server that hangs.
    """

    client: redis.Redis = field(repr=False)
    where: str
    embedded: bool
    socket_path: Path | None
    log_path: Path | None
    warnings: tuple[str, ...]
    _resources: contextlib.ExitStack = field(repr=False)
    options: str = ""
    data_keys: DataKeys = field(default=NO_DATA_KEYS, repr=False)
    keys: Keys = _DEFAULT
    _primaries: Callable[[], Iterator[redis.Redis]] | None = field(default=None, repr=False)
    _server: EmbeddedServer | None = field(default=None, repr=False)
    haste: Haste = field(default_factory=Haste, repr=False)

    @property
    def is_cluster(self) -> bool:
        """Whether the server is a Redis Cluster, where other collections may lie on other nodes."""
        return self._primaries is not None

    def primaries(self) -> Iterator[redis.Redis]:
        """A client of each server that holds collections: of all nodes of a cluster that have slots.

        Each can be used until the next one is asked for.

        Raises:
            redis.ConnectionError: If the nodes of a cluster can't be told.
        """
        if self._primaries is None:
            yield self.client
        else:
            yield from self._primaries()

    def errors(self) -> contextlib.AbstractContextManager[None]:
        """Turn errors of the client into ours within a `with` block, for code that uses `client`.

        Errors that only a mistake in our code can cause (a wrong type, a missing script) pass through. About
        the embedded server, the message quotes its log.

        Returns:
            A context manager; it raises the kind of `RedisServerError` that fits.
        """
        if self.log_path is None:
            return self._own_errors()
        return translate_embedded_errors(self.where, self.log_path)

    @contextlib.contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            with translate_errors(self.where):
                yield
        except RedisReadOnlyError:
            # The name of a primary may lead to another server by now: it is looked up again.
            self.client.connection_pool.disconnect(inuse_connections=False)
            raise

    def start_again(self) -> None:
        """Have an embedded server started that has ended; nothing is done about a user's own.

        Raises:
            ServerStartError: It can't be started.
            DataFolderError: A file in the data folder can't be written.
        """
        if self._server is not None:
            self._server.start_again()

    def close(self) -> None:
        """Close all connections and leave the embedded server. Closing twice does nothing."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_redis(
    url: str | None,
    folder: DataFolder | None,
    keys: Keys = _DEFAULT,
    *,
    timeout_s: float = CONNECT_TIMEOUT_S,
) -> RedisHandle:
    """Connect to a user's own server, or to the embedded server of a data folder when there is no URL.

    A server that is a node of a Redis Cluster leads to the node that has the collection's slot, and to
    whichever has it later.

    Args:
        url: ``redis://``, ``rediss://`` (TLS), ``unix://``, or ``valkey://`` and ``valkeys://`` for the first
            two.
        folder: The data folder; unused with a URL.
        keys: The collection that is to be used. On a Redis Cluster, others may lie on other nodes.
        timeout_s: How long to wait for a connection to the server of the URL and for each reply of the check.

    Returns:
        The handle, to be closed.

    Raises:
        RedisUrlError: The URL can't be read or names a database that the server doesn't have.
        RedisUnreachableError: Nobody answers, or nobody has the slot; RedisLoadingError where the server is
            not ready yet.
        RedisAuthError: User or password are wrong, or the user may not look at the server's state.
        RedisReadOnlyError: The server is a replica.
        UnsupportedServerError: It is too old or not a Redis.
        ServerStartError: The embedded server did not come up.
        ValueError: There is neither a URL nor a folder.
    """
    if url is not None:
        return _open_url(url, keys, timeout_s)
    if folder is None:
        raise ValueError("open_redis needs the URL of a server or a data folder, and got neither.")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(folder))
        options = {
            "connection_class": redis.UnixDomainSocketConnection,
            "path": str(server.socket_path),
        }
        haste = Haste()
        client = stack.enter_context(
            contextlib.closing(_client(options, haste, CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S, _RETRIES))
        )
        stack.callback(haste.close)
        where = f"the embedded server of {folder.path}"
        return RedisHandle(
            client,
            where,
            True,
            server.socket_path,
            server.log_path,
            (),
            stack.pop_all(),
            keys=keys,
            _server=server,
            haste=haste,
        )


def _open_url(url: str, keys: Keys, timeout_s: float) -> RedisHandle:
    where = redact_url(url)
    options, haste = options_of(url, where), Haste()

    # Looked at without retries: a wrong password or a silent port is reported after one timeout, not after
    # four.
    def probe(to: dict[str, Any]) -> redis.Redis:
        return _client(to, haste, timeout_s, timeout_s, 0)

    nodes = None
    with contextlib.ExitStack() as probes, translate_errors(where):
        client = probes.enter_context(contextlib.closing(probe(options)))
        info = _info(client)
        if is_cluster_node(info):
            nodes = ClusterNodes(options, keys.meta, probe)
            options = nodes.to_owner()
            client = probes.enter_context(contextlib.closing(probe(options)))
            info = _info(client)
        warnings = check_server(client, where, info)

    def lasting(to: dict[str, Any]) -> redis.Redis:
        return _client(to, haste, timeout_s, SOCKET_TIMEOUT_S, _RETRIES)

    client = lasting(options)
    stack = contextlib.ExitStack()
    stack.callback(client.close)
    stack.callback(haste.close)
    primaries = None if nodes is None else partial(_clients_of, nodes, lasting)
    return RedisHandle(
        client,
        where,
        False,
        None,
        None,
        warnings,
        stack,
        keys=keys,
        _primaries=primaries,
        haste=haste,
    )


def _info(client: redis.Redis) -> dict[str, Any]:
    client.ping()
    info: dict[str, Any] = client.info()
    return info


def _clients_of(nodes: ClusterNodes, make_client: ClientMaker) -> Iterator[redis.Redis]:
    for node in nodes.primaries():
        with contextlib.closing(make_client(nodes.to(node))) as client:
            yield client


def _client(
    options: dict[str, Any], haste: Haste, connect_timeout_s: float, timeout_s: float, retries: int
) -> redis.Redis:
    pool = redis.ConnectionPool(
        **{**options, "connection_class": hasty(options.get("connection_class", redis.Connection))},
        haste=haste,
        socket_connect_timeout=connect_timeout_s,
        socket_timeout=timeout_s,
        health_check_interval=_HEALTH_CHECK_INTERVAL_S,
        retry=HastyRetry(EqualJitterBackoff(cap=_BACKOFF_CAP_S, base=_BACKOFF_BASE_S), retries, haste),
        # The shapes of replies differ between the two protocols, and the client's default between its
        # versions.
        protocol=2,
        decode_responses=False,
        **_CLIENT_NAME,
    )
    return redis.Redis.from_pool(pool)
