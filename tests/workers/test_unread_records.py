"""Of whom there are records that can't be read, nothing is left either."""

from __future__ import annotations

import numpy as np
import pytest
from cluster_bench import Bench
from decider import Decider
from synthetic import Cast, a_source
from test_erasing import NEW_S, bench_with_a_camera, camera, erasures, left_of
from test_forgetting import samples_of, secrets_of

from storage.connection import RedisHandle
from storage.identity_record import Identity
from storage.requests import EraseRequest, Extent, ForgetRequest
from storage.strays import source_of


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    return bench_with_a_camera(handle)


def break_record(bench: Bench, track_id: str, damage: str = "gone") -> None:
    if damage == "gone":
        bench.client.delete(bench.keys.track(track_id))
    else:
        bench.client.hset(bench.keys.track(track_id), "observations", b"xx")


@pytest.mark.parametrize("damage", ["gone", "damaged"])
@pytest.mark.parametrize("asked", ["all", "person", "source"])
def test_nothing_is_left_of_tracks_whose_records_can_not_be_read(
    bench: Bench, damage: str, asked: str
) -> None:
    cast = Cast()
    doomed, other = [cast.track(0, 0), cast.track(0, 1)], cast.track(1, 2, source_id="v-2")
    bench.store.register_source(a_source("v-2"))
    with bench.running():
        bench.take_in(*doomed, other, recluster=True)
        bench.queue.send([], faces=samples_of(doomed[0]))
    break_record(bench, "v-1.0.0", damage)
    request = {
        "all": EraseRequest(Extent.ALL),
        "person": ForgetRequest("p7001"),
        "source": EraseRequest(Extent.SOURCE, source_ids=("v-1",)),
    }[asked]
    with bench.running():
        bench.take_in([request])
    assert bench.people().keys() == (set() if asked == "all" else {"p7002"})
    secrets = secrets_of(["p7001"], *doomed)
    assert left_of(bench, secrets) <= {bench.keys.identity("p7001"), bench.keys.changes}
    assert bench.client.hkeys(bench.keys.templates) == ([] if asked == "all" else [b"v-2.2.1"])
    assert erasures(bench)


def test_nor_is_it_with_whoever_lives_on_when_its_source_is_erased(bench: Bench) -> None:
    cast = Cast()
    film, door = cast.track(0, 0), camera(cast, 0, 1, NEW_S)
    with bench.running():
        bench.take_in(film, door, recluster=True)
    break_record(bench, "v-1.0.0")
    with bench.running():
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
    assert bench.people() == {"p7001": {"c-door.1.0"}}
    assert left_of(bench, {b"v-1", *secrets_of([], film)}) == set()
    bench.assert_consistent()


def test_nor_of_somebody_of_whom_no_track_can_be_read(bench: Bench) -> None:
    cast = Cast()
    hers, his = cast.track(0, 0), cast.track(1, 1)
    with bench.running():
        bench.take_in(hers, his, recluster=True)
    break_record(bench, "v-1.0.0")
    with bench.running():
        bench.take_in([ForgetRequest("p7001")])
    assert bench.people().keys() == {"p7002"}
    assert bench.store.person("p7001") == Identity("p7001", forgotten=True)
    assert left_of(bench, secrets_of(["p7001"], hers)) <= {bench.keys.identity("p7001"), bench.keys.changes}


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "beside another"])
def test_nor_of_somebody_whose_faces_can_not_be_compared_any_more(bench: Bench, others: int) -> None:
    cast = Cast()
    tracks = [cast.track(0, number) for number in range(1 + others)]
    with bench.running():
        bench.take_in(*tracks, cast.track(1, 5), recluster=True)
    # Their mean points nowhere.
    first, second = (bench.keys.sample(f"v-1.0.0.{number}") for number in range(2))
    opposite = -np.frombuffer(bench.client.hget(first, "vector"), "<f2")
    bench.client.hset(second, "vector", opposite.tobytes())
    for key in (first, second):
        bench.client.hset(key, mapping={"quality": 1, "size_px": 100})
    with bench.running():
        bench.take_in(recluster=True)
        assert len(bench.people()["p7001"]) == 1 + others
        bench.take_in([ForgetRequest("p7001")])
    assert bench.people().keys() == {"p7002"}
    secrets = secrets_of(["p7001"], *tracks) | {opposite.tobytes()}
    assert left_of(bench, secrets) <= {bench.keys.identity("p7001"), bench.keys.changes}


def test_nor_of_somebody_who_has_another_id_by_now(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    hers, same = [cast.track(0, 0), cast.track(0, 1)], cast.track(1, 2)
    with bench.running():
        bench.take_in(*hers, same, recluster=True)
    break_record(bench, "v-1.0.0")
    with bench.running():
        decide.merge("p7002", "p7001")
        assert bench.people() == {"p7002": {"v-1.1.0", "v-1.2.1"}}
        bench.take_in([ForgetRequest("p7002")])
    assert bench.people() == {}
    left = left_of(bench, secrets_of(["p7001", "p7002"], *hers, same))
    assert left <= {bench.keys.identity("p7001"), bench.keys.identity("p7002"), bench.keys.changes}


def test_what_is_left_of_a_track_is_told_from_that_of_its_parts_and_others(bench: Bench) -> None:
    strays = bench.store.strays
    samples = ("v-1.12.0.7", "v-1.12.0.b.99", "v-1.12.01.3", "c-front.door.5.1.8")
    for sample_id in samples:
        bench.client.hset(bench.keys.sample(sample_id), "x", 1)
    assert strays.samples_of({"v-1.12.0", "c-front.door.5.1"}) == {samples[0], samples[3]}
    assert strays.samples_of({"v-1.12.0.b"}) == {samples[1]}
    assert strays.samples_of(set()) == set()
    ids = ("v-1.12.0", "v-1.12.0.b", "c-front.door.5.1", "c-front.door.5.1.{")
    assert [source_of(track_id) for track_id in ids] == ["v-1", "v-1", "c-front.door", "c-front.door"]
