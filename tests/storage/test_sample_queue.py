import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import redis
from records import a_sample, a_track

from storage import delivery
from storage.delivery import Delivery
from storage.errors import LeaseLostError, ModelConflictError, QueueFullError
from storage.fields import Fields
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import ForgetRequest, LookAgainRequest, ReclusterRequest
from storage.sample_queue import GROUP, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord


@pytest.fixture
def queue(client: redis.Redis, keys: Keys) -> SampleQueue:
    result = SampleQueue(client, keys)
    result.prepare()
    return result


def reasons(deliveries: list[Delivery]) -> list[str]:
    return [d.entry.reason for d in deliveries if isinstance(d.entry, ReclusterRequest)]


def requests(*names: str) -> list[ReclusterRequest]:
    return [ReclusterRequest(name) for name in names]


def test_gives_every_kind_of_entry_in_the_order_that_it_was_sent(queue: SampleQueue) -> None:
    plain = [
        SegmentDone("v-1", 0.0, 60.0, 300, True),
        ReclusterRequest("end", "v-1"),
        ForgetRequest("p7"),
        LookAgainRequest("v-1"),
    ]
    last = queue.send([a_sample(), a_track(), *plain])
    deliveries = queue.receive("one")
    assert [type(d.entry) for d in deliveries[:2]] == [FaceSample, TrackRecord]
    assert [d.entry for d in deliveries[2:]] == plain
    assert deliveries[-1].entry_id == last
    assert {d.problem for d in deliveries} == {""}
    sample = deliveries[0].entry
    assert isinstance(sample, FaceSample)
    np.testing.assert_allclose(sample.vector, a_sample().vector, atol=1e-3)


def test_keeps_the_order_over_several_batches(queue: SampleQueue) -> None:
    names = [str(k) for k in range(50)]
    for start in range(0, 50, 7):
        queue.send(requests(*names[start : start + 7]))
    got: list[str] = []
    while len(got) < 50:
        deliveries = queue.receive("one", count=4)
        assert deliveries
        got += reasons(deliveries)
        acknowledge(queue, deliveries)
    assert got == names


def acknowledge(queue: SampleQueue, deliveries: list[Delivery]) -> None:
    """Finish deliveries as `IdentityStore.commit` does."""
    ids = [d.entry_id for d in deliveries]
    with queue._client.pipeline() as pipe:
        pipe.xack(queue._keys.samples, GROUP, *ids)
        pipe.xdel(queue._keys.samples, *ids)
        pipe.execute()


def test_sends_all_entries_or_none(queue: SampleQueue, client: redis.Redis, keys: Keys) -> None:
    unwritable = replace(a_sample(), sample_id=object())
    with pytest.raises(redis.DataError):
        queue.send([a_sample(), a_track(), unwritable])
    assert client.xlen(keys.samples) == 0


def test_sends_nothing_where_there_is_nothing(queue: SampleQueue, client: redis.Redis, keys: Keys) -> None:
    assert queue.send([]) is None
    assert client.xlen(keys.samples) == 0


def test_preparing_again_leaves_everything_as_it_is(queue: SampleQueue) -> None:
    queue.send(requests("a"))
    queue.prepare()
    assert reasons(queue.receive("one")) == ["a"]


def test_entries_sent_before_the_group_was_made_are_received(client: redis.Redis, keys: Keys) -> None:
    queue = SampleQueue(client, keys)
    queue.send(requests("early"))
    queue.prepare()
    assert reasons(queue.receive("one")) == ["early"]


def test_a_key_of_another_type_is_not_taken_for_a_group_that_is_there(
    client: redis.Redis, keys: Keys
) -> None:
    client.set(keys.samples, "text")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        SampleQueue(client, keys).prepare()


def test_waits_while_the_queue_is_full_and_sends_as_soon_as_there_is_room(
    client: redis.Redis, keys: Keys
) -> None:
    queue = SampleQueue(client, keys, limit=3)
    queue.prepare()
    queue.send(requests("a", "b", "c"))
    taken = queue.receive("one", count=2)
    sent = threading.Event()

    def send() -> None:
        queue.send(requests("d", "e"), wait_s=20)
        sent.set()

    thread = threading.Thread(target=send)
    thread.start()
    assert not sent.wait(0.2)
    assert client.xlen(keys.samples) == 3
    acknowledge(queue, taken)
    assert sent.wait(10)
    thread.join()
    assert reasons(queue.receive("one")) == ["c", "d", "e"]


