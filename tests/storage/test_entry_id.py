"""Ids of entries of streams."""

from __future__ import annotations

import pytest
import redis

from storage.commands import commands_of
from storage.entry_id import is_entry_id, order

HIGHEST = 2**64 - 1


@pytest.mark.parametrize("written", ["0-0", "1-0", f"{HIGHEST}-{HIGHEST}", "00000000000000000001-1"])
def test_what_redis_takes_is_an_id(client: redis.Redis, written: str) -> None:
    assert is_entry_id(written)
    assert commands_of(client).xrange("nothing", written, "+") == []


@pytest.mark.parametrize(
    "written", ["", "1", "1-", "-1", "a-1", "1-1-1", " 1-1", f"{HIGHEST + 1}-0", f"0-{HIGHEST + 1}"]
)
def test_nothing_else_is_one(written: str) -> None:
    assert not is_entry_id(written)


def test_ids_are_sorted_by_their_numbers() -> None:
    assert sorted(["10-0", "9-11", "9-2", b"9-10"], key=order) == ["9-2", b"9-10", "9-11", "10-0"]
