"""Names, whoever goes on after a re-cluster."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from cluster_bench import Bench
from synthetic import CALIBRATION, Cast

from storage.identity_record import ChangeKind
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


class Merging(TrackClusterer):
    """Takes all tracks for one person, once asked to group them."""

    def recluster(
        self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
    ) -> Partition:
        return Partition((tuple(sorted(self._tracks)),), ())


def merging() -> TrackClusterer:
    return Merging(CALIBRATION)


@pytest.mark.parametrize("named", ["p1", "p2"])
@pytest.mark.parametrize("longer", ["p1", "p2"])
@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_name_outlives_a_merge_whoever_goes_on(
    bench: Bench, named: str, longer: str, at_once: bool
) -> None:
    cast = Cast()
    first, second = (cast.track(k, k, frames=30 if longer == f"p{k + 1}" else 10) for k in range(2))
    with bench.running(merging):
        bench.take_in(first, second)
        assert bench.log.rename(named, "Ada")
        more = [cast.track(1, 2)] if at_once else []
        bench.take_in(*more, recluster=True, at_once=at_once)
        (person,) = bench.store.people()
        assert (person.identity_id, person.name) == (longer, "Ada")
    gone = bench.store.person("p1" if longer == "p2" else "p2")
    assert gone is not None
    assert gone.merged_into == longer
    assert bench.store.names() == {longer: "Ada"}
    # Whoever is called something else now is told of, and nobody else.
    renamed = [c.identity_id for c in bench.changes() if c.kind is ChangeKind.RENAMED]
    assert renamed == ([named] if named == longer else [named, longer])
    bench.assert_consistent()
    with bench.running(merging):
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [(longer, "Ada")]


def test_of_two_who_were_seen_for_as_long_the_named_one_goes_on(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        # After the worker has read who there is.
        bench.log.rename("p2", "Ada")
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [("p2", "Ada")]


def names_of(bench: Bench) -> dict[str, str]:
    return {person.identity_id: person.name for person in bench.store.people()}


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_two_of_different_names_stay_two_however_alike_they_look(bench: Bench, at_once: bool) -> None:
    cast = Cast()
    more = [cast.track(1, 2), cast.track(0, 3), cast.track(1, 4)]
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1, frames=30))
        bench.log.rename("p1", "Ada")
        bench.log.rename("p2", "Countess of Lovelace")
        bench.take_in(*more, recluster=True, at_once=at_once)
        # Each has what it had, and what is nearer to it.
        people = {"p1": {"v-1.0.0", "v-1.3.0"}, "p2": {"v-1.1.1", "v-1.2.1", "v-1.4.1"}}
        assert bench.people() == people
        told = bench.changes()
        bench.take_in(recluster=True)
    with bench.running(merging):
        bench.take_in(recluster=True)
    assert bench.people() == people
    assert names_of(bench) == {"p1": "Ada", "p2": "Countess of Lovelace"}
    assert bench.changes() == told
    # Who is two in the record, too.
    assert bench.store.reclusters(1)[0].people == 2
    bench.assert_consistent()


@pytest.mark.parametrize("named", ["p1", "p2"])
def test_a_name_that_is_given_while_a_re_cluster_has_its_effect_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    cast, ignored = Cast(), bench.store.ignored

    def name_meanwhile() -> set[str]:
        # What is read after the names.
        if named not in bench.store.names():
            bench.log.rename(named, "Bob")
        return ignored()

    monkeypatch.setattr(bench.store, "ignored", name_meanwhile)
    other = "p2" if named == "p1" else "p1"
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.log.rename(other, "Ada")
        bench.take_in(cast.track(1, 2), recluster=True)
    assert names_of(bench) == {named: "Bob", other: "Ada"}
    assert bench.queue.waiting() == 0
    bench.assert_consistent()


def test_two_of_one_name_may_turn_out_to_be_one(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1, frames=30))
        for identity_id in ("p1", "p2"):
            bench.log.rename(identity_id, "Ada")
        bench.take_in(recluster=True)
    assert names_of(bench) == {"p2": "Ada"}


def test_of_three_two_names_go_on(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1), cast.track(2, 2))
        for number, name in ((2, "Ada"), (3, "Adda")):
            bench.log.rename(f"p{number}", name)
        bench.take_in(recluster=True)
    assert sorted(names_of(bench).values()) == ["Ada", "Adda"]
    bench.assert_consistent()


def test_a_named_person_stays_however_poor_the_tracks_that_are_left(bench: Bench) -> None:
    class Sceptic(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            return Partition((), ("v-1.0.0", "v-1.1.1"))

    cast = Cast()
    with bench.running(lambda: Sceptic(CALIBRATION)):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.log.rename("p1", "Ada")
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": {"v-1.0.0"}}
    assert names_of(bench) == {"p1": "Ada"}


def test_a_name_that_was_taken_away_goes_nowhere(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1))
        bench.log.rename("p2", "Ada")
        bench.log.rename("p2", "")
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [("p1", "")]
    assert bench.store.names() == {}