def test_gives_up_when_the_queue_stays_full_and_nobody_leads(client: redis.Redis, keys: Keys) -> None:
    queue = SampleQueue(client, keys, limit=3)
    queue.send(requests("a", "b"))
    started_s = time.monotonic()
    with pytest.raises(QueueFullError, match="no cluster worker has led"):
        queue.send(requests("c", "d"), wait_s=0.2)
    assert time.monotonic() - started_s >= 0.2
    assert client.xlen(keys.samples) == 2


def test_waits_for_a_leader_however_slow_and_gives_up_when_it_is_gone(
    client: redis.Redis, keys: Keys
) -> None:
    queue = SampleQueue(client, keys, limit=1)
    queue.send(requests("a"))
    client.set(keys.leader, b"somebody", px=1000)
    started_s = time.monotonic()
    with pytest.raises(QueueFullError):
        queue.send(requests("b"), wait_s=0.3)
    assert time.monotonic() - started_s >= 1.2


def test_stops_waiting_when_told_to_without_sending(client: redis.Redis, keys: Keys) -> None:
    queue = SampleQueue(client, keys, limit=1)
    queue.send(requests("a"))
    started_s = time.monotonic()
    assert queue.send(requests("b"), faces=[a_sample()], wait_s=30, stop=lambda: True) is None
    assert time.monotonic() - started_s < 5
    assert (client.xlen(keys.samples), client.xlen(keys.faces)) == (1, 0)


def test_sends_where_there_is_room_also_when_told_to_stop(queue: SampleQueue) -> None:
    last = queue.send(requests("a"), stop=lambda: True)
    assert last is not None
    assert not queue.is_taken_in(last)


def test_an_empty_queue_takes_a_batch_beyond_its_limit(client: redis.Redis, keys: Keys) -> None:
    queue = SampleQueue(client, keys, limit=2)
    queue.prepare()
    queue.send(requests("a", "b", "c"), wait_s=0)
    assert reasons(queue.receive("one")) == ["a", "b", "c"]


def test_entries_that_can_not_be_read_come_with_the_reason(
    queue: SampleQueue, client: redis.Redis, keys: Keys
) -> None:
    client.xadd(keys.samples, {"type": "banana", "x": b"\xff"})
    client.xadd(keys.samples, {"no": "type"})
    client.xadd(keys.samples, {"type": "track", "track_id": "t"})
    queue.send(requests("fine"))
    strange, untyped, broken, fine = queue.receive("one")
    assert (strange.entry, untyped.entry, broken.entry) == (None, None, None)
    assert "banana" in strange.problem
    assert "unknown type" in untyped.problem
    assert "source_id" in broken.problem
    assert strange.raw == {b"type": b"banana", b"x": b"\xff"}
    assert fine.entry == ReclusterRequest("fine")


def test_takes_over_what_a_dead_consumer_left(queue: SampleQueue) -> None:
    queue.send(requests("a", "b", "c", "d"))
    assert reasons(queue.receive("dead", count=3)) == ["a", "b", "c"]
    assert reasons(queue.take_over("heir")) == ["a", "b", "c"]
    assert reasons(queue.take_over("heir", count=2)) == ["a", "b"]


def test_takes_nothing_over_where_all_was_finished(queue: SampleQueue) -> None:
    queue.send(requests("a", "b"))
    acknowledge(queue, queue.receive("one"))
    assert queue.take_over("two") == []


def test_takes_over_what_lies_behind_entries_that_were_deleted(
    queue: SampleQueue, client: redis.Redis, keys: Keys
) -> None:
    queue.send(requests(*"abcdef"))
    deleted = queue.receive("dead")[:4]
    client.xdel(keys.samples, *[d.entry_id for d in deleted])
    assert reasons(queue.take_over("heir", count=2)) == ["e", "f"]


def test_pending_entries_come_before_new_ones(queue: SampleQueue) -> None:
    queue.send(requests("a", "b"))
    # As if the reply had been lost on its way.
    queue.receive("one")
    queue.send(requests("c"))
    assert reasons(queue.receive("one")) == ["a", "b", "c"]


def test_only_what_was_delivered_before_is_to_be_taken_in_alone(queue: SampleQueue) -> None:
    queue.send(requests("a"))
    queue.receive("paused")
    queue.send(requests("b"))
    assert [(reasons([d]), d.again) for d in queue.receive("one")] == [(["a"], True), (["b"], False)]


