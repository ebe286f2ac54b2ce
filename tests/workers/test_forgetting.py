"""After somebody was forgotten, nothing tells of them, and all of what tells of others is as it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from cluster_bench import Bench, new_bench, until
from synthetic import CALIBRATION, Cast, a_source

from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.identity_record import ChangeKind, Identity
from storage.requests import ForgetRequest, LookAgainRequest, ReclusterRequest
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition

# Numbers that stand nowhere by chance, so that a look for them finds nothing else.
FIRST = 7_001
ADA, BOB, CAROL = (f"p{FIRST + k}" for k in range(3))
# As many entries as a worker takes in at once.
BATCH = 256
# Contents of a collection: element (field, member, entry) and what it holds, by key.
Contents = dict[str, dict[bytes, bytes]]


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    result = new_bench(handle)
    result.store.register_source(a_source("v-2"))
    result.client.set(result.keys.next_identity, FIRST - 1)
    return result


@dataclass
class Told(TrackClusterer):
    """Groups tracks as it is told to: by their person, and those of `same` as one."""

    cast: Cast
    same: list[set[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(CALIBRATION)

    def recluster(
        self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
    ) -> Partition:
        clusters: dict[int, list[str]] = {}
        for track_id in sorted(self._tracks):
            person = self.cast.person_of[track_id]
            joined = next((min(people) for people in self.same if person in people), person)
            clusters.setdefault(joined, []).append(track_id)
        return Partition(tuple(tuple(tracks) for tracks in clusters.values()), ())


def samples_of(entries: Sequence[Entry]) -> list[FaceSample]:
    return [entry for entry in entries if isinstance(entry, FaceSample)]


def without_track(entries: Sequence[Entry], moment: int = 0) -> FaceSample:
    """A face of the log that belongs to no live track, a little beside that of a track."""
    sample, track = samples_of(entries)[0], entries[-1]
    assert isinstance(track, TrackRecord)
    seen = track.observations[moment]
    return replace(
        sample,
        sample_id=f"{sample.source_id}.{int(seen['frame'])}.face",
        track_id="",
        frame=int(seen["frame"]),
        media_s=float(seen["media_s"]),
        box_xyxy=seen["box_xyxy"] + np.float32(8),
        crop_jpeg=b"",
    )


def everything(bench: Bench) -> Contents:
    """All keys and values of the collection but the lease."""
    found: Contents = {}
    client = bench.client
    for name in client.scan_iter(bench.keys.meta.removesuffix("meta") + "*"):
        key = name.decode()
        match client.type(name):
            case b"hash":
                found[key] = client.hgetall(name)
            case b"set":
                found[key] = dict.fromkeys(client.smembers(name), b"")
            case b"zset":
                found[key] = {
                    member: b"%r" % score for member, score in client.zrange(name, 0, -1, withscores=True)
                }
            case b"stream":
                found[key] = {
                    entry_id: b"\0".join(part for pair in raw.items() for part in pair)
                    for entry_id, raw in client.xrange(name)
                }
            case b"string":
                found[key] = {b"": client.get(name)}
    found.pop(bench.keys.leader, None)
    # A count of steps tells of nobody, and of a term that does nothing as well.
    found.pop(bench.keys.steps, None)
    return found


def traces(contents: Contents, secrets: set[bytes]) -> set[tuple[str, bytes]]:
    """Places where something of a person is found: keys and their elements."""
    return {
        (key, element)
        for key, elements in contents.items()
        for element, value in elements.items()
        if any(secret in part for secret in secrets for part in (key.encode(), element, value))
    }


def secrets_of(person_ids: Sequence[str], *tracks: Sequence[Entry], name: str = "") -> set[bytes]:
    """Everything that would give a person away."""
    found = {person_id.encode() for person_id in person_ids}
    for entries in tracks:
        track = entries[-1]
        assert isinstance(track, TrackRecord)
        found.add(track.track_id.encode())
        for sample in samples_of(entries):
            found |= {sample.sample_id.encode(), sample.vector.astype("<f2").tobytes(), sample.crop_jpeg}
    return {secret for secret in found | {name.encode()} if secret}


def assert_only_told_of(bench: Bench, before: Contents, secrets: set[bytes], *person_ids: str) -> None:
    """Of the people nothing is left but their ids; of others, everything is as it was.

    Args:
        bench: The collection.
        before: What was in it.
        secrets: What gives them away, ids included.
        person_ids: Them; the first is who they were last.
    """
    keys = bench.keys
    after = everything(bench)
    # What may be left of them: that there was somebody, and that they were forgotten.
    for person_id in person_ids:
        tombstone = {b"identity_id": person_id.encode(), b"forgotten": b"1"}
        assert after.pop(keys.identity(person_id)) == tombstone
    newest = bench.changes()[-1]
    assert (newest.kind, newest.identity_id) == (ChangeKind.FORGOTTEN, person_ids[0])
    assert (newest.track_id, newest.thumbnail, newest.other_id) == ("", "", "")
    after[keys.changes].popitem()
    number = after.pop(keys.next_identity)[b""]
    assert int(number) >= max(int(person_id[1:]) for person_id in person_ids)
    assert traces(after, secrets) == set()
    # Nor of what was decided about them, but when and what kind it was.
    decisions = after.get(keys.decisions, {})
    for number in [number for number, row in decisions.items() if b"redacted" in row]:
        assert json.loads(decisions.pop(number)).keys() == {"kind", "made_at_s", "redacted"}
    # And nothing else went. What is left of an element is as it was, byte for byte.
    gone = traces(before, secrets)
    expected = {
        key: {element: value for element, value in elements.items() if (key, element) not in gone}
        for key, elements in before.items()
        if key != keys.next_identity
    }
    for contents in (expected, after):
        # How many tracks and people there were tells of nobody.
        contents.pop(keys.reclusters, None)
        contents[keys.meta].pop(b"decisions_applied", None)
        # Nor do the lines that say when how much was erased.
        contents.pop(keys.erasures, None)
        contents[keys.meta].pop(b"erased_at_s", None)
        for key in (keys.source("v-1"), keys.source("v-2")):
            for name in (b"forgotten", b"ranges", b"complete", b"sampled"):
                contents[key].pop(name, None)
    assert {key: rows for key, rows in after.items() if rows} == {
        k: rows for k, rows in expected.items() if rows
    }


def forgotten_in(bench: Bench, source_id: str) -> int:
    source = bench.store.source(source_id)
    assert source is not None
    return source.forgotten


# Every trace ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [ADA, CAROL], ids=["by their id", "by an older id"])
@pytest.mark.parametrize("restarted", [False, True], ids=["same worker", "another worker"])
def test_of_somebody_who_was_forgotten_no_trace_is_left(bench: Bench, asked: str, restarted: bool) -> None:
    cast = Cast()
    keys, client = bench.keys, bench.client
    hers = [
        cast.track(0, 0, frames=20),
        cast.track(0, 4, source_id="v-2"),
        # The same face, that looks like nobody at first.
        cast.track(2, 2, continues="v-1.0.0"),
    ]
    # Bob is seen with her in the same frames, beside her.
    beside = cast.track(1, 10, start_s=0.0, frames=20)
    assert isinstance(beside[-1], TrackRecord)
    beside[-1].observations["box_xyxy"] += np.float32(300)
    his = [cast.track(1, 1), beside, cast.track(1, 5, source_id="v-2")]
    her_faces = [samples_of(hers[0])[0], without_track(hers[0], 7), without_track(hers[1])]
    his_faces = [samples_of(his[0])[0], without_track(his[1], 7), without_track(his[2])]
    elsewhere = replace(without_track(hers[0], 7), source_id="v-2", vector=cast.vector(9, 1), sample_id="x")
    damaged = [{"type": "sample", **samples_of(t)[0].encode(), "vector": b"\x00"} for t in (hers[1], his[2])]

    def clusterer() -> TrackClusterer:
        return Told(cast, [{0, 2}])

    with bench.running(clusterer):
        bench.take_in(hers[0], his[0], hers[2], hers[1], *his[1:])
        bench.queue.send([], faces=[face for pair in zip(her_faces, his_faces, strict=True) for face in pair])
        bench.queue.send([], faces=[elsewhere])
        for fields in [*damaged, {"type": "banana"}]:
            client.xadd(keys.samples, fields)
        bench.take_in(recluster=True)
        assert bench.log.rename(ADA, "Ada Lovelace")
        assert bench.log.rename(BOB, "Bob")
        tracks = [{entries[-1].track_id for entries in group} for group in (hers, his)]  # type: ignore[union-attr]
        assert bench.people() == dict(zip((ADA, BOB), tracks, strict=True))
        assert bench.store.aliases(ADA) == {CAROL}
        before = everything(bench)
        assert len(before[keys.dead]) == 3
        assert len(before[keys.faces]) == 7
        if not restarted:
            bench.take_in([ForgetRequest(asked)])
    if restarted:
        with bench.running(clusterer):
            bench.take_in([ForgetRequest(asked)])
    secrets = secrets_of([ADA, CAROL], *hers, name="Ada Lovelace")
    # Each of them was there to be found.
    assert all(traces(before, {secret}) for secret in secrets)
    secrets |= {face.vector.astype("<f2").tobytes() for face in her_faces}
    assert_only_told_of(bench, before, secrets, ADA, CAROL)
    assert (len(bench.dead()), client.xlen(keys.faces)) == (2, 4)
    assert bench.people() == {BOB: tracks[1]}
    assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [1, 1]
    bench.assert_consistent()
    # Neither after a restart nor in a re-cluster do they come back.
    with bench.running(clusterer):
        bench.take_in(recluster=True)
    assert bench.people() == {BOB: tracks[1]}
    assert_only_told_of(bench, before, secrets, ADA, CAROL)


def test_their_ids_are_not_used_again(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.take_in([ForgetRequest(BOB)])
        # The same face again: somebody new.
        bench.take_in(cast.track(1, 2))
    assert bench.people() == {ADA: {"v-1.0.0"}, CAROL: {"v-1.2.1"}}
    assert bench.store.person(BOB) == Identity(BOB, forgotten=True)


def test_entries_that_wait_are_taken_out_of_the_queue(bench: Bench) -> None:
    cast = Cast()
    first, his = cast.track(0, 0, ended=False), cast.track(1, 1)
    grown, his_second = cast.track(0, 0, samples=4), cast.track(1, 2)
    with bench.running():
        bench.take_in(first, his)
    before = everything(bench)
    # What comes of them after the first batch has not been looked at yet when they are forgotten.
    fillers = [LookAgainRequest("nowhere") for _ in range(BATCH - 1)]
    last = bench.queue.send([ForgetRequest(ADA), *fillers, *grown, *his_second])
    assert last is not None
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert bench.people() == {BOB: {"v-1.1.1", "v-1.2.1"}}
    secrets = secrets_of([ADA], first, grown)
    assert traces(before, secrets)
    left = {key for key, _ in traces(everything(bench), secrets)}
    assert left == {bench.keys.identity(ADA), bench.keys.changes}
    assert [c.kind for c in bench.changes() if c.identity_id == ADA] == [ChangeKind.FORGOTTEN]
    assert bench.client.xlen(bench.keys.samples) == 0
    bench.assert_consistent()


def test_a_sample_whose_track_comes_in_the_next_step_goes_as_well(bench: Bench) -> None:
    cast = Cast()
    first, grown = cast.track(0, 0, samples=1, ended=False), cast.track(0, 0, samples=2)
    with bench.running():
        bench.take_in(first)
    before = everything(bench)
    # The batch ends between the second sample and its track.
    fillers = [LookAgainRequest("nowhere") for _ in range(BATCH - 3)]
    last = bench.queue.send([ForgetRequest(ADA), *fillers, *grown])
    assert last is not None
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert_only_told_of(bench, before, secrets_of([ADA], first, grown), ADA)


def test_whoever_became_part_of_somebody_else_is_not_forgotten_where_they_alone_are_meant(
    bench: Bench,
) -> None:
    cast = Cast()
    clusterer = Told(cast)
    with bench.running(lambda: clusterer):
        bench.take_in(cast.track(0, 0), cast.track(1, 1), recluster=True)
        clusterer.same.append({0, 1})
        bench.take_in(recluster=True)
        (left,) = bench.people()
        gone = BOB if left == ADA else ADA
        bench.take_in([ForgetRequest(gone, exactly=True)])
        assert bench.people().keys() == {left}
        bench.take_in([ForgetRequest(gone)])
    assert bench.people() == {}


# In one step ----------------------------------------------------------------------------------------------


def test_who_comes_and_is_forgotten_in_one_step_leaves_nothing(bench: Bench) -> None:
    cast = Cast()
    hers, his = [cast.track(0, 0), cast.track(0, 4, source_id="v-2")], cast.track(1, 1)
    with bench.running():
        bench.take_in(his, recluster=True)
        before = everything(bench)
        bench.take_in([ForgetRequest(BOB)], *hers, [ReclusterRequest("end")], at_once=True)
    assert_only_told_of(bench, before, secrets_of([BOB], *hers), BOB)
    assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [1, 1]


def test_a_track_of_theirs_that_comes_in_that_step_goes_with_the_others(bench: Bench) -> None:
    cast = Cast()
    first, his = cast.track(0, 0, ended=False), cast.track(1, 1)
    more = [cast.track(0, 0, samples=4, frames=30), cast.track(0, 2), cast.track(0, 5, source_id="v-2")]
    logged = without_track(more[1], 4)
    with bench.running():
        bench.take_in(first, his)
        bench.queue.send([], faces=[logged])
        before = everything(bench)
        bench.take_in([ForgetRequest(ADA)], *more, at_once=True)
    secrets = secrets_of([ADA], first, *more) | {logged.sample_id.encode()}
    assert_only_told_of(bench, before, secrets, ADA)
    assert bench.client.xlen(bench.keys.faces) == 0
    assert bench.people() == {BOB: {"v-1.1.1"}}


def test_what_can_not_be_read_of_them_in_that_step_is_not_put_aside(bench: Bench) -> None:
    cast = Cast()
    hers, his = cast.track(0, 0), cast.track(1, 1)
    bench.queue.prepare()
    with bench.running():
        bench.take_in(hers, his)
        before = everything(bench)
    for entries in (hers, his):
        damaged = {"type": "sample", **samples_of(entries)[0].encode(), "media_s": "soon"}
        bench.client.xadd(bench.keys.samples, damaged)
    with bench.running():
        bench.take_in([ForgetRequest(ADA)])
    assert [raw[b"track_id"] for raw in bench.dead()] == [b"v-1.1.1"]
    bench.client.delete(bench.keys.dead)
    assert_only_told_of(bench, before, secrets_of([ADA], hers), ADA)


@pytest.mark.parametrize("asked", [ADA, BOB, CAROL])
def test_who_is_merged_is_forgotten_with_all_older_ids(bench: Bench, asked: str) -> None:
    cast = Cast()
    hers, other = (
        [cast.track(0, 0, frames=60), cast.track(1, 1, frames=20), cast.track(2, 2)],
        cast.track(3, 3),
    )
    clusterer = Told(cast)
    with bench.running(lambda: clusterer):
        bench.take_in(*hers, other)
        assert list(bench.people()) == [ADA, BOB, CAROL, f"p{FIRST + 3}"]
        bench.log.rename(CAROL, "Carol")
        # The third became the second, with her name, and then the second becomes the first.
        clusterer.same = [{1, 2}]
        bench.take_in(recluster=True)
        assert bench.store.names() == {BOB: "Carol"}
        before = everything(bench)
        clusterer.same = [{0, 1, 2}]
        bench.take_in(recluster=True)
        bench.take_in([ForgetRequest(asked)])
    secrets = secrets_of([ADA, BOB, CAROL], *hers, name="Carol")
    assert_only_told_of(bench, before, secrets, ADA, BOB, CAROL)
    assert bench.people() == {f"p{FIRST + 3}": {"v-1.3.3"}}


def test_who_is_split_off_stays(bench: Bench) -> None:
    cast = Cast()
    first, *others = cast.track(0, 0), cast.track(1, 1, frames=20), cast.track(1, 2, frames=20)
    clusterer = Told(cast, [{0, 1}])
    with bench.running(lambda: clusterer):
        bench.take_in(first, *others, recluster=True)
        # Ada was taken for Bob until now.
        assert list(bench.people()) == [BOB]
        clusterer.same = []
        bench.take_in([ReclusterRequest("end")], [ForgetRequest(BOB)])
    assert bench.people() == {CAROL: {"v-1.0.0"}}
    left = {key for key, _ in traces(everything(bench), secrets_of([ADA, BOB], *others))}
    assert left == {bench.keys.identity(ADA), bench.keys.identity(BOB), bench.keys.changes}
    assert [(c.kind, c.identity_id) for c in bench.changes()] == [
        (ChangeKind.CREATED, CAROL),
        (ChangeKind.FORGOTTEN, BOB),
    ]
    bench.assert_consistent()


def test_two_people_are_forgotten_in_one_step_one_of_them_twice(bench: Bench) -> None:
    cast = Cast()
    tracks = [cast.track(k, k) for k in range(3)]
    with bench.running():
        bench.take_in(*tracks)
        before = everything(bench)
        bench.take_in([ForgetRequest(person_id) for person_id in (CAROL, ADA, CAROL)], at_once=True)
    assert bench.people() == {BOB: {"v-1.1.1"}}
    assert [c.identity_id for c in bench.changes() if c.kind is ChangeKind.FORGOTTEN] == [CAROL, ADA]
    left = {key for key, _ in traces(everything(bench), secrets_of([ADA, CAROL], tracks[0], tracks[2]))}
    keys = bench.keys
    assert left == {keys.identity(ADA), keys.identity(CAROL), keys.changes}
    assert {key for key, _ in traces(before, secrets_of([BOB], tracks[1]))} <= everything(bench).keys()
    assert forgotten_in(bench, "v-1") == 2


# Who isn't there ------------------------------------------------------------------------------------------


def test_who_is_not_there_is_not_forgotten_and_nothing_changes(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(2, 2))
        bench.take_in([ForgetRequest(BOB)])
        before = everything(bench)
        nobody = ["p999", "", "nobody", "p1:tracks", "*", BOB, f"p{FIRST + 50}"]
        bench.take_in([ForgetRequest(person_id) for person_id in nobody], at_once=True)
    assert everything(bench) == before
    with bench.running():
        bench.take_in([ForgetRequest(person_id) for person_id in nobody])
    assert everything(bench) == before


@pytest.mark.parametrize("asked", [ADA, CAROL], ids=["by their id", "by an older id"])
def test_of_somebody_who_had_vanished_goes_what_was_said_of_them(bench: Bench, asked: str) -> None:
    cast = Cast()
    hers, his = [cast.track(0, 0), cast.track(2, 2)], cast.track(1, 1, start_s=200.0)
    with bench.running(lambda: Told(cast, [{0, 2}])):
        bench.take_in(hers[0], his, hers[1], recluster=True)
        assert bench.log.rename(ADA, "Ada Lovelace")
        assert bench.log.rename(BOB, "Bob")
        # The run was stopped, and another one found nobody in that stretch.
        bench.take_in([SegmentDone("v-1", 0.0, 100.0, track_ids=())])
        assert bench.people().keys() == {BOB}
        # Her name can be read in the log alone.
        found = traces(everything(bench), {b"Ada Lovelace"})
        assert {key for key, _ in found} == {bench.keys.decisions}
        before = everything(bench)
        bench.take_in([ForgetRequest(asked)])
    secrets = secrets_of([ADA, CAROL], *hers, name="Ada Lovelace")
    assert_only_told_of(bench, before, secrets, ADA, CAROL)
    assert [p.name for p in bench.store.people()] == ["Bob"]


def test_faces_that_no_track_names_as_its_last_record_was_put_aside_go_as_well(bench: Bench) -> None:
    cast = Cast()
    early, grown = cast.track(0, 0, samples=1, ended=False), cast.track(0, 0, samples=4, frames=30)
    his = cast.track(1, 1)
    last = grown[-1]
    assert isinstance(last, TrackRecord)
    broken = replace(last, clothing=np.ones(3, np.uint8))
    with bench.running():
        bench.take_in(early, his)
        # His are on their way still.
        bench.take_in(samples_of(cast.track(1, 2)), samples_of(grown), [broken])
        assert [raw[b"track_id"] for raw in bench.dead()] == [b"v-1.0.0"]
        assert bench.store.unclaimed().keys() == {
            "v-1.2.1.0", "v-1.2.1.1", "v-1.0.0.0", "v-1.0.0.1", "v-1.0.0.2", "v-1.0.0.3"
        }  # fmt: skip
        before = everything(bench)
        bench.take_in([ForgetRequest(ADA)])
    assert_only_told_of(bench, before, secrets_of([ADA], early, grown), ADA)
    assert bench.store.unclaimed().keys() == {"v-1.2.1.0", "v-1.2.1.1"}


# Look again -----------------------------------------------------------------------------------------------


def test_who_was_forgotten_is_counted_until_a_source_is_looked_at_again(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k, k) for k in range(3)), cast.track(2, 7, source_id="v-2"))
        bench.take_in([ForgetRequest(ADA), ForgetRequest(CAROL)])
        assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [2, 1]
        bench.take_in([LookAgainRequest("v-1"), LookAgainRequest("nowhere")])
        assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [0, 1]
        bench.take_in([ForgetRequest(BOB)])
        assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [1, 1]
        # In one step: whoever is forgotten in it is forgotten last.
        bench.take_in(
            cast.track(5, 20), [ForgetRequest(f"p{FIRST + 3}"), LookAgainRequest("v-1")], at_once=True
        )
        assert [forgotten_in(bench, source_id) for source_id in ("v-1", "v-2")] == [1, 1]
    assert bench.store.source("nowhere") is None
