from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from backup_file import save
from collection_contents import fill
from held_server import Holder
from tcp_server import Server

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.server_binary import find_server_binary


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """A client of a real embedded server, one per test process."""
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("redis"))) as handle:
        yield handle.client


@pytest.fixture
def keys() -> Keys:
    """A collection that no other test uses."""
    return Keys(f"test-{uuid4().hex}")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder that is not there yet."""
    return DataFolder(tmp_path / "data")


@pytest.fixture
def hold(folder: DataFolder) -> Iterator[Callable[[], Holder]]:
    """Starts processes that hold its server, and ends them."""
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(Holder(folder))
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with these settings, and ends them."""
    servers: list[Server] = []

    def start(*settings: str, binary: Path | None = None) -> Server:
        place = tmp_path / f"own{len(servers)}"
        servers.append(Server(place, binary or find_server_binary(), *settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def other() -> Keys:
    """Another collection that no other test uses."""
    return Keys(f"other-{uuid4().hex}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a backup may be written."""
    return tmp_path / "file.facestream"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, client: redis.Redis) -> Path:
    """A backup to be read."""
    path = tmp_path_factory.mktemp("backup") / "whole.facestream"
    keys = Keys(f"whole-{uuid4().hex}")
    fill(client, keys)
    save(client, keys, path)
    return path
