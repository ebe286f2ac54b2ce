"""Who leads a collection cuts its logs, but not off those who have still to read them."""

from __future__ import annotations

import time

import pytest
from cluster_bench import Bench, until
from synthetic import Cast

from storage.identity_record import ChangeKind
from storage.requests import EraseRequest, Extent, ForgetRequest
from storage.retention_policy import RetentionPolicy
from storage.stream_trimming import LENGTH

DAY_MS = 86_400_000
_FILL = "for k = 1, ARGV[1] do redis.call('XADD', KEYS[1], ARGV[2] .. '-' .. k, 'k', k) end"


def fill(bench: Bench, key: str, count: int, days_ago: float = 0.01) -> None:
    bench.client.eval(_FILL, 1, key, count, int(time.time() * 1000 - days_ago * DAY_MS))


def test_whoever_leads_cuts_a_stream_to_its_length_and_not_what_is_still_to_be_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.cluster_term._TRIM_EVERY_S", 0.0)
    read, unread = bench.keys.faces, bench.keys.changes
    for key in (read, unread):
        fill(bench, key, LENGTH + 2000)
        bench.client.xgroup_create(key, "theirs", "$" if key == read else "0")
    with bench.running():
        until(lambda: bool(bench.failed) or bench.client.xlen(read) < LENGTH + 200)
        # Both are cut in one look, this one first.
        assert bench.client.xlen(unread) == LENGTH + 2000
        bench.client.xgroup_destroy(unread, "theirs")
        until(lambda: bool(bench.failed) or bench.client.xlen(unread) < LENGTH + 200)
    assert bench.client.xlen(read) >= LENGTH


def test_a_stream_has_a_length_that_no_reader_can_exceed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.step.MOST", 1000)
    fill(bench, bench.keys.changes, 3000)
    bench.client.xgroup_create(bench.keys.changes, "theirs", "0")
    with bench.running():
        bench.take_in(Cast().track(0, 0))
    # Redis cuts whole nodes.
    assert 1000 <= bench.client.xlen(bench.keys.changes) < 1200


def test_age_takes_nothing_from_a_reader_that_is_not_silent(bench: Bench) -> None:
    expired = EraseRequest(Extent.RETENTION)
    for key in (bench.keys.changes, bench.keys.faces):
        fill(bench, key, 10, days_ago=5)
    bench.client.xgroup_create(bench.keys.changes, "theirs", "0")
    with bench.running():
        bench.store.keep_retention(RetentionPolicy(streams=2))
        bench.take_in([expired])
        assert (bench.client.xlen(bench.keys.changes), bench.client.xlen(bench.keys.faces)) == (10, 0)
        # Nobody has read with it for five days, which is longer than they have now.
        bench.store.keep_retention(RetentionPolicy(readers=3))
        bench.take_in([expired])
    assert bench.client.xlen(bench.keys.changes) == 0


def test_who_is_forgotten_goes_from_what_somebody_has_still_to_read(bench: Bench) -> None:
    cast = Cast()
    bench.client.xgroup_create(bench.keys.changes, "theirs", "0", mkstream=True)
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        (first,) = [c.identity_id for c in bench.changes() if c.track_id == "v-1.0.0"][:1]
        # Handed out, and never acknowledged.
        bench.client.xreadgroup("theirs", "one", {bench.keys.changes: ">"})
        bench.take_in([ForgetRequest(first)])
    told = [c.kind for c in bench.changes() if c.identity_id == first]
    assert told == [ChangeKind.FORGOTTEN]
    assert [c.kind for c in bench.changes()][:2] == [ChangeKind.CREATED, ChangeKind.ASSIGNED]
    bench.assert_consistent()