def test_entries_that_a_paused_consumer_read_on_are_not_held_up(queue: SampleQueue) -> None:
    queue.send(requests("a"))
    queue.receive("paused")
    assert reasons(queue.receive("leader", block_ms=1)) == ["a"]


def test_entries_that_are_kept_are_not_returned_again_and_others_are(queue: SampleQueue) -> None:
    queue.send(requests("a", "b"))
    kept = [delivery.entry_id for delivery in queue.receive("one")][:1]
    # Of both, one is kept and the other one was lost on its way.
    assert reasons(queue.take_over("one", kept=kept)) == ["b"]
    queue.send(requests("c"))
    assert reasons(queue.receive("one", kept=kept)) == ["b", "c"]
    kept = [delivery.entry_id for delivery in queue.take_over("one")]
    assert queue.receive("one", block_ms=1, kept=kept) == []
    queue.send(requests("d"))
    assert reasons(queue.receive("one", kept=kept)) == ["d"]


def test_pages_of_entries_that_are_kept_are_passed_over(queue: SampleQueue) -> None:
    queue.send(requests("a", "b", "c", "d", "e"))
    kept = [delivery.entry_id for delivery in queue.receive("one")][:4]
    assert reasons(queue.take_over("heir", count=2, kept=kept)) == ["e"]


def test_receiving_from_an_empty_queue_ends_after_its_time(queue: SampleQueue) -> None:
    started_s = time.monotonic()
    assert queue.receive("one", block_ms=100) == []
    assert 0.08 < time.monotonic() - started_s < 5


def test_an_entry_is_taken_in_when_it_was_acknowledged_and_not_before(queue: SampleQueue) -> None:
    entry_id = queue.send(requests("a"))
    assert entry_id is not None
    assert not queue.is_taken_in(entry_id)
    deliveries = queue.receive("one")
    assert not queue.is_taken_in(entry_id)
    acknowledge(queue, deliveries)
    assert queue.is_taken_in(entry_id)


def test_the_stream_of_faces_is_cut_to_its_limit(queue: SampleQueue, client: redis.Redis, keys: Keys) -> None:
    for start in range(0, 3000, 500):
        faces = [a_sample(f"s{k}", vector=a_sample().vector[:2]) for k in range(start, start + 500)]
        queue.send([], faces=faces, faces_limit=1000)
    # Redis cuts whole nodes of its tree.
    assert 1000 <= client.xlen(keys.faces) < 1300
    newest = client.xrevrange(keys.faces, count=1)[0][1]
    assert FaceSample.decode(newest).sample_id == "s2999"
    assert client.xlen(keys.samples) == 0


def consumers(client: redis.Redis, keys: Keys) -> dict[bytes, int]:
    """Pending entries by consumer."""
    return {found["name"]: found["pending"] for found in client.xinfo_consumers(keys.samples, GROUP)}


def test_consumers_that_were_emptied_are_forgotten(
    queue: SampleQueue, client: redis.Redis, keys: Keys
) -> None:
    queue.send(requests("a", "b", "c"))
    queue.receive("dead", count=1)
    queue.receive("idle", count=1)
    acknowledge(queue, queue.take_over("heir"))
    assert consumers(client, keys).keys() == {b"dead", b"idle", b"heir"}

    queue.forget_others("heir")

    assert consumers(client, keys) == {b"heir": 0}
    assert reasons(queue.receive("heir")) == ["c"]


def test_a_consumer_with_something_pending_is_not_forgotten(
    queue: SampleQueue, client: redis.Redis, keys: Keys
) -> None:
    queue.send(requests("a", "b"))
    queue.receive("paused", count=1)
    deliveries = queue.receive("leader", count=2)
    queue.send(requests("c"))
    client.xreadgroup(GROUP, "paused", {keys.samples: ">"})

    queue.forget_others("leader")
    queue.forget("leader")

    assert consumers(client, keys) == {b"leader": 2, b"paused": 1}
    acknowledge(queue, deliveries)
    queue.forget("leader")
    assert consumers(client, keys) == {b"paused": 1}
    assert reasons(queue.take_over("heir")) == ["c"]


def test_a_consumer_that_was_forgotten_can_go_on(queue: SampleQueue) -> None:
    queue.receive("paused")
    queue.forget_others("leader")
    queue.send(requests("a"))
    assert reasons(queue.receive("paused")) == ["a"]


