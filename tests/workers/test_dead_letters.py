"""What could not be taken in is tried again: once, and never lost on the way."""

from __future__ import annotations

import time
from dataclasses import replace

from cluster_bench import Bench, until
from synthetic import Cast

from storage.dead_letters import DEAD_LIMIT, DeadLetters, put_aside
from storage.delivery import Delivery, Entry
from storage.effects import Effects
from storage.lease import Lease
from storage.requests import RetryRequest
from storage.sample_record import FaceSample
from storage.track_record import TrackRecord

_TYPES = {FaceSample: b"sample", TrackRecord: b"track"}


def bury(bench: Bench, *entries: Entry) -> list[str]:
    """Put entries where an earlier version, which could not take them in, would have put them."""
    found: list[str] = []
    for entry in entries:
        assert isinstance(entry, (FaceSample, TrackRecord))
        # As they are sent, encoded by the server.
        bench.client.xadd("as-bytes", {"type": _TYPES[type(entry)], **entry.encode()})
        ((_, raw),) = bench.client.xrange("as-bytes")
        bench.client.delete("as-bytes")
        found.append(
            bench.client.xadd(bench.keys.dead, put_aside(raw, b"", "not yet", "1800000000")).decode()
        )
    return found


def retry(bench: Bench, *dead_ids: str) -> None:
    last = bench.queue.send([RetryRequest(dead_id) for dead_id in dead_ids])
    assert last is not None
    until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))


def test_what_is_tried_again_is_taken_in_once_and_gone(bench: Bench) -> None:
    cast = Cast()
    ids = bury(bench, *cast.track(3, 1))
    with bench.running():
        bench.take_in(cast.track(0, 0))
        retry(bench, *ids, *ids)
        retry(bench, *ids)
    assert bench.people() == {"p1": {"v-1.0.0"}, "p2": {"v-1.1.3"}}
    assert bench.dead() == []
    assert bench.client.xlen(bench.keys.samples) == 0
    assert bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 0
    bench.assert_consistent()


def test_it_stays_dead_until_it_has_had_its_effect(bench: Bench) -> None:
    cast = Cast()
    ids = bury(bench, *cast.track(3, 1))
    bench.queue.prepare()
    bench.queue.send([RetryRequest(dead_id) for dead_id in ids])
    # A worker that dies right after it was handed out.
    taken = bench.queue.receive("killed")
    assert [type(delivery.entry) for delivery in taken] == [FaceSample, FaceSample, TrackRecord]
    assert len(bench.dead()) == 3
    with bench.running():
        until(lambda: bool(bench.failed) or not bench.dead())
    assert bench.people() == {"p1": {"v-1.1.3"}}


def test_one_that_fails_again_is_put_aside_with_the_new_reason(bench: Bench) -> None:
    sample, *_ = Cast().track(1, 1)
    assert isinstance(sample, FaceSample)
    (first,) = bury(bench, replace(sample, model_id="another@1"))
    letters = DeadLetters(bench.client, bench.keys)
    with bench.running():
        # Its models are claimed by then.
        bench.store.claim_model("synthetic@1", {})
        for tries in (2, 3):
            (before,) = letters.all()
            retry(bench, before.entry_id)
            (after,) = letters.all()
            assert "another@1" in after.reason
            assert (after.tries, after.was) == (tries, before.entry_id)
            assert after.fields == before.fields
    assert after.entry_id != first
    assert time.time() - (after.at_s or 0) < 600


def test_a_track_gets_a_sample_that_comes_after_it(bench: Bench) -> None:
    cast = Cast()
    *samples, track = cast.track(1, 1)
    late = samples[-1]
    assert isinstance(late, FaceSample)
    with bench.running():
        bench.take_in([*samples[:-1], track])
        before = bench.store.template_ids(), dict(bench.client.hgetall(bench.keys.templates))
        retry(bench, *bury(bench, late))
        after = bench.store.template_ids(), dict(bench.client.hgetall(bench.keys.templates))
    assert before[0] == after[0] == {"v-1.1.1"}
    assert before[1] != after[1]
    (person,) = bench.store.people()
    assert late.sample_id in person.thumbnails
    bench.assert_consistent()


def test_a_sample_that_has_given_way_to_better_ones_is_not_stored(bench: Bench) -> None:
    cast = Cast()
    *samples, track = cast.track(1, 1, samples=3)
    assert isinstance(track, TrackRecord)
    (old,) = bury(bench, samples[0])
    with bench.running():
        bench.take_in([*samples[1:], replace(track, sample_ids=track.sample_ids[1:])])
        retry(bench, old)
    assert bench.dead() == []
    assert not bench.client.exists(bench.keys.sample(track.sample_ids[0]))


def test_an_id_that_is_none_stops_nobody(bench: Bench) -> None:
    with bench.running():
        retry(bench, "banana", "1-1")
    (raw,) = bench.dead()
    assert b"dead_id" in raw[b"dead_reason"]


def test_the_latest_are_kept(bench: Bench) -> None:
    lease = Lease(bench.client, bench.keys.leader, ttl_s=60)
    assert lease.acquire()
    bench.queue.prepare()
    sent = [Delivery(b"1-1", None, {b"type": b"x%d" % i}, "no") for i in range(DEAD_LIMIT + 500)]
    bench.store.commit(Effects(unreadable=sent), lease)
    letters = DeadLetters(bench.client, bench.keys)
    # The server cuts whole blocks of entries.
    assert DEAD_LIMIT <= letters.count() < DEAD_LIMIT + 200
    assert [entry.text("type") for entry in letters.latest(300)] == [
        f"x{DEAD_LIMIT + 499 - i}" for i in range(300)
    ]


def test_whoever_drops_a_track_drops_its_faces_and_nobody_elses(bench: Bench) -> None:
    cast = Cast()
    *samples, track = cast.track(1, 1)
    *others, _ = cast.track(2, 2)
    (dead,) = bury(bench, track)
    with bench.running():
        bench.take_in(cast.track(0, 0), samples, others)
        assert DeadLetters(bench.client, bench.keys).drop([dead]) == 1
        left = {s.sample_id for s in others if isinstance(s, FaceSample)}
        assert bench.store.unclaimed().keys() == left
        assert not list(bench.store.bare_samples(s.sample_id for s in samples if isinstance(s, FaceSample)))
        assert len(list(bench.store.bare_samples(left))) == len(left)
    bench.assert_consistent()
