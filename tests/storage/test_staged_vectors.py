from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pytest
import redis
from records import a_sample, a_track, unit

from storage.array_fields import FloatArray
from storage.effects import Effects
from storage.errors import CollectionBusyError, ModelChangeError, OvertakenError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.model_switch import RenewedTrack, switch_models
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.staged_vectors import StagedVectors

OLD, NEW = "dlib@1", "arcface@1"
ABOUT = {"pack": "arcface", "models": "/packs/arcface", "licence": "MIT", "commercial_use": "1"}
TRACKS = ("v-1.0.0", "v-1.1.0", "v-1.2.0")


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> IdentityStore:
    """Three tracks, each of one sample with a picture and one without."""
    store, lease = IdentityStore(client, keys), Lease(client, keys.leader)
    store.claim_model(OLD, {"pack": "open", "licence": "CC0-1.0", "commercial_use": "0"})
    SampleQueue(client, keys).prepare()
    assert lease.acquire()
    samples = [a_sample(f"{i}.7", track_id=i) for i in TRACKS]
    samples += [a_sample(f"{i}.9", track_id=i, crop_jpeg=b"") for i in TRACKS]
    tracks = [a_track(i, sample_ids=(f"{i}.7", f"{i}.9")) for i in TRACKS]
    store.commit(Effects(samples=samples, tracks=tracks, templates=dict.fromkeys(TRACKS, b"old")), lease)
    lease.release()
    return store


@pytest.fixture
def staged(client: redis.Redis, keys: Keys, store: IdentityStore) -> StagedVectors:
    result = StagedVectors(client, keys)
    result.begin(NEW, ABOUT)
    return result


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Iterator[Lease]:
    lease = Lease(client, keys.leader)
    yield lease
    lease.release()


def embed(samples: Sequence[FaceSample]) -> Mapping[str, FloatArray]:
    """Another vector for each picture, of another length."""
    return {s.sample_id: unit(100 + int(s.sample_id.split(".")[1]), 16) for s in samples if s.has_crop}


def renewed(staged: StagedVectors) -> list[RenewedTrack]:
    vectors = staged.vectors([f"{i}.7" for i in TRACKS])
    return [RenewedTrack(i, {f"{i}.7": vectors[f"{i}.7"]}, (f"{i}.9",), b"new" + i.encode()) for i in TRACKS]


def switch(client: redis.Redis, keys: Keys, tracks: Iterable[RenewedTrack], step_bytes: int = 10**6) -> None:
    with hold_collection(client, keys) as hold:
        switch_models(client, hold, tracks, "other models", step_bytes)


# What is kept aside


def test_vectors_are_kept_aside_and_come_back(staged: StagedVectors, store: IdentityStore) -> None:
    ids = [f"{i}.{k}" for i in TRACKS for k in (7, 9)]
    assert staged.add(ids, embed) == {f"{i}.7" for i in TRACKS}
    assert staged.sample_ids() == {f"{i}.7" for i in TRACKS}
    assert staged.target().items() >= {"model_id": NEW, **ABOUT}.items()
    found = staged.vectors(ids)
    assert found["v-1.1.0.7"] == pytest.approx(unit(101, 16), abs=1e-3)
    assert np.linalg.norm(found["v-1.1.0.7"]) == pytest.approx(1)
    # The collection knows nothing of it.
    assert {s.model_id for s in store.samples(ids)} == {OLD}


def test_the_same_model_goes_on_and_another_one_begins_anew(
    client: redis.Redis, keys: Keys, staged: StagedVectors
) -> None:
    staged.add(["v-1.0.0.7"], embed)
    again = StagedVectors(client, keys)
    again.begin(NEW, ABOUT)
    assert again.sample_ids() == {"v-1.0.0.7"}
    # Its files may have been moved meanwhile.
    again.begin(NEW, ABOUT | {"models": "/elsewhere/arcface"})
    assert again.sample_ids() == {"v-1.0.0.7"}
    assert again.target()["models"] == "/elsewhere/arcface"
    again.begin("third@1", {"pack": "third"})
    assert again.sample_ids() == set()
    assert again.target()["pack"] == "third"
    # Whoever was at it can't mix theirs in.
    with pytest.raises(OvertakenError, match=r"'arcface@1' was cancelled, or another one was begun"):
        staged.add(["v-1.1.0.7"], embed)
    assert again.sample_ids() == set()


def test_discarding_leaves_nothing(client: redis.Redis, keys: Keys, staged: StagedVectors) -> None:
    staged.add(["v-1.0.0.7"], embed)
    assert staged.discard()
    assert not client.exists(keys.reembed, keys.reembed_vectors)
    assert not staged.discard()


@pytest.mark.parametrize("again", [False, True], ids=["deleted", "written again"])
def test_a_face_that_goes_or_comes_again_takes_what_was_kept_with_it(
    staged: StagedVectors, store: IdentityStore, lease: Lease, again: bool
) -> None:
    staged.add([f"{i}.7" for i in TRACKS], embed)
    assert lease.acquire()
    gone = {"v-1.1.0.7"}
    store.commit(Effects(samples=[a_sample("v-1.1.0.7")]) if again else Effects(samples_removed=gone), lease)
    assert staged.sample_ids() == {"v-1.0.0.7", "v-1.2.0.7"}