def test_forgetting_does_no_harm_where_there_is_no_group(client: redis.Redis, keys: Keys) -> None:
    SampleQueue(client, keys).forget("nobody")
    SampleQueue(client, keys).forget_others("nobody")
    assert not client.exists(keys.samples)


def test_nothing_gets_lost_while_consumers_are_forgotten(
    queue: SampleQueue, client: redis.Redis, keys: Keys
) -> None:
    """One reads on, as a leader that was paused, while another forgets everybody it can."""
    done = threading.Event()

    def forget_on() -> None:
        while not done.is_set():
            queue.forget_others("leader")

    thread = threading.Thread(target=forget_on)
    thread.start()
    try:
        for number in range(200):
            queue.send(requests(str(number)))
            client.xreadgroup(GROUP, "paused", {keys.samples: ">"})
    finally:
        done.set()
        thread.join()
    assert reasons(queue.take_over("leader", count=500)) == [str(number) for number in range(200)]


@pytest.mark.parametrize("field", ["model_id", "changing_to"])
def test_vectors_do_not_get_into_a_collection_that_has_got_other_models(
    client: redis.Redis, keys: Keys, queue: SampleQueue, field: str
) -> None:
    client.hset(keys.meta, "model_id", "dlib@1")
    sender = SampleQueue(client, keys, model_id="dlib@1")
    assert sender.send([a_sample("one")])
    client.hset(keys.meta, field, "arcface@1")
    with pytest.raises(ModelConflictError, match=r"was changed to other models \('arcface@1'\)"):
        sender.send([a_sample("two")], faces=[a_sample("three")])
    assert [d.entry.sample_id for d in queue.receive("me") if isinstance(d.entry, FaceSample)] == ["one"]
    assert not client.exists(keys.faces)
    # Requests are for whatever models there are.
    assert queue.send(requests("later"))


# Fences and senders that must not wait -------------------------------------------------------------------


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    """The lease on a camera, taken."""
    result = Lease(client, f"{keys.samples}:test-lease", ttl_s=30)
    assert result.acquire()
    return result


def test_a_sender_that_holds_its_lease_sends_while_it_is_renewed(
    client: redis.Redis, keys: Keys, lease: Lease
) -> None:
    queue = SampleQueue(client, keys, fence=lease)
    stop = threading.Event()

    def renew() -> None:
        while not stop.is_set():
            assert lease.renew()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        for k in range(20):
            queue.send(requests(str(k)))
    finally:
        stop.set()
        thread.join()
    queue.prepare()
    assert reasons(queue.receive("one")) == [str(k) for k in range(20)]


@pytest.mark.parametrize("gone", ["taken over", "run out"])
def test_a_sender_that_was_replaced_sends_nothing(
    client: redis.Redis, keys: Keys, lease: Lease, gone: str
) -> None:
    queue = SampleQueue(client, keys, fence=lease)
    queue.send(requests("a"))
    client.delete(lease.key)
    if gone == "taken over":
        assert Lease(client, lease.key).acquire()
    for send in (queue.send, queue.try_send):
        with pytest.raises(LeaseLostError, match="the lease ran out; nothing more is sent"):
            send([*requests("b"), a_sample()], faces=[a_sample()])
    assert client.xlen(keys.samples) == 1
    assert client.xlen(keys.faces) == 0


def test_a_lease_that_is_lost_while_something_is_sent_voids_that(
    client: redis.Redis, keys: Keys, lease: Lease
) -> None:
    class Slow(ReclusterRequest):
        """Its lease is lost after it was checked, while the entries are written down."""

        def encode(self) -> Fields:
            client.delete(lease.key)
            return super().encode()

    queue = SampleQueue(client, keys, fence=lease)
    queue_names = {**delivery._NAMES, Slow: "recluster"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_NAMES", queue_names)
        with pytest.raises(LeaseLostError):
            queue.send([Slow("late")])
    assert client.xlen(keys.samples) == 0


def test_whoever_must_not_wait_is_told_that_there_is_no_room(client: redis.Redis, keys: Keys) -> None:
    queue = SampleQueue(client, keys, limit=3)
    queue.prepare()
    assert queue.try_send(requests("a", "b"))
    assert not queue.try_send(requests("c", "d"), faces=[a_sample()])
    assert client.xlen(keys.faces) == 0
    acknowledge(queue, queue.receive("one"))
    assert queue.try_send(requests("c", "d"), faces=[a_sample()])
    assert client.xlen(keys.samples) == 2
    assert client.xlen(keys.faces) == 1
    assert queue.try_send([])
