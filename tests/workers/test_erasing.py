"""What is over age, of a source, or from before a moment goes as the forgotten do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cluster_bench import Bench, new_bench, until
from decider import Decider
from synthetic import Cast, a_source
from test_forgetting import Contents, everything, samples_of, secrets_of, traces, without_track

from storage.commands import Hash
from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.erasure_record import ErasureRecord
from storage.identity_record import ChangeKind, Identity
from storage.requests import EraseRequest, Extent, ForgetRequest
from storage.retention_policy import DAY_S, RetentionPolicy
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.webhook_record import WebhookState
from storage.webhook_store import WebhookStore
from workers.erasures import Erasures
from workers.roster import Roster

EXPIRED = EraseRequest(Extent.RETENTION)
OLD_S, NEW_S = 0.0, 90 * DAY_S


def bench_with_a_camera(handle: RedisHandle) -> Bench:
    """A collection with a camera that began a hundred days ago."""
    result = new_bench(handle)
    result.store.register_source(a_source("c-door", kind="camera", recorded_at_s=time.time() - 100 * DAY_S))
    result.client.set(result.keys.next_identity, 7_000)
    return result


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    return bench_with_a_camera(handle)


def camera(cast: Cast, person: int, number: int, start_s: float) -> list[Entry]:
    return cast.track(person, number, source_id="c-door", start_s=start_s + number * 10)


def keep(bench: Bench, **days: float) -> None:
    for name, value in RetentionPolicy(**days).encode().items():  # type: ignore[arg-type]
        bench.client.hset(bench.keys.retention, name, value)


def left_of(bench: Bench, secrets: set[bytes]) -> set[str]:
    """Keys in which something of somebody is found."""
    return {key for key, _ in traces(everything(bench), secrets)}


def erasures(bench: Bench) -> list[ErasureRecord]:
    return [replace(record, at_s=0.0) for record in bench.store.erasures(None)]


def test_unnamed_people_go_when_they_are_over_age_and_leave_a_tombstone(bench: Bench) -> None:
    cast = Cast()
    hers = [camera(cast, 0, 0, OLD_S), camera(cast, 0, 1, OLD_S)]
    his, theirs = camera(cast, 1, 2, NEW_S), cast.track(2, 3)
    with bench.running():
        bench.take_in(*hers, his, theirs, recluster=True)
        assert bench.people().keys() == {"p7001", "p7002", "p7003"}
        keep(bench, unnamed=30, named=float("inf"))
        before: Contents = everything(bench)
        bench.take_in([EXPIRED])
        secrets = secrets_of(["p7001"], *hers)
        assert all(traces(before, {secret}) for secret in secrets)
        # He was seen lately, and they in a video.
        assert bench.people().keys() == {"p7002", "p7003"}
        assert left_of(bench, secrets) == {bench.keys.identity("p7001"), bench.keys.changes}
        assert bench.store.person("p7001") == Identity("p7001", forgotten=True)
        assert [c.kind for c in bench.changes() if c.identity_id == "p7001"] == [ChangeKind.FORGOTTEN]
        assert erasures(bench) == [ErasureRecord("retention", tracks=2, people=1)]
        bench.take_in(recluster=True)
    assert bench.people().keys() == {"p7002", "p7003"}
    bench.assert_consistent()


def test_a_leader_finds_what_is_over_age_by_itself(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(camera(cast, 0, 0, OLD_S), camera(cast, 1, 1, NEW_S))
    keep(bench, unnamed=30, named=30)
    told: list[bool] = []
    worker = bench.running(on_erased=lambda: told.append(True))
    with worker:
        until(lambda: bool(bench.failed or told))
    assert bench.people().keys() == {"p7002"}


def test_people_with_names_are_kept_as_long_as_theirs_are(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(camera(cast, 0, 0, OLD_S), camera(cast, 1, 1, OLD_S))
        assert bench.log.rename("p7001", "Ada Lovelace")
        keep(bench, unnamed=30, named=float("inf"))
        bench.take_in([EXPIRED])
        assert bench.people().keys() == {"p7001"}
        keep(bench, unnamed=30, named=60)
        bench.take_in([EXPIRED])
    assert bench.people() == {}
    assert not traces(everything(bench), {b"Ada Lovelace"})


def test_old_sightings_go_while_the_person_stays_with_another_picture(bench: Bench) -> None:
    cast = Cast()
    old, new = camera(cast, 0, 0, OLD_S), camera(cast, 0, 1, NEW_S)
    with bench.running():
        bench.take_in(old, new, recluster=True)
        (person,) = bench.store.people()
        assert any(sample_id.startswith("c-door.0.") for sample_id in person.thumbnails)
        keep(bench, sightings=30)
        bench.take_in([EXPIRED])
    (person,) = bench.store.people()
    assert person.identity_id == "p7001"
    assert person.tracks == 1
    assert person.thumbnails
    assert all(sample_id.startswith("c-door.1.") for sample_id in person.thumbnails)
    assert left_of(bench, secrets_of([], old)) == set()
    assert erasures(bench) == [ErasureRecord("retention", tracks=1)]
    bench.assert_consistent()


def test_pictures_go_while_vectors_stay(bench: Bench) -> None:
    cast = Cast()
    old, new = camera(cast, 0, 0, OLD_S), camera(cast, 1, 1, NEW_S)
    with bench.running():
        bench.take_in(old, new, recluster=True)
        before = {s.sample_id: s.vector for s in bench.store.samples(["c-door.0.0.0", "c-door.0.0.1"])}
        keep(bench, pictures=30)
        bench.take_in([EXPIRED])
    assert not traces(everything(bench), {b"jpeg of c-door.0.0"})
    assert traces(everything(bench), {b"jpeg of c-door.1.1"})
    after = {s.sample_id: s.vector for s in bench.store.samples(before)}
    assert {key: vector.tolist() for key, vector in after.items()} == {
        key: vector.tolist() for key, vector in before.items()
    }
    assert {p.identity_id: bool(p.thumbnails) for p in bench.store.people()} == {
        "p7001": False,
        "p7002": True,
    }
    assert erasures(bench) == [ErasureRecord("retention", pictures=1)]
    # Nor does a worker that begins anew bring them back, or erase them twice.
    with bench.running():
        bench.take_in([EXPIRED])
    assert len(erasures(bench)) == 1


def test_entries_of_streams_go_by_their_age(bench: Bench) -> None:
    bench.queue.prepare()
    keys = bench.keys
    aged = [keys.changes, keys.faces, keys.dead, keys.reclusters]
    for key in aged:
        for days_ago in (31, 29):
            entry_id = f"{int((time.time() - days_ago * DAY_S) * 1000)}-0"
            bench.client.xadd(key, {"source_id": f"{days_ago}"}, id=entry_id)
    keep(bench, streams=30)
    with bench.running():
        bench.take_in([EXPIRED])
    assert [[raw for _, raw in bench.client.xrange(key)] for key in aged] == [[{b"source_id": b"29"}]] * 4


def test_more_than_one_step_takes_goes_in_several_and_other_entries_are_taken_in_between(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.erasures._ERASED_AT_ONCE", 2)
    cast = Cast()
    with bench.running():
        bench.take_in(*(camera(cast, k % 3, k, OLD_S) for k in range(7)), at_once=True)
        keep(bench, unnamed=30)
        first, later = bench.queue.send([EXPIRED]), bench.queue.send(camera(cast, 4, 9, NEW_S))
        for entry_id in (first, later):
            assert entry_id is not None
            until(lambda i=entry_id: bool(bench.failed) or bench.queue.is_taken_in(i))
    assert [sorted(tracks) for tracks in bench.people().values()] == [["c-door.9.4"]]
    assert sum(record.tracks for record in erasures(bench)) == 7
    assert max(record.tracks for record in erasures(bench)) == 2
    assert sum(record.people for record in erasures(bench)) == 3


def test_streams_are_read_once_for_many_steps_and_not_at_one_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.erasures._ERASED_AT_ONCE", 2)
    monkeypatch.setattr("workers.look_ahead._ENTRIES_AT_ONCE", 10)
    monkeypatch.setattr("workers.erasing_entries._MOST_READ", 10)
    cast = Cast()
    doomed = [cast.track(k % 4, k) for k in range(12)]
    left = [cast.track(k % 4, k, source_id="v-2") for k in range(23, 26)]
    bench.store.register_source(a_source("v-2"))
    begun: list[str] = []
    reads = [0]
    whole = bench.store.stream

    def counted(key: str, after: bytes = b"", below: bytes = b"") -> Iterator[tuple[bytes, Hash]]:
        if not after:
            begun.append(key)
        for entry in whole(key, after, below):
            reads[0] += 1
            yield entry

    most = 0
    erase = Roster.erase

    def erased(self: Roster, *arguments: Any) -> tuple[set[str], bool]:
        nonlocal most
        reads[0] = 0
        result = erase(self, *arguments)
        most = max(most, reads[0])
        return result

    with bench.running():
        bench.take_in(*doomed, *left, at_once=True, recluster=True)
        for entries in (*doomed, *left):
            bench.queue.send([], faces=[*samples_of(entries), without_track(entries, 2)])
            bench.queue.send([], faces=[replace(samples_of(entries)[0], track_id="", frame=9_999)])
        monkeypatch.setattr(bench.store, "stream", counted)
        monkeypatch.setattr(Roster, "erase", erased)
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
    assert sum(record.tracks for record in erasures(bench)) == 12
    assert max(record.tracks for record in erasures(bench)) == 2
    # Once for what tells of tracks, and once for what belongs to nobody's.
    assert Counter(begun)[bench.keys.faces] == 2
    assert Counter(begun)[bench.keys.changes] == 1
    # What came while it was looked at is read as well, of each stream.
    assert most <= 30
    assert left_of(bench, {b"v-1", *secrets_of([], *doomed)}) == set()
    assert bench.client.xlen(bench.keys.faces) == 4 * len(left)
    bench.assert_consistent()


def test_a_source_is_erased_although_it_is_being_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.erasures._ERASED_AT_ONCE", 3)
    monkeypatch.setattr("workers.look_ahead._ENTRIES_AT_ONCE", 25)
    cast = Cast()
    steps, erase = [0], Roster.erase

    def erased(self: Roster, *arguments: Any) -> tuple[set[str], bool]:
        # Somebody comes in each step, and may be nobody: such tracks go first.
        steps[0] += 1
        bench.queue.send(cast.track(steps[0] % 4, 100 + steps[0], founder=steps[0] % 2 == 0))
        return erase(self, *arguments)

    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(9)), at_once=True, recluster=True)
        monkeypatch.setattr(Roster, "erase", erased)
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
        monkeypatch.setattr(Roster, "erase", erase)
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
    assert bench.people() == {}
    assert sum(record.tracks for record in erasures(bench)) == 9 + steps[0]
    assert steps[0] < 100


def test_what_a_worker_that_died_had_not_erased_the_next_one_erases(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.erasures._ERASED_AT_ONCE", 1)
    cast = Cast()
    with bench.running():
        bench.take_in(*(camera(cast, k, k, OLD_S) for k in range(4)), at_once=True)
    steps = 0
    whole = Erasures.advance

    def dying(self: Erasures) -> bool:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt
        return whole(self)

    asked = bench.queue.send([EraseRequest(Extent.ALL)])
    assert asked is not None
    with monkeypatch.context() as patch:
        patch.setattr(Erasures, "advance", dying)
        with pytest.raises(KeyboardInterrupt), bench.running():
            until(lambda: bool(bench.failed))
    bench.failed.clear()
    assert 0 < len(bench.people()) < 4
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(asked))
    assert bench.people() == {}
    assert bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 0


def test_whoever_is_named_at_that_very_moment_is_not_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(camera(cast, 0, 0, OLD_S), camera(cast, 1, 1, OLD_S))
        names, asked = bench.store.names, []

        def named_right_after() -> dict[str, str]:
            found = names()
            if not asked:
                asked.append(True)
                assert bench.log.rename("p7001", "Ada")
            return found

        monkeypatch.setattr(bench.store, "names", named_right_after)
        keep(bench, unnamed=30)
        bench.take_in([EXPIRED])
    assert bench.people().keys() == {"p7001"}
    (person,) = bench.store.people()
    assert person.name == "Ada"


def test_a_source_goes_with_its_record_and_what_streams_hold_of_it(bench: Bench) -> None:
    cast = Cast()
    film, door = cast.track(0, 0), camera(cast, 0, 1, NEW_S)
    with bench.running():
        bench.take_in(film, door, recluster=True)
        for source_id, entries in (("v-1", film), ("c-door", door)):
            bench.queue.send([], faces=[replace(samples_of(entries)[0], track_id="", sample_id="x")])
            bench.client.xadd(bench.keys.dead, {"source_id": source_id, "track_id": "other"})
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
    assert bench.people() == {"p7001": {"c-door.1.0"}}
    assert bench.store.source("v-1") is None
    assert left_of(bench, {b"v-1", *secrets_of([], film)}) == set()
    assert [raw[b"source_id"] for raw in bench.dead()] == [b"c-door"]
    assert bench.client.xlen(bench.keys.faces) == 1
    with bench.running():
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("c-door",))])
    # A camera's time counts from its registration.
    assert bench.store.source("c-door") is not None
    assert bench.people() == {}


def test_what_was_seen_before_a_moment_goes(bench: Bench) -> None:
    cast = Cast()
    old, new = camera(cast, 0, 0, OLD_S), camera(cast, 0, 1, NEW_S)
    undated = cast.track(1, 2)
    with bench.running():
        bench.take_in(old, new, undated, recluster=True)
        bench.take_in([EraseRequest(Extent.BEFORE, before_s=time.time() - 30 * DAY_S)])
    assert bench.people() == {"p7001": {"c-door.1.0"}, "p7002": {"v-1.2.1"}}
    assert left_of(bench, secrets_of([], old)) == set()


def test_nobody_is_left_when_everybody_is_forgotten(bench: Bench) -> None:
    cast = Cast()
    tracks = [camera(cast, k % 3, k, OLD_S) for k in range(4)] + [cast.track(3, 9, founder=False)]
    webhooks = WebhookStore(bench.client, bench.keys)
    bench.client.sadd(bench.keys.webhooks, "w1")
    with bench.running():
        bench.take_in(*tracks, recluster=True)
        webhooks.set_state("w1", WebhookState("1-0"), ("p7001", 1.8e9))
        bench.client.zadd(bench.keys.webhook_told("w1"), {"p7001": 1.8e9})
        bench.queue.send([], faces=[replace(samples_of(tracks[0])[0], track_id="", frame=9)])
        assert bench.log.rename("p7001", "Ada Lovelace")
        bench.take_in([EraseRequest(Extent.ALL)])
    assert bench.people() == {}
    assert bench.store.track_ids() == []
    assert left_of(bench, secrets_of([], *tracks, name="Ada Lovelace")) == set()
    assert bench.client.xlen(bench.keys.faces) == 0
    assert bench.client.zcard(bench.keys.webhook_told("w1")) == 0
    # Ids that somebody wrote down lead to a tombstone.
    assert {bench.store.person(f"p700{n}") for n in (1, 2, 3)} == {
        Identity(f"p700{n}", forgotten=True) for n in (1, 2, 3)
    }


def test_whose_tracks_others_took_over_in_the_same_step_is_not_forgotten_for_that(
    bench: Bench, decide: Decider
) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), recluster=True)
    people = bench.people()
    # Both wait when the next worker comes: the track is somebody else's by then.
    decide.wait = False
    decide.merge("p7002", "p7001")
    last = bench.queue.send([ForgetRequest("p7001", exactly=True)])
    assert last is not None
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert bench.people() == {"p7002": people["p7001"] | people["p7002"]}


def test_nothing_is_left_of_what_was_said_of_people_who_had_vanished(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.erasing._MOST_PAST", 2)
    cast = Cast()
    people = range(7_001, 7_006)
    with bench.running():
        bench.take_in(*(cast.track(k, k) for k in range(5)), cast.track(6, 6, start_s=200.0))
        for number in people:
            assert bench.log.rename(f"p{number}", f"Lovelace {number}")
        bench.take_in([SegmentDone("v-1", 0.0, 100.0, track_ids=())])
        assert bench.people().keys() == {"p7006"}
        bench.take_in([EraseRequest(Extent.ALL)])
    assert bench.people() == {}
    assert left_of(bench, {b"Lovelace"}) == set()
    assert all(bench.store.person(f"p{n}") == Identity(f"p{n}", forgotten=True) for n in people)


def test_a_damaged_policy_erases_nothing_and_stops_nobody(bench: Bench) -> None:
    cast = Cast()
    bench.client.hset(bench.keys.retention, "unnamed", "soon")
    with bench.running():
        bench.take_in(camera(cast, 0, 0, OLD_S))
        bench.take_in([EXPIRED])
    assert bench.people().keys() == {"p7001"}


def test_a_face_that_no_track_names_goes_with_its_source(bench: Bench) -> None:
    cast = Cast()
    hers = camera(cast, 0, 0, OLD_S)
    samples = hers[:-1]
    *others, _ = cast.track(1, 1)
    with bench.running():
        bench.take_in(samples, others)
        assert len(bench.store.unclaimed()) == len(samples) + len(others)
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("c-door",))])
    assert left_of(bench, secrets_of([], hers)) == set()
    assert bench.store.unclaimed().keys() == {s.sample_id for s in others if isinstance(s, FaceSample)}
    assert [record.entries for record in bench.store.erasures(None)] == [len(samples)]


def test_a_face_that_no_track_names_is_kept_as_long_as_people_without_a_name(bench: Bench) -> None:
    cast = Cast()
    *samples, _ = camera(cast, 0, 0, OLD_S)
    *of_a_file, _ = cast.track(1, 1)
    with bench.running():
        bench.take_in(samples, of_a_file)
        keep(bench, unnamed=30)
        for number, sample_id in enumerate(bench.store.unclaimed()):
            taken_in_s = time.time() - (31 if number else 29) * DAY_S
            bench.client.zadd(bench.keys.unclaimed, {sample_id: taken_in_s})
        bench.take_in([EXPIRED])
    left = bench.store.unclaimed()
    assert len(left) == len(of_a_file) + 1
    assert {s.sample_id for s in of_a_file if isinstance(s, FaceSample)} < left.keys()


def test_faces_of_cameras_that_could_not_be_taken_in_go_by_age_as_well(bench: Bench) -> None:
    cast = Cast()
    *samples, _ = camera(cast, 0, 0, OLD_S)
    *of_a_file, _ = cast.track(1, 1)
    for sample in (*samples, *of_a_file):
        assert isinstance(sample, FaceSample)
        fields = {"type": "sample", **sample.encode()}
        bench.client.xadd(bench.keys.dead, fields, id=f"{int((time.time() - 31 * DAY_S) * 1000)}-*")
        bench.client.xadd(bench.keys.faces, sample.encode())
    keep(bench, unnamed=30)
    with bench.running():
        bench.take_in([EXPIRED])
    assert len(bench.dead()) == len(of_a_file)
    assert bench.client.xlen(bench.keys.faces) == len(samples) + len(of_a_file)


def test_a_track_that_nobody_may_have_goes_as_others_do(bench: Bench) -> None:
    cast = Cast()
    # Without its samples, as those could not be taken in.
    *_, mute = camera(cast, 0, 0, OLD_S)
    with bench.running():
        bench.take_in([mute])
        assert len(bench.store.track_ids()) == 1
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("c-door",))])
    assert bench.store.track_ids() == []
    bench.assert_consistent()
