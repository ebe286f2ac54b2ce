"""What people are called, and what is left of those who were forgotten."""

import threading
import time

import pytest
import redis
from records import a_sample, a_template, a_track, change_of

from storage.catalogue import SCAN_COUNT
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.errors import LeaseLostError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import GROUP, SampleQueue
from storage.sighting_record import Sighting

SEEN = (Sighting("v-1", 0.0, 0.4),)


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> IdentityStore:
    return IdentityStore(client, keys)


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    result = Lease(client, keys.leader, ttl_s=60)
    assert result.acquire()
    return result


def person(identity_id: str = "p1", tracks: int = 1) -> Identity:
    return Identity(identity_id, tracks=tracks, sightings=SEEN)


def changes(client: redis.Redis, keys: Keys) -> list[IdentityChange]:
    return [change_of(raw) for _, raw in client.xrange(keys.changes)]


# Names.


def test_a_name_is_kept_and_told(store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys) -> None:
    store.commit(Effects(identities=[person()]), lease)
    assert DecisionLog(client, keys).rename("p1", "Ada Lovelace")
    assert DecisionLog(client, keys).rename("p1", "Ada Byron")
    assert [p.name for p in store.people()] == ["Ada Byron"]
    assert store.person("p1") == store.people()[0]
    assert store.names() == {"p1": "Ada Byron"}
    told = changes(client, keys)
    assert [(c.kind, c.identity_id, c.track_id, c.other_id) for c in told] == [
        (ChangeKind.RENAMED, "p1", "", "")
    ] * 2
    assert told[0].published_at_s == pytest.approx(time.time(), abs=60)


def test_an_empty_name_takes_it_away(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person()]), lease)
    DecisionLog(client, keys).rename("p1", "Ada")
    assert DecisionLog(client, keys).rename("p1", "")
    assert [p.name for p in store.people()] == [""]
    assert store.names() == {}


@pytest.mark.parametrize("who", ["merged", "vanished", "forgotten", "unknown"])
def test_nobody_is_named_who_is_no_more(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys, who: str
) -> None:
    store.commit(Effects(identities=[person("p1"), person("p2")]), lease)
    match who:
        case "merged":
            store.commit(Effects(identities=[Identity("p2", merged_into="p1")]), lease)
        case "vanished":
            store.commit(Effects(identities=[Identity("p2")]), lease)
        case "forgotten":
            store.commit(Effects(forgotten={"p2"}), lease)
        case "unknown":
            client.delete(keys.identity("p2"))
    before = client.hgetall(keys.identity("p2"))
    assert not DecisionLog(client, keys).rename("p2", "Ada")
    assert client.hgetall(keys.identity("p2")) == before
    assert changes(client, keys) == []


def test_naming_beside_the_cluster_worker_voids_neither(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person()]), lease)
    done = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        tracks = 1
        try:
            while not done.is_set():
                tracks += 1
                store.commit(Effects(identities=[person(tracks=tracks)]), lease)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for k in range(50):
            assert DecisionLog(client, keys).rename("p1", f"Ada {k}")
            assert store.names() == {"p1": f"Ada {k}"}
    finally:
        done.set()
        thread.join()
    assert failures == []
    assert len(changes(client, keys)) == 50


def test_a_name_is_taken_over_with_the_step(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person("p1"), person("p2")]), lease)
    DecisionLog(client, keys).rename("p2", "Ada")
    store.commit(Effects(identities=[Identity("p2", merged_into="p1")], names={"p1": "Ada"}), lease)
    assert [(p.identity_id, p.name) for p in store.people()] == [("p1", "Ada")]
    assert store.names() == {"p1": "Ada"}


# Forgetting.


