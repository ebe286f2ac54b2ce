import threading
import time
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
import redis
from records import a_sample, a_source, a_template, a_track, change_of

from storage.catalogue import SCAN_COUNT
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.errors import CollectionSchemaError, LeaseLostError, ModelConflictError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from storage.sighting_record import Sighting
from storage.source_record import SegmentDone


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> IdentityStore:
    return IdentityStore(client, keys)


@pytest.fixture
def queue(client: redis.Redis, keys: Keys) -> SampleQueue:
    result = SampleQueue(client, keys)
    result.prepare()
    return result


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    result = Lease(client, keys.leader, ttl_s=60)
    assert result.acquire()
    return result


def ada(tracks: int = 1, **changes: object) -> Identity:
    facts: dict = {"tracks": tracks, "sightings": (Sighting("v-1", 0.0, 0.4),), "thumbnails": ("v-1.0.0.7",)}
    return Identity("p1", **{**facts, **changes})


def effects_of(queue: SampleQueue) -> Effects:
    """A whole step: a sample, its track, a segment, a person, from what lies in the queue."""
    return Effects(
        samples=[a_sample()],
        tracks=[a_track()],
        assignments={"v-1.0.0": "p1"},
        templates={"v-1.0.0": a_template()},
        sources={"v-1": a_source(ranges=((0.0, 60.0),), complete=True, sampled=300)},
        identities=[ada()],
        members_added={"p1": {"v-1.0.0"}},
        changes=[IdentityChange(ChangeKind.CREATED, "p1", "v-1.0.0", "v-1.0.0.7", 0.4)],
        done=queue.receive("one"),
    )


def keys_with_data(client: redis.Redis, keys: Keys) -> dict[bytes, bytes]:
    """Everything of the collection but its lease, as Redis would dump it."""
    names = client.scan_iter(f"{keys.meta.removesuffix('meta')}*", SCAN_COUNT)
    found = [name for name in names if name != keys.leader.encode()]
    return {key: client.dump(key) for key in found}


def members(client: redis.Redis, keys: Keys, identity_id: str) -> set[bytes]:
    return client.smembers(keys.identity_tracks(identity_id))


