from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.server_facts import server_facts


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """A server whose settings may be changed."""
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("facts"))) as handle:
        yield handle.client


def test_the_embedded_server_says_who_it_is(client: redis.Redis) -> None:
    facts = server_facts(client)

    assert facts.name in ("Valkey", "Redis")
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts.version)
    assert facts.persistence == "append-only file"
    assert facts.troubles == ()


def test_a_server_without_files_is_known(own: redis.Redis) -> None:
    own.config_set("appendonly", "no")
    assert server_facts(own).persistence == "in memory only"

    own.config_set("save", "3600 1")
    assert server_facts(own).persistence == "snapshots"


def test_a_server_that_hides_its_settings_claims_nothing(own: redis.Redis) -> None:
    own.config_set("appendonly", "no")
    own.execute_command("ACL", "SETUSER", "default", "-config|get")
    try:
        assert server_facts(own).persistence == "unknown"
    finally:
        own.execute_command("ACL", "SETUSER", "default", "+@all")


def test_a_memory_limit_that_is_nearly_reached_is_told(own: redis.Redis) -> None:
    own.config_set("maxmemory", "1gb")
    assert server_facts(own).troubles == ()

    own.config_set("maxmemory", str(int(own.info("memory")["used_memory"] * 1.02)))
    (trouble,) = server_facts(own).troubles
    assert re.fullmatch(r"\d+ % of its memory limit \(maxmemory\) is used", trouble)


def test_a_snapshot_that_failed_is_told(own: redis.Redis) -> None:
    # A folder in the place of the file stops the superuser as well.
    (Path(os.fsdecode(own.config_get("dir")["dir"])) / "dump.rdb").mkdir()

    own.bgsave()

    deadline_s = time.monotonic() + 60
    while own.info("persistence")["rdb_bgsave_in_progress"] and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert server_facts(own).troubles == ("its last snapshot failed",)
