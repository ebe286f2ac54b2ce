"""What readers see beside a writer, and what they make of damaged records."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import redis
from records import a_sample, a_source, a_template, a_track

from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.errors import RecordError
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sighting_record import Sighting
from storage.source_record import SegmentDone

SEEN = (Sighting("v-1", 0.0, 0.4), Sighting("v-1", 9.0, 9.5))


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> IdentityStore:
    return IdentityStore(client, keys)


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    result = Lease(client, keys.leader, ttl_s=60)
    assert result.acquire()
    return result


def person(number: int = 1, *, sightings: tuple[Sighting, ...] = SEEN) -> Identity:
    return Identity(f"p{number}", tracks=len(sightings), sightings=sightings)


# Beside a writer.


def beside_a_writer(write: Callable[[int], None], read: Callable[[], None], *, for_s: float = 1.0) -> int:
    """Read for some time while another thread writes on; returns how often it wrote."""
    done = threading.Event()
    failures: list[BaseException] = []
    writes = 0

    def work() -> None:
        nonlocal writes
        try:
            while not done.is_set():
                write(writes)
                writes += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        deadline_s = time.monotonic() + for_s
        while time.monotonic() < deadline_s:
            read()
    finally:
        done.set()
        thread.join()
    assert failures == []
    return writes


def test_a_person_is_read_with_the_sightings_of_the_same_moment(store: IdentityStore, lease: Lease) -> None:
    """Everybody gets and loses a sighting all the time, and comes and goes."""
    # So many that the server reads the questions about them in parts, with what the writer sends in between.
    numbers = range(1, 401)

    def write(turn: int) -> None:
        made = [
            person(number, sightings=SEEN[: 1 + turn % 2])
            if (turn + number) % 3
            else Identity(f"p{number}", merged_into="p9" if number % 2 else None)
            for number in numbers
        ]
        store.commit(Effects(identities=made), lease)

    def read() -> None:
        for found in store.people():
            assert found.tracks == len(found.sightings) > 0
        for number in range(1, 20):
            one = store.person(f"p{number}")
            assert one is None or one.tracks == len(one.sightings)

    assert beside_a_writer(write, read, for_s=2.0) > 3


def test_people_who_are_no_more_are_not_listed(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    gone = [Identity("p2", merged_into="p1"), Identity("p3")]
    store.commit(Effects(identities=[person(1), *gone]), lease)
    # As in a list that was read just before they went.
    client.zadd(keys.identities, {"p2": 2, "p3": 3})
    assert store.people() == [person(1)]
    assert [store.person("p2"), store.person("p3")] == gone


# Without crops.


def test_samples_without_crops_say_all_but_the_crop(store: IdentityStore, lease: Lease) -> None:
    with_crop, without = a_sample("s1"), a_sample("s2", crop_jpeg=b"")
    store.commit(Effects(samples=[with_crop, without]), lease)

    bare = list(store.bare_samples(["s2", "unknown", "s1"]))

    assert [(sample.sample_id, sample.has_crop) for sample in bare] == [("s2", False), ("s1", True)]
    whole = list(store.samples(["s2", "s1"]))
    for one, other in zip(bare, whole, strict=True):
        for name in type(one).FIELDS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_samples_without_crops_do_not_carry_them(
    store: IdentityStore, lease: Lease, client: redis.Redis
) -> None:
    ids = [f"s{number}" for number in range(20)]
    store.commit(Effects(samples=[a_sample(i, crop_jpeg=b"\xff" * 50_000) for i in ids]), lease)

    def sent_bytes() -> int:
        return int(client.info("stats")["total_net_output_bytes"])

    before = sent_bytes()
    assert sum(sample.has_crop for sample in store.bare_samples(ids)) == 20
    assert sent_bytes() - before < 50_000


# Damaged records.


def damaged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize(
    "row", [None, b"", b"{}", b"no json", b'{"tracks": 1}', b"\xff", b"[1]", b"null", b"p1"], ids=range(9)
)
def test_who_is_damaged_or_missing_in_the_overview_is_read_from_their_record(
    store: IdentityStore,
    lease: Lease,
    client: redis.Redis,
    keys: Keys,
    caplog: pytest.LogCaptureFixture,
    row: bytes | None,
) -> None:
    store.commit(Effects(identities=[person(number) for number in (1, 2, 3)]), lease)
    DecisionLog(client, keys).rename("p2", "Ada")
    if row is None:
        client.hdel(keys.people, "p2")
    else:
        client.hset(keys.people, "p2", row)
    assert store.people() == [person(1), replace(person(2), name="Ada"), person(3)]
    assert store.overview_ids() == ({"p1", "p3"} if row is None else {"p1", "p2", "p3"})
    assert damaged(caplog) == []


def test_who_is_nowhere_but_in_the_list_is_left_out(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person(number) for number in (1, 2, 3)]), lease)
    client.delete(keys.identity("p2"))
    client.hdel(keys.people, "p2")
    assert store.people() == [person(1), person(3)]
    assert store.person("p2") is None


@pytest.mark.parametrize("damage", ["field", "value", "sightings"])
def test_a_damaged_person_is_left_out_with_a_warning(
    store: IdentityStore,
    lease: Lease,
    client: redis.Redis,
    keys: Keys,
    caplog: pytest.LogCaptureFixture,
    damage: str,
) -> None:
    store.commit(Effects(identities=[person(number) for number in (1, 2, 3)]), lease)
    client.hset(keys.people, "p2", b"no json")
    key = keys.identity("p2")
    match damage:
        case "field":
            client.hdel(key, "identity_id")
        case "value":
            client.hset(key, "tracks", "many")
        case "sightings":
            key = keys.identity_sightings("p2")
            client.zadd(key, {"yesterday": 0})

    assert store.people() == [person(1), person(3)]

    (warning,) = damaged(caplog)
    assert warning.startswith(f"{key}: ")
    with pytest.raises(RecordError, match="put it right") as caught:
        store.person("p2")
    assert caught.value.key == key
    assert key in str(caught.value)
    assert caught.value.field in ("identity_id", "tracks", "sightings")


def test_a_damaged_source_is_left_out_with_a_warning(
    store: IdentityStore, client: redis.Redis, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    for source_id in ("v-1", "v-2"):
        store.register_source(a_source(source_id))
    client.hset(keys.source("v-2"), "ranges", "all of it")

    assert store.sources() == [a_source("v-1")]

    (warning,) = damaged(caplog)
    assert keys.source("v-2") in warning
    assert "'ranges'" in warning
    with pytest.raises(RecordError) as caught:
        store.source("v-2")
    assert (caught.value.key, caught.value.field) == (keys.source("v-2"), "ranges")
    with pytest.raises(RecordError) as caught:
        store.register_source(a_source("v-2"))
    assert caught.value.key == keys.source("v-2")


def test_damaged_tracks_and_samples_are_left_out_with_a_warning(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["a", "b", "c"]
    effects = Effects(tracks=[a_track(name) for name in names], samples=[a_sample(name) for name in names])
    store.commit(effects, lease)
    client.hset(keys.track("b"), "observations", b"short")
    client.hset(keys.sample("b"), "vector", b"")

    assert [track.track_id for track in store.tracks(names)] == ["a", "c"]
    assert [sample.sample_id for sample in store.samples(names)] == ["a", "c"]
    assert [sample.sample_id for sample in store.bare_samples(names)] == ["a", "c"]

    about_track, about_sample, about_bare = damaged(caplog)
    assert keys.track("b") in about_track
    assert keys.sample("b") in about_sample
    assert keys.sample("b") in about_bare


def test_what_was_never_done_of_a_source_is_no_damage(
    store: IdentityStore, lease: Lease, caplog: pytest.LogCaptureFixture
) -> None:
    store.register_source(a_source())
    assert store.sources() == [a_source()]
    segment = SegmentDone("v-1", 0, 60, 300)
    store.commit(Effects(sources={"v-1": a_source().with_segment(segment)}), lease)
    assert store.source("v-1") == a_source(ranges=((0, 60),), sampled=300)
    assert damaged(caplog) == []


# Names and older ids.


def test_gives_the_names_of_those_who_have_one(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    store.commit(Effects(identities=[person(number) for number in range(1, 1201)]), lease)
    for number, name in ((1, "Ada"), (700, "Charles"), (1200, "")):
        assert DecisionLog(client, keys).rename(f"p{number}", name)
    assert store.names() == {"p1": "Ada", "p700": "Charles"}
    client.hset(keys.names, "p2", b"\xff")
    assert store.names() == {"p1": "Ada", "p2": "\N{REPLACEMENT CHARACTER}", "p700": "Charles"}


def test_older_ids_are_those_that_were_merged_directly_or_by_way_of_others(
    store: IdentityStore, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    client.set(keys.next_identity, 1100)
    into = {"p2": "p1", "p1099": "p2", "p7": "p1099", "p4": "p3", "p1100": "p3"}
    store.commit(
        Effects(identities=[person(1), *(Identity(i, merged_into=other) for i, other in into.items())]), lease
    )
    assert store.aliases("p1") == {"p2", "p1099", "p7"}
    assert store.aliases("p2") == {"p1099", "p7"}
    assert store.aliases("p3") == {"p4", "p1100"}
    assert store.aliases("p7") == store.aliases("p5") == store.aliases("p9999") == set()


def test_older_ids_that_lead_in_a_circle_end_the_search(store: IdentityStore, lease: Lease) -> None:
    for _ in range(3):
        store.new_identity_id()
    circle = [
        Identity("p1", merged_into="p3"),
        Identity("p2", merged_into="p1"),
        Identity("p3", merged_into="p2"),
    ]
    store.commit(Effects(identities=circle), lease)
    assert store.aliases("p1") == {"p2", "p3"}


# Of some.


def test_tracks_are_those_of_a_source_or_of_a_person(store: IdentityStore, lease: Lease) -> None:
    tracks = [a_track("v-1.0.0"), a_track("v-1.5.0"), a_track("v-2.0.0", source_id="v-2")]
    store.commit(Effects(tracks=tracks, members_added={"p1": {"v-2.0.0", "v-1.0.0"}}), lease)
    assert store.track_ids() == ["v-1.0.0", "v-1.5.0", "v-2.0.0"]
    assert store.track_ids("v-1") == ["v-1.0.0", "v-1.5.0"]
    assert store.track_ids(identity_id="p1") == ["v-1.0.0", "v-2.0.0"]
    assert store.track_ids(identity_id="p2") == []


def test_sources_are_those_of_the_ids_that_are_known(store: IdentityStore) -> None:
    for number, path in ((1, "/c"), (2, "/a"), (3, "/b")):
        store.register_source(a_source(f"v-{number}", path=path))
    assert [source.path for source in store.sources({"v-1", "v-2", "v-9"})] == ["/a", "/c"]
    assert store.sources([]) == []


def test_crops_come_in_the_order_that_they_were_asked_for(store: IdentityStore, lease: Lease) -> None:
    made = [a_sample(f"s{k}", crop_jpeg=b"" if k % 3 == 0 else f"jpeg {k}".encode()) for k in range(601)]
    store.commit(Effects(samples=made), lease)
    asked = [*(f"s{k}" for k in range(600, -1, -1)), "unknown"]
    expected = [*(sample.crop_jpeg or None for sample in reversed(made)), None]
    assert list(store.crops(asked)) == expected


# In pages.


def test_a_large_table_of_templates_is_read_whole(store: IdentityStore, lease: Lease) -> None:
    tracks = {f"v-1.{k}.0": f"p{k % 7 + 1}" for k in range(12_000)}
    store.commit(Effects(templates=dict.fromkeys(tracks, a_template()), assignments=dict(tracks)), lease)
    assert store.template_ids() == tracks.keys()
    assert store.assignments() == tracks
    table = store.templates(128)
    owners = [table.identity_ids[k] for k in table.owners]
    assert dict(zip(table.track_ids, owners, strict=True)) == tracks
    pages = [*store.template_pages(128)]
    assert len(pages) > 1
    assert {
        track_id: page.identity_ids[owner]
        for page in pages
        for track_id, owner in zip(page.track_ids, page.owners, strict=True)
    } == tracks


def test_templates_of_some_tracks_are_those_that_are_there_and_belong_to_somebody(
    store: IdentityStore, lease: Lease
) -> None:
    templates = dict.fromkeys(["v-1.0.0", "v-1.1.0", "v-1.2.0"], a_template())
    assignments: dict[str, str | None] = {"v-1.0.0": "p2", "v-1.1.0": "p1", "v-1.9.0": "p1"}
    store.commit(Effects(templates=templates, assignments=assignments), lease)
    table = store.templates_of(["v-1.1.0", "v-1.2.0", "v-1.9.0", "v-7.0.0"], 128)
    assert (table.track_ids, table.identity_ids) == (("v-1.1.0",), ("p1",))
    assert store.templates_of([], 128).track_ids == ()


def test_a_long_stream_is_read_whole_and_in_order(
    store: IdentityStore, client: redis.Redis, keys: Keys
) -> None:
    with client.pipeline() as pipe:
        for k in range(11_000):
            pipe.xadd(keys.faces, {"frame": k})
        ids = pipe.execute()
    client.xdel(keys.faces, ids[3], ids[5000])
    kept = [k for k in range(11_000) if k not in (3, 5000)]
    assert list(store.stream(keys.faces)) == [(ids[k], {b"frame": str(k).encode()}) for k in kept]
    assert list(store.stream(keys.dead)) == []
