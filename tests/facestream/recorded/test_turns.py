"""Files that several processes are given, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from facestream.errors import SourceBusyError
from facestream.recorded.turns import in_turn
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.source_claims import SourceClaims


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("turns"))) as handle:
        yield handle.client


class Looker:
    """Looks at files as a process does, each of which is claimed for as long as others follow."""

    def __init__(self, claims: SourceClaims, done: set[str], both: threading.Barrier | None = None) -> None:
        self.claims = claims
        self.looked_at: list[str] = []
        self.told: list[str] = []
        self._done = done
        self._both = both

    def look(self, path: Path) -> None:
        # As with photos, of which those that were just looked at are not known to others yet.
        if not self.claims.claim(path.name, briefly=True):
            raise SourceBusyError(f"{path} is another's", path.name)
        if path.name in self._done:
            return
        if self._both is not None:
            both, self._both = self._both, None
            both.wait(10)
        self.looked_at.append(path.name)
        self._done.add(path.name)

    def all(self, names: str, stop: threading.Event | None = None) -> None:
        paths = [Path(name) for name in names]
        in_turn(paths, self.look, self.claims, self.told.append, lambda: None, stop or threading.Event())


def test_two_that_wait_for_each_other_s_files_come_to_an_end(client: redis.Redis) -> None:
    keys = Keys(f"test-{uuid4().hex}")
    done: set[str] = set()
    both = threading.Barrier(2)
    with SourceClaims(client, keys) as ours, SourceClaims(client, keys) as theirs:
        first, second = Looker(ours, done, both), Looker(theirs, done, both)
        other = threading.Thread(target=second.all, args=("ba",), daemon=True)
        other.start()
        first.all("ab")
        other.join(10)
        assert not other.is_alive()
    assert sorted(first.looked_at + second.looked_at) == ["a", "b"]


def test_what_is_another_s_comes_last_and_is_waited_for(client: redis.Redis) -> None:
    keys = Keys(f"test-{uuid4().hex}")
    with SourceClaims(client, keys) as ours, SourceClaims(client, keys) as theirs:
        assert theirs.claim("a")
        looker = Looker(ours, set())
        one = threading.Thread(target=looker.all, args=("abc",), daemon=True)
        one.start()
        one.join(1.0)
        assert one.is_alive()
        assert looker.looked_at == ["b", "c"]
        assert looker.told == ["a: another process is looking at it right now; waiting for that."]
        theirs.release("a")
        one.join(10)
        assert looker.looked_at == ["b", "c", "a"]


def test_who_is_told_to_stop_waits_for_nobody(client: redis.Redis) -> None:
    keys = Keys(f"test-{uuid4().hex}")
    stop = threading.Event()
    with SourceClaims(client, keys) as ours, SourceClaims(client, keys) as theirs:
        assert theirs.claim("b")
        looker = Looker(ours, set())
        one = threading.Thread(target=looker.all, args=("ab", stop), daemon=True)
        one.start()
        one.join(0.7)
        assert one.is_alive()
        stop.set()
        one.join(5)
        assert not one.is_alive()
        assert looker.looked_at == ["a"]


def test_what_is_claimed_briefly_is_free_when_others_follow(client: redis.Redis) -> None:
    keys = Keys(f"test-{uuid4().hex}")
    with SourceClaims(client, keys) as ours, SourceClaims(client, keys) as theirs:
        for number in range(33):
            assert ours.claim(f"i-{number}", briefly=True)
        assert theirs.claim("i-0")
        assert not theirs.claim("i-1")
