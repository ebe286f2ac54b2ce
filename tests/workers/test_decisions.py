"""What people decided takes effect at once, in order, and can be taken back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Mapping

import pytest
from cluster_bench import Bench, until
from decider import Decider, held, owner, tracks_of
from synthetic import CALIBRATION, Cast

from storage.decision_record import Decision, DecisionKind, Side
from storage.identity_record import ChangeKind
from storage.requests import DecisionRequest, ForgetRequest, ReclusterRequest
from storage.source_record import SegmentDone
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


def kinds(bench: Bench, after: int = 0) -> list[tuple[ChangeKind, str, str, str]]:
    return [(c.kind, c.identity_id, c.track_id, c.other_id) for c in bench.changes()[after:]]


# Carried out at once --------------------------------------------------------------------------------------


def test_a_merge_takes_effect_at_once_and_is_told(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 3, k) for k in range(6)), recluster=True)
        told = len(bench.changes())
        decide.merge("p2", "p1", "p3")
    assert bench.people() == {"p2": set(cast.person_of)}
    for gone in ("p1", "p3"):
        record = bench.store.person(gone)
        assert record is not None
        assert (record.merged_into, record.tracks) == ("p2", 0)
    moved = kinds(bench, told)
    assert {event[0] for event in moved} == {ChangeKind.ASSIGNED, ChangeKind.MERGED}
    assert [event for event in moved if event[0] is ChangeKind.MERGED] == [
        (ChangeKind.MERGED, "p1", "", "p2"),
        (ChangeKind.MERGED, "p3", "", "p2"),
    ]
    bench.assert_consistent()


def test_a_merge_stays_and_its_undo_brings_the_same_ids_back(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 3, k) for k in range(9)), recluster=True)
        before = bench.people()
        number = decide.merge("p1", "p3")
        bench.take_in(cast.track(2, 20), recluster=True)
        assert owner(bench, "v-1.20.2") == "p1"
        assert owner(bench, "v-1.2.2") == "p1"
        decide.undo(number)
        # What came later goes where it belongs with the next re-cluster.
        assert bench.members("p3") == before["p3"]
        bench.take_in(recluster=True)
    assert bench.people() == {**before, "p3": before["p3"] | {"v-1.20.2"}}
    record = bench.store.person("p3")
    assert record is not None
    assert record.merged_into is None
    bench.assert_consistent()


def test_a_split_makes_a_new_person_and_its_undo_puts_the_tracks_back(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(0, k) for k in range(5)), recluster=True)
        told = len(bench.changes())
        number, new = decide.split("p1", "v-1.1.0", "v-1.3.0")
        assert bench.people() == {"p1": {f"v-1.{k}.0" for k in (0, 2, 4)}, new: {"v-1.1.0", "v-1.3.0"}}
        assert kinds(bench, told) == [
            (ChangeKind.CREATED, new, "v-1.1.0", ""),
            (ChangeKind.SPLIT, new, "v-1.1.0", "p1"),
            (ChangeKind.SPLIT, new, "v-1.3.0", "p1"),
        ]
        bench.take_in(recluster=True)
        assert bench.members(new) == {"v-1.1.0", "v-1.3.0"}
        decide.undo(number)
        assert bench.people() == {"p1": set(cast.person_of)}
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": set(cast.person_of)}
    bench.assert_consistent()


def test_two_who_differ_stay_two_although_they_look_alike(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        # Twins, who were told apart as they were seen together.
        bench.take_in(cast.track(0, 0), cast.track(0, 1, start_s=0.0), cast.track(0, 5), recluster=True)
        twins = bench.people()
        assert len(twins) == 2
        number = decide.differs(*twins)
        bench.take_in(*(cast.track(0, k) for k in (7, 8)), recluster=True)
        assert held(bench)
        assert {owner(bench, t) for members in twins.values() for t in members} == set(twins)
        decide.undo(number)
        bench.take_in(recluster=True)
    bench.assert_consistent()


def test_a_face_and_its_mirror_image_can_be_made_one_person(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(0, 1, start_s=0.0), recluster=True)
        assert len(bench.people()) == 2
        decide.merge("p1", "p2")
        bench.take_in(cast.track(0, 5), recluster=True)
    assert bench.people() == {"p1": set(cast.person_of)}


def test_a_poor_track_that_was_split_off_stays_somebody(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(0, 1, founder=False), recluster=True)
        _, new = decide.split("p1", "v-1.1.0")
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": {"v-1.0.0"}, new: {"v-1.1.0"}}


def test_the_chosen_face_comes_first_and_follows_its_track(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 2, k) for k in range(8)), recluster=True)

        def first(identity_id: str) -> str:
            person = bench.store.person(identity_id)
            assert person is not None
            assert len(set(person.thumbnails)) == len(person.thumbnails) <= 5
            return person.thumbnails[0]

        usual = first("p1")
        one = decide.make(DecisionKind.COVER, Side("p1", ("v-1.4.0",)))
        two = decide.make(DecisionKind.COVER, Side("p1", ("v-1.6.0",)))
        assert first("p1") == "v-1.6.0.1"
        bench.take_in(cast.track(0, 10), recluster=True)
        assert first("p1") == "v-1.6.0.1"
        _, new = decide.split("p1", "v-1.6.0")
        assert (first("p1"), first(new)) == ("v-1.4.0.1", "v-1.6.0.1")
        decide.undo(two)
        decide.undo(one)
        assert first("p1") == usual
    bench.assert_consistent()


# Names and ignoring ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["split", "merge"])
def test_the_order_in_which_decisions_are_taken_back_is_no_matter(
    bench: Bench, decide: Decider, first: str
) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(person, k) for person in (0, 1) for k in range(3)), recluster=True)
        before = bench.people()
        one, other = owner(bench, "v-1.0.0"), owner(bench, "v-1.0.1")
        split, new = decide.split(one, "v-1.2.0")
        assert bench.log.rename(new, "Bob")
        merge = decide.merge(other, new)
        assert owner(bench, "v-1.2.0") == other

        for number in (split, merge) if first == "split" else (merge, split):
            decide.undo(number)

        assert bench.people() == before
        assert bench.store.names() == {one: "Bob"}
        bench.assert_consistent()


def test_who_is_ignored_stays_so_over_merges_and_what_comes_off_them_is(
    bench: Bench, decide: Decider
) -> None:
    cast = Cast()
    told: list[Partition] = []

    class Told(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            return told[0] if told else super().recluster(settled, named, *began_s)

    def ignore(who: str) -> None:
        _, size = bench.log.read()
        decision = Decision(DecisionKind.IGNORE, (Side(who, tracks_of(bench, who)),))
        bench.log.append_ignore(decision, size, who, on=True)

    mine = tuple(f"v-1.{k}.0" for k in (0, 2, 4, 10, 12))
    theirs = ("v-1.1.1", "v-1.3.1", "v-1.5.1", "v-1.9.1")
    with bench.running(lambda: Told(CALIBRATION)):
        bench.take_in(*(cast.track(k % 2, k) for k in (*range(6), 10, 12)), recluster=True)
        ignore("p2")
        bench.take_in(cast.track(1, 9), recluster=True)
        assert bench.store.ignored() == {"p2"}
        # A re-cluster takes a part of them for somebody else.
        told.append(Partition((mine, theirs[:1], theirs[1:]), ()))
        bench.take_in(recluster=True)
        assert bench.store.ignored() == {"p2", "p3"}
        number = decide.merge("p1", "p2")
        assert bench.store.ignored() == {"p3"}
        decide.undo(number)
        assert bench.store.ignored() == {"p2", "p3"}
        # One that takes them for somebody whom people want to see hides nobody, and thinks better of it.
        told[0] = Partition(((*mine, *theirs),), ())
        bench.take_in(recluster=True)
        assert bench.store.ignored() == set()
        told[0] = Partition((mine, theirs), ())
        bench.take_in(recluster=True)
        (back,) = set(bench.people()) - {"p1"}
        assert bench.members(back) == set(theirs)
        assert bench.store.ignored() == {back}
    bench.assert_consistent()


# Several decisions ----------------------------------------------------------------------------------------


def test_an_earlier_merge_can_be_taken_back_after_a_later_one(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(8)), recluster=True)
        before = bench.people()
        first = decide.merge("p1", "p2")
        second = decide.merge("p3", "p1")
        assert set(bench.people()) == {"p3", "p4"}
        decide.undo(first)
        assert bench.people() == {"p2": before["p2"], "p3": before["p3"] | before["p1"], "p4": before["p4"]}
        decide.undo(second)
        assert bench.people() == before
        bench.take_in(recluster=True)
    assert bench.people() == before
    bench.assert_consistent()


def test_a_split_whose_new_person_was_merged_further_is_only_lifted(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 2, k) for k in range(6)), recluster=True)
        number, new = decide.split("p1", "v-1.0.0")
        decide.merge("p2", new)
        decide.undo(number)
        assert owner(bench, "v-1.0.0") == "p2"
        bench.take_in(recluster=True)
    assert owner(bench, "v-1.0.0") == "p2"
    assert held(bench)


def test_taking_a_split_back_joins_nobody_who_was_said_to_differ(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(0, k) for k in range(4)), recluster=True)
        number, new = decide.split("p1", "v-1.0.0")
        decide.differs("p1", new)
        decide.undo(number)
    assert bench.members(new) == {"v-1.0.0"}
    assert held(bench)


def test_undoing_a_merge_does_not_join_whom_an_earlier_split_had_parted(
    bench: Bench, decide: Decider
) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(0, k) for k in range(4)), recluster=True)
        split, new = decide.split("p1", "v-1.2.0", "v-1.3.0")
        differ = decide.differs("p1", new)
        # That they differ holds still, so that they stay two, and so it is when that is taken back.
        decide.undo(split)
        decide.undo(differ)
        merge = decide.merge("p1", new)
        assert bench.people().keys() == {"p1"}
        decide.undo(merge)
        assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.0"}, new: {"v-1.2.0", "v-1.3.0"}}
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one step"])
def test_decisions_are_carried_out_in_order_and_once(bench: Bench, at_once: bool) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(12)), recluster=True)
    before = bench.people()
    decide = Decider(bench, wait=False)
    with contextlib.ExitStack() as stack:
        if not at_once:
            stack.enter_context(bench.running())
            decide.wait = True
        first = decide.merge("p1", "p2")
        decide.make(DecisionKind.UNDO, undoes=first)
        _, new = decide.split("p3", "v-1.2.2")
        last = decide.make(
            DecisionKind.MERGE, *(Side(i, tuple(sorted(before[i]))) for i in ("p4", "p1")), alive=False
        )
        if at_once:
            stack.enter_context(bench.running())
        decide.settle(last)
        # Delivered again, they change nothing.
        state, events = bench.people(), bench.changes()
        bench.take_in([DecisionRequest(number) for number in range(1, last + 1)], at_once=True)
        assert (bench.people(), bench.changes()) == (state, events)
    assert bench.people() == {
        "p2": before["p2"],
        "p3": before["p3"] - {"v-1.2.2"},
        new: {"v-1.2.2"},
        "p4": before["p4"] | before["p1"],
    }
    assert bench.store.meta()["decisions_applied"] == str(last)
    bench.assert_consistent()


def test_what_was_decided_while_nobody_led_is_carried_out_by_the_next_worker(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 2, k) for k in range(4)), recluster=True)
    number = Decider(bench, wait=False).merge("p1", "p2")
    # As if whoever took the entry had died, and a restored backup had come without it.
    bench.client.delete(bench.keys.samples)
    with bench.running():
        until(lambda: bench.log.applied() == number)
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": set(cast.person_of)}
    bench.assert_consistent()


def test_a_re_cluster_between_a_decision_and_its_turn_does_not_undo_it(bench: Bench) -> None:
    cast = Cast()
    told: list[Partition] = []
    begun, decided = threading.Event(), threading.Event()

    class Told(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            if not told:
                return super().recluster(settled, named, *began_s)
            begun.set()
            assert decided.wait(20)
            return told.pop()

    decide = Decider(bench, wait=False)
    with bench.running(lambda: Told(CALIBRATION)):
        bench.take_in(*(cast.track(k % 3, k) for k in range(6)), recluster=True)
        sides = {i: Side(i, tracks_of(bench, i)) for i in ("p1", "p2", "p3")}
        # A re-cluster that is under way takes p1 and p2 for one, who are said to differ at this moment, and
        # one of p3's tracks, which are said to be p2's, as well.
        told.append(Partition((("v-1.0.0", "v-1.1.1", "v-1.2.2", "v-1.3.0", "v-1.4.1"), ("v-1.5.2",)), ()))
        bench.queue.send([ReclusterRequest("in between")])
        assert begun.wait(20)
        decide.make(DecisionKind.DIFFERS, sides["p1"], sides["p2"])
        last = decide.make(DecisionKind.MERGE, sides["p2"], sides["p3"])
        decided.set()
        decide.settle(last)
    assert told == []
    assert held(bench)
    assert len(bench.people()) == 2
    bench.assert_consistent()


def test_tracks_that_come_back_are_who_people_said_they_are(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    again = cast.track(1, 1)
    with bench.running():
        bench.take_in(cast.track(0, 0), again, cast.track(1, 3), recluster=True)
        decide.merge("p1", "p2")
        bench.take_in([SegmentDone("v-1", 5.0, 15.0, 10, track_ids=())], recluster=True)
        assert owner(bench, "v-1.1.1") == ""
        bench.take_in(again)
        assert owner(bench, "v-1.1.1") == "p1"
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": set(cast.person_of)}
    bench.assert_consistent()


# Forgetting -----------------------------------------------------------------------------------------------


def test_what_was_said_of_the_forgotten_binds_nobody_who_is_found_anew(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    tracks = [cast.track(k % 3, k) for k in range(6)]
    with bench.running():
        bench.take_in(*tracks, recluster=True)
        decide.merge("p1", "p2")
        decide.differs("p1", "p3")
        bench.take_in([ForgetRequest("p1")])
        assert set(bench.people()) == {"p3"}
        # The same files are looked at again by the same worker.
        bench.take_in(*tracks, recluster=True)
        people = bench.people()
    assert len(people) == 3
    assert "p1" not in people
    log, _ = bench.log.read()
    assert [(d.redacted, d.sides) for d in log] == [(True, ()), (True, ())]
    bench.assert_consistent()


def test_forgetting_somebody_spares_who_was_set_free_in_the_same_step(bench: Bench) -> None:
    cast = Cast()
    decide = Decider(bench)
    with bench.running():
        bench.take_in(*(cast.track(k % 2, k) for k in range(4)), recluster=True)
        before = bench.people()
        number = decide.merge("p1", "p2")
    decide.wait = False
    decide.make(DecisionKind.UNDO, undoes=number)
    last = bench.queue.send([ForgetRequest("p1")])
    assert last is not None
    with bench.running():
        until(lambda: bench.queue.is_taken_in(last))
    assert bench.people() == {"p2": before["p2"]}
    bench.assert_consistent()