def test_of_a_face_that_is_deleted_while_it_is_embedded_nothing_is_kept(
    staged: StagedVectors, store: IdentityStore, lease: Lease
) -> None:
    assert lease.acquire()
    asked: list[list[str]] = []

    def slow(samples: Sequence[FaceSample]) -> Mapping[str, FloatArray]:
        asked.append([sample.sample_id for sample in samples])
        if len(asked) == 1:
            store.commit(Effects(samples_removed={"v-1.1.0.7"}), lease)
        return embed(samples)

    assert staged.add([f"{i}.7" for i in TRACKS], slow) == {"v-1.0.0.7", "v-1.2.0.7"}
    assert asked == [["v-1.0.0.7", "v-1.1.0.7", "v-1.2.0.7"], ["v-1.0.0.7", "v-1.2.0.7"]]
    assert staged.sample_ids() == {"v-1.0.0.7", "v-1.2.0.7"}


# The switch


@pytest.mark.parametrize("step_bytes", [10**6, 1], ids=["in one step", "in a step for each track"])
def test_the_switch_changes_vectors_templates_and_models_and_nothing_else(
    client: redis.Redis, keys: Keys, staged: StagedVectors, store: IdentityStore, step_bytes: int
) -> None:
    staged.add([f"{i}.7" for i in TRACKS], embed)
    before, meta = {s.sample_id: s for s in store.samples(f"{i}.7" for i in TRACKS)}, store.meta()

    switch(client, keys, renewed(staged), step_bytes)

    after = {s.sample_id: s for s in store.samples(f"{i}.{k}" for i in TRACKS for k in (7, 9))}
    assert after.keys() == before.keys()
    for sample_id, sample in after.items():
        assert sample.model_id == NEW
        assert sample.vector == pytest.approx(embed([sample])[sample_id], abs=1e-3)
        old, new = before[sample_id].encode(), sample.encode()
        assert {name for name in old if old[name] != new[name]} == {"model_id", "vector"}
    assert [t.sample_ids for t in store.tracks(TRACKS)] == [(f"{i}.7",) for i in TRACKS]
    assert client.hgetall(keys.templates) == {i.encode(): b"new" + i.encode() for i in TRACKS}
    assert store.meta() == meta | {"model_id": NEW} | ABOUT
    assert not client.exists(keys.reembed, keys.reembed_vectors)
    (delivery,) = SampleQueue(client, keys).receive("one")
    assert getattr(delivery.entry, "reason", "") == "other models"


def test_a_switch_that_stopped_half_way_is_refused_by_all_and_can_be_finished(
    client: redis.Redis, keys: Keys, staged: StagedVectors, store: IdentityStore
) -> None:
    staged.add([f"{i}.7" for i in TRACKS], embed)
    tracks = renewed(staged)

    def stopped() -> Iterator[RenewedTrack]:
        yield from tracks[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        switch(client, keys, stopped(), 1)
    assert [s.model_id for s in store.samples(f"{i}.7" for i in TRACKS)] == [NEW, OLD, OLD]
    way_out = rf"reembed --models arcface --collection {keys.collection}"
    for refused in (
        store.check_usable,
        lambda: store.claim_model(OLD, {}),
        lambda: store.check_model(NEW),
        lambda: staged.begin("third@1", {}),
        staged.discard,
    ):
        with pytest.raises(ModelChangeError, match=way_out) as caught:
            refused()
        assert (caught.value.collection, caught.value.pack) == (keys.collection, "arcface")

    switch(client, keys, tracks, 1)

    store.check_usable()
    assert {s.model_id for s in store.samples(f"{i}.7" for i in TRACKS)} == {NEW}
    assert store.meta()["model_id"] == NEW


def test_nothing_is_switched_while_something_waits(
    client: redis.Redis, keys: Keys, staged: StagedVectors, store: IdentityStore
) -> None:
    staged.add([f"{i}.7" for i in TRACKS], embed)
    tracks = renewed(staged)

    def disturbed() -> Iterator[RenewedTrack]:
        yield from tracks
        SampleQueue(client, keys).send([a_sample("late")])

    with pytest.raises(CollectionBusyError, match="it goes on where it was"):
        switch(client, keys, disturbed())
    assert store.meta()["model_id"] == OLD
    assert staged.sample_ids() == {f"{i}.7" for i in TRACKS}


def test_vectors_of_somebody_who_began_anew_are_not_taken_for_ours(
    client: redis.Redis, keys: Keys, staged: StagedVectors, store: IdentityStore
) -> None:
    staged.add([f"{i}.7" for i in TRACKS], embed)
    tracks = renewed(staged)

    def overtaken() -> Iterator[RenewedTrack]:
        yield from tracks
        StagedVectors(client, keys).begin("third@1", {})

    with pytest.raises(CollectionBusyError):
        switch(client, keys, overtaken())
    assert store.meta()["model_id"] == OLD


def test_a_long_step_keeps_its_lease_and_leaves_it_as_short_as_before(
    client: redis.Redis, keys: Keys
) -> None:
    with hold_collection(client, keys) as hold:
        with hold.step(within_s=60) as pipe:
            assert client.pttl(keys.leader) > 30_000
            pipe.hset(keys.meta, "pack", "open")
        assert 0 < client.pttl(keys.leader) <= 5_000
