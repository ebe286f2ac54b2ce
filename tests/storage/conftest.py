from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

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
