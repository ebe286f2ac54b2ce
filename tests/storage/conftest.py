from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from held_server import Holder

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys


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