def test_of_the_forgotten_nothing_but_the_id_is_left(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person("p1"), person("p2")], members_added={"p1": {"v-1.0.0"}}), lease)
    DecisionLog(client, keys).rename("p1", "Ada")
    DecisionLog(client, keys).rename("p2", "Charles")
    others = {key: client.dump(key) for key in (keys.identity("p2"), keys.identity_sightings("p2"))}
    # "p7" was made in the step that forgets them.
    store.commit(Effects(identities=[person("p7")], forgotten={"p1", "p7"}), lease)
    for number in (1, 7):
        left = client.hgetall(keys.identity(f"p{number}"))
        assert left == {b"identity_id": f"p{number}".encode(), b"forgotten": b"1"}
        assert store.person(f"p{number}") == Identity(f"p{number}", forgotten=True)
        assert not client.exists(keys.identity_tracks(f"p{number}"), keys.identity_sightings(f"p{number}"))
    assert [p.identity_id for p in store.people()] == ["p2"]
    assert (store.overview_ids(), store.names()) == ({"p2"}, {"p2": "Charles"})
    assert {key: client.dump(key) for key in others} == others


def test_entries_of_streams_are_erased_and_no_longer_pending(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    queue = SampleQueue(client, keys)
    queue.prepare()
    queue.send([a_sample(), a_track()], faces=[a_sample()])
    assert len(queue.receive("one", count=1)) == 1
    # Entries of two streams may well have the same id.
    kept = {key: client.xadd(key, {"kind": "kept"}) for key in (keys.samples, keys.faces)}
    erased = {
        key: [entry_id for entry_id, _ in store.stream(key) if entry_id != its] for key, its in kept.items()
    }
    assert [len(ids) for ids in erased.values()] == [2, 1]
    store.commit(Effects(erased=erased), lease)
    assert {key: [entry_id for entry_id, _ in store.stream(key)] for key in kept} == {
        key: [its] for key, its in kept.items()
    }
    assert client.xpending(keys.samples, GROUP)["pending"] == 0


def test_a_step_forgets_whom_it_tells_of(store: IdentityStore) -> None:
    mine, other = "v-1.0.0", "v-1.5.0"
    effects = Effects(
        identities=[person("p1"), person("p2"), Identity("p3", merged_into="p1")],
        members_added={"p1": {mine}, "p2": {other}},
        members_removed={"p3": {mine}},
        names={"p1": "Ada", "p2": "Charles"},
        changes=[
            IdentityChange(ChangeKind.CREATED, "p1", mine),
            IdentityChange(ChangeKind.MERGED, "p3", other_id="p1"),
            IdentityChange(ChangeKind.SPLIT, "p2", other, other_id="p3"),
            IdentityChange(ChangeKind.ASSIGNED, "p2", mine),
            IdentityChange(ChangeKind.ASSIGNED, "p2", other),
        ],
    )
    effects.forget({"p1", "p3"}, [mine])
    assert effects == Effects(
        identities=[person("p2")],
        members_added={"p2": {other}},
        names={"p2": "Charles"},
        changes=[IdentityChange(ChangeKind.ASSIGNED, "p2", other)],
        forgotten={"p1", "p3"},
        forgotten_tracks={mine},
    )


def test_nobody_is_forgotten_after_the_lease_was_lost(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    step = Effects(
        tracks=[a_track()],
        samples=[a_sample()],
        templates={"v-1.0.0": a_template()},
        assignments={"v-1.0.0": "p1"},
        identities=[person()],
        members_added={"p1": {"v-1.0.0"}},
    )
    store.commit(step, lease)
    DecisionLog(client, keys).rename("p1", "Ada")
    found = client.scan_iter(f"{keys.meta.removesuffix('meta')}*", SCAN_COUNT)
    names = [name for name in found if b"leader" not in name]
    before = {name: client.dump(name) for name in names}
    assert len(before) > 6
    client.set(keys.leader, b"somebody else")
    with pytest.raises(LeaseLostError):
        store.commit(Effects(forgotten={"p1"}, tracks_removed={"v-1.0.0": "v-1"}), lease)
    assert {name: client.dump(name) for name in names} == before