def test_a_step_is_readable_after_its_commit(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.register_source(a_source())
    queue.send([a_sample(), a_track()])
    store.commit(effects_of(queue), lease)
    assert store.people() == [ada()]
    assert store.person("p1") == ada()
    assert members(client, keys, "p1") == {b"v-1.0.0"}
    (track,) = store.tracks(store.track_ids("v-1"))
    assert track.identity_id == "p1"
    np.testing.assert_array_equal(track.observations, a_track().observations)
    (sample,) = store.samples(track.sample_ids)
    np.testing.assert_allclose(sample.vector, a_sample().vector, atol=1e-3)
    assert list(store.crops([sample.sample_id])) == [a_sample().crop_jpeg]
    assert store.source("v-1") == a_source(ranges=((0.0, 60.0),), complete=True, sampled=300)
    assert store.track_ids() == ["v-1.0.0"]
    assert store.assignments() == {"v-1.0.0": "p1"}
    table = store.templates(len(a_sample().vector))
    assert (table.track_ids, table.identity_ids) == (("v-1.0.0",), ("p1",))


def test_a_commit_acknowledges_and_removes_what_it_came_from(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    last = queue.send([a_sample(), a_track()])
    assert last is not None
    store.commit(effects_of(queue), lease)
    assert queue.is_taken_in(last)
    assert client.xlen(keys.samples) == 0
    assert queue.take_over("two") == []


def test_nothing_is_written_after_the_lease_was_lost(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    queue.send([a_sample(), a_track()])
    effects = effects_of(queue)
    before = keys_with_data(client, keys)
    client.set(keys.leader, b"somebody else")
    with pytest.raises(LeaseLostError):
        store.commit(effects, lease)
    assert keys_with_data(client, keys) == before
    assert len(queue.take_over("two")) == 2


def test_nothing_is_written_after_the_lease_ran_out(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    client.delete(keys.leader)
    with pytest.raises(LeaseLostError):
        store.commit(Effects(tracks=[a_track()]), lease)
    assert store.track_ids() == []


def test_a_lease_that_is_lost_between_look_and_write_voids_the_write(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    class Stealing(dict[str, set[str]]):
        """Loses the lease while the step is being put together, after the store has looked at it."""

        def items(self):  # type: ignore[no-untyped-def]
            client.set(keys.leader, b"somebody else")
            return super().items()

    effects = Effects(tracks=[a_track()], members_added=Stealing({"p1": {"t"}}))
    with pytest.raises(LeaseLostError, match="another cluster worker has taken over"):
        store.commit(effects, lease)
    assert store.track_ids() == []
    assert not client.exists(keys.identity_tracks("p1"))


def test_renewing_beside_commits_voids_none_of_them(
    store: IdentityStore, client: redis.Redis, keys: Keys
) -> None:
    lease = Lease(client, keys.leader, ttl_s=2)
    assert lease.acquire()
    done = threading.Event()

    def renew() -> None:
        while not done.is_set():
            lease.renew()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        for k in range(30):
            store.commit(Effects(tracks=[a_track(f"t{k}")]), lease)
    finally:
        done.set()
        thread.join()
    assert len(store.track_ids()) == 30


def test_a_step_that_takes_longer_to_write_than_the_lease_lasts_is_written(
    store: IdentityStore, client: redis.Redis, keys: Keys
) -> None:
    lease = Lease(client, f"{keys.leader}-short", ttl_s=0.1)
    people = [Identity(f"p{number}", merged_into="p1") for number in range(2, 6000)]
    changes = [IdentityChange(ChangeKind.MERGED, p.identity_id, other_id="p1") for p in people]
    assert lease.acquire()
    with lease.kept():
        store.commit(Effects(identities=people, changes=changes), lease)
        assert client.xlen(keys.changes) == len(changes)
        # As it was before, for whoever waits.
        assert client.pttl(lease.key) <= 100


def test_names_of_many_are_asked_for_together(
    store: IdentityStore, client: redis.Redis, keys: Keys, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    execute = redis.client.Pipeline.immediate_execute_command

    def noted(pipe: redis.client.Pipeline, *words: object, **options: object) -> object:
        asked.append(str(words[0]))
        return execute(pipe, *words, **options)

    monkeypatch.setattr(redis.client.Pipeline, "immediate_execute_command", noted)
    client.hset(keys.names, mapping={"p7": "Ada", "p9": "Bob", "p2": "Cleo"})
    people = [Identity(f"p{number}", merged_into="p1" if number < 9 else "p2") for number in range(3, 300)]
    store.commit(Effects(identities=[*people]), lease)
    assert store.names() == {"p1": "Ada", "p2": "Cleo"}
    assert len(asked) < 12


def test_committing_a_step_again_changes_nothing_but_the_log_of_changes(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    queue.send([a_sample(), a_track()])
    effects = effects_of(queue)
    effects.changes.clear()
    store.commit(effects, lease)
    before = keys_with_data(client, keys)
    store.commit(effects, lease)
    # It is another step, whatever it says.
    client.decr(keys.steps)
    assert keys_with_data(client, keys) == before


def test_a_step_does_not_disturb_who_watches_the_facts_of_the_collection(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    with client.pipeline() as pipe:
        pipe.watch(keys.meta)
        for k in range(3):
            store.commit(Effects(tracks=[a_track(f"t{k}")]), lease)
        pipe.multi()
        pipe.hget(keys.meta, "model_id")
        # As senders do: with a server that is far away, each would have to begin anew.
        pipe.execute()


def test_a_redelivered_track_keeps_its_person(store: IdentityStore, lease: Lease) -> None:
    store.commit(Effects(tracks=[a_track()], assignments={"v-1.0.0": "p1"}), lease)
    store.commit(Effects(tracks=[a_track()]), lease)
    assert [track.identity_id for track in store.tracks(["v-1.0.0"])] == ["p1"]


def test_a_track_can_lose_its_person(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(
        Effects(
            tracks=[a_track()], assignments={"v-1.0.0": "p1"}, members_added={"p1": {"v-1.0.0", "v-1.5.0"}}
        ),
        lease,
    )
    store.commit(Effects(assignments={"v-1.0.0": None}, members_removed={"p1": {"v-1.0.0"}}), lease)
    assert [track.identity_id for track in store.tracks(["v-1.0.0"])] == [None]
    assert members(client, keys, "p1") == {b"v-1.5.0"}
    assert store.assignments() == {}


def test_with_a_track_goes_what_a_search_knew_of_it(store: IdentityStore, lease: Lease) -> None:
    tracks = ["v-1.0.0", "v-1.5.0"]
    store.commit(
        Effects(
            tracks=[a_track(track_id) for track_id in tracks],
            assignments=dict.fromkeys(tracks, "p1"),
            templates=dict.fromkeys(tracks, a_template()),
        ),
        lease,
    )
    store.commit(Effects(tracks_removed={"v-1.0.0": "v-1"}), lease)
    assert (store.template_ids(), store.assignments()) == ({"v-1.5.0"}, {"v-1.5.0": "p1"})
    assert store.track_ids() == ["v-1.5.0"]


def test_changes_carry_the_time_of_their_publication(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    change = IdentityChange(ChangeKind.MERGED, "p2", other_id="p1")
    store.commit(Effects(changes=[change]), lease)
    ((_, raw),) = client.xrange(keys.changes)
    read = change_of(raw)
    assert (read.kind, read.identity_id, read.other_id) == (ChangeKind.MERGED, "p2", "p1")
    assert read.published_at_s == pytest.approx(time.time(), abs=60)


def test_unreadable_entries_move_to_the_dead_stream_with_the_reason(
    store: IdentityStore, queue: SampleQueue, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    client.xadd(keys.samples, {"type": "banana", "payload": b"\x00\xff"})
    store.commit(Effects(unreadable=queue.receive("one")), lease)
    ((_, raw),) = client.xrange(keys.dead)
    assert raw[b"payload"] == b"\x00\xff"
    assert b"banana" in raw[b"dead_reason"]
    assert float(raw[b"dead_at_s"]) == pytest.approx(time.time(), abs=60)
    assert client.xlen(keys.samples) == 0


def test_a_person_without_tracks_leaves_the_list_and_says_where_they_went(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[ada(), Identity("p2", tracks=1, sightings=ada().sightings)]), lease)
    assert [person.identity_id for person in store.people()] == ["p1", "p2"]
    store.commit(Effects(identities=[Identity("p2", merged_into="p1")]), lease)
    assert [person.identity_id for person in store.people()] == ["p1"]
    gone = store.person("p2")
    assert gone is not None
    assert (gone.merged_into, gone.tracks, gone.sightings) == ("p1", 0, ())
    assert not client.exists(keys.identity_sightings("p2"))


def test_a_list_has_nobody_s_sightings_twice_or_not_at_all_where_tracks_move_meanwhile(
    store: IdentityStore, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(number: int, *starts_s: float) -> Identity:
        sightings = tuple(Sighting("v-1", at_s, at_s + 1) for at_s in starts_s)
        return Identity(f"p{number}", tracks=len(starts_s), sightings=sightings)

    store.commit(Effects(identities=[seen(1, 0), seen(2, 10, 20), seen(3, 30)]), lease)
    read = store._whole_hash

    def while_it_is_read(key: str) -> dict[bytes, bytes]:
        found = read(key)
        if key == store.keys.people:
            # Somebody is split, somebody else merged.
            split = IdentityChange(ChangeKind.CREATED, "p10", other_id="p2")
            merged = IdentityChange(ChangeKind.MERGED, "p3", other_id="p1")
            gone = Identity("p3", merged_into="p1")
            people = [seen(2, 10), seen(10, 20), gone, seen(1, 0, 30)]
            store.commit(Effects(identities=people, changes=[split, merged], names={"p10": "Ada"}), lease)
        return found

    monkeypatch.setattr(store, "_whole_hash", while_it_is_read)
    people = store.people()
    starts_s = {p.identity_id: [seen.start_s for seen in p.sightings] for p in people}
    assert starts_s == {"p1": [0.0, 30.0], "p2": [10.0], "p10": [20.0]}
    assert [(p.identity_id, p.name) for p in people] == [("p1", ""), ("p2", ""), ("p10", "Ada")]


def test_people_come_oldest_first_and_by_number(store: IdentityStore, lease: Lease) -> None:
    made = [Identity(f"p{k}", tracks=1, sightings=ada().sightings) for k in (10, 9, 100, 1)]
    store.commit(Effects(identities=made), lease)
    assert [person.identity_id for person in store.people()] == ["p1", "p9", "p10", "p100"]


def test_sightings_are_replaced_and_ordered_by_their_start(store: IdentityStore, lease: Lease) -> None:
    early, late = Sighting("v-2", 1.0, 2.0), Sighting("v-1", 30.0, 31.5)
    store.commit(Effects(identities=[ada(sightings=(Sighting("v-9", 0.0, 99.0),))]), lease)
    store.commit(Effects(identities=[ada(sightings=(late, early))]), lease)
    person = store.person("p1")
    assert person is not None
    assert person.sightings == (early, late)


def test_a_list_says_the_same_as_the_records(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    moments = [(1.0, 2.0), (1.0, 1.5), (0.25, 9.0), (10.0, 11.0), (9.0, 9.1234)]
    seen = tuple(Sighting(source, *times) for source in ("v-2", "v-10", "é", "z") for times in moments)
    made = [ada(sightings=seen, seconds=1 / 3, wall_clock=True, first_seen_s=1.7e9 + 0.1), ada(tracks=2)]
    store.commit(Effects(identities=[made[0], replace(made[1], identity_id="p2")]), lease)
    DecisionLog(client, keys).rename("p2", "Ada")
    people = store.people()
    assert people == [store.person("p1"), store.person("p2")]
    starts = [sighting.start_s for sighting in people[0].sightings]
    assert (starts, len(starts)) == (sorted(starts), 20)


def test_a_name_survives_the_next_commit(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[ada()]), lease)
    client.hset(keys.identity("p1"), "name", "Ada Lovelace")
    store.commit(Effects(identities=[ada(tracks=2)]), lease)
    person = store.person("p1")
    assert person is not None
    assert (person.name, person.tracks) == ("Ada Lovelace", 2)


def test_ids_are_never_given_twice(store: IdentityStore, client: redis.Redis, lease: Lease) -> None:
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.extend(store.new_identity_id() for _ in range(50)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 200
    # Neither when the bearer of the highest is gone.
    store.commit(Effects(identities=[Identity("p200", merged_into="p1")]), lease)
    assert store.new_identity_id() == "p201"


def test_the_first_run_ties_the_collection_to_its_model(store: IdentityStore, client: redis.Redis) -> None:
    assert store.meta() == {}
    store.claim_model("dlib@1", {"pack": "open", "licence": "CC0-1.0"})
    meta = store.meta()
    assert (meta["model_id"], meta["pack"], meta["licence"], meta["schema"]) == (
        "dlib@1",
        "open",
        "CC0-1.0",
        "1",
    )
    assert float(meta["created_at_s"]) == pytest.approx(time.time(), abs=60)
    store.claim_model("dlib@1", {"pack": "another name"})
    assert store.meta() == meta


def test_a_run_with_another_model_is_refused(store: IdentityStore) -> None:
    store.claim_model("dlib@1", {"pack": "open"})
    before = store.meta()
    with pytest.raises(
        ModelConflictError, match=r"pack 'open' \(dlib@1\).*arcface@1.*--models open"
    ) as caught:
        store.claim_model("arcface@1", {"pack": "buffalo_l"})
    assert (caught.value.stored, caught.value.asked) == ("dlib@1", "arcface@1")
    assert store.meta() == before
    with pytest.raises(ModelConflictError) as caught:
        store.check_model("arcface@1", "my packs/arcface")
    name = store.keys.collection
    assert f"facestream reembed --models 'my packs/arcface' --collection {name}" in str(caught.value)
    with pytest.raises(ModelConflictError, match="'open' is another pack by now"):
        store.check_model("dlib@2", "open")


def test_where_a_pack_lies_is_what_the_last_run_found_it_by(store: IdentityStore) -> None:
    store.claim_model("dlib@1", {"pack": "mine", "models": "/old/mine"})
    store.claim_model("dlib@1", {"pack": "mine", "models": "/new/mine"})
    assert store.meta()["models"] == "/new/mine"
    with pytest.raises(ModelConflictError, match="Use --models /new/mine"):
        store.check_model("arcface@1", "arcface")


def test_a_claim_that_was_cut_off_is_completed_by_the_next(
    store: IdentityStore, client: redis.Redis, keys: Keys
) -> None:
    client.hset(keys.meta, "model_id", "dlib@1")
    store.claim_model("dlib@1", {"pack": "open"})
    assert {"schema", "created_at_s", "pack"} <= store.meta().keys()


def test_registering_a_source_again_keeps_its_progress(store: IdentityStore, lease: Lease) -> None:
    assert store.register_source(a_source()) == a_source()
    done = a_source().with_segment(SegmentDone("v-1", 0, 60, 300))
    store.commit(Effects(sources={"v-1": done}), lease)
    moved = store.register_source(a_source(path="/films/b.mp4"))
    assert (moved.path, moved.ranges, moved.sampled) == ("/films/b.mp4", ((0, 60),), 300)


def test_sources_are_sorted_by_path(store: IdentityStore) -> None:
    for source_id, path in (("v-1", "/c"), ("v-2", "/a"), ("v-3", "/b")):
        store.register_source(a_source(source_id, path=path))
    assert [source.path for source in store.sources()] == ["/a", "/b", "/c"]


def test_what_is_unknown_is_not_there(store: IdentityStore) -> None:
    assert store.person("p1") is None
    assert store.source("v-1") is None
    assert list(store.crops(["v-1.0.0.7"])) == [None]
    assert list(store.tracks(["t"])) == []
    assert list(store.samples(["s"])) == []
    assert store.people() == []
    assert store.meta() == {}
    assert store.track_ids() == []
    assert store.template_ids() == set()
    assert store.assignments() == {}
    assert store.templates(16).track_ids == ()


def test_records_come_in_the_order_that_they_were_asked_for(store: IdentityStore, lease: Lease) -> None:
    wanted = [f"t{(k * 7) % 1201}" for k in range(1201)]
    store.commit(Effects(tracks=[a_track(track_id) for track_id in sorted(wanted)]), lease)
    assert [track.track_id for track in store.tracks([*wanted[:600], "unknown", *wanted[600:]])] == wanted


def test_collections_do_not_see_each_other(client: redis.Redis, store: IdentityStore, lease: Lease) -> None:
    store.claim_model("dlib@1", {})
    store.commit(Effects(identities=[ada()], tracks=[a_track()]), lease)
    other = IdentityStore(client, Keys(f"other-{uuid4().hex}"))
    assert other.people() == []
    assert other.track_ids() == []
    assert other.meta() == {}


def test_two_thousand_people_are_read_with_less_than_a_second_of_work(
    store: IdentityStore, lease: Lease
) -> None:
    seen = tuple(Sighting(f"v-{k}", k * 10.0, k * 10.0 + 4) for k in range(5))
    made = [Identity(f"p{k}", tracks=5, sightings=seen) for k in range(1, 2001)]
    for start in range(0, 2000, 500):
        store.commit(Effects(identities=made[start : start + 500]), lease)
    # Its own work: how long it waits for a processor says nothing on a machine that does other work as well.
    started_s = time.process_time()
    people = store.people()
    assert time.process_time() - started_s < 1.0
    assert people == made


def test_a_collection_of_another_schema_is_refused_and_left_as_it_is(
    store: IdentityStore, client: redis.Redis
) -> None:
    client.hset(store.keys.meta, mapping={"schema": "2", "model_id": "m"})

    with pytest.raises(CollectionSchemaError, match="schema '2'"):
        store.claim_model("m", {})

    assert client.hgetall(store.keys.meta) == {b"schema": b"2", b"model_id": b"m"}
