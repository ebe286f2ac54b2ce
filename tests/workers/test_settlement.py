"""Readers see which assignments are provisional, at any moment and after any restart."""

from __future__ import annotations

from cluster_bench import Bench, until
from decider import Decider
from hypothesis import given
from hypothesis import strategies as st
from synthetic import Cast

from storage.effects import Effects
from storage.identity_record import ChangeKind, IdentityChange
from storage.requests import ForgetRequest
from storage.source_record import SegmentDone
from workers.settlement import Settlement

TRACKS = ("a", "b", "c")


def provisional_people(bench: Bench) -> set[str]:
    return {person.identity_id for person in bench.store.people() if person.provisional}


# Until a re-cluster ---------------------------------------------------------------------------------------


def test_whose_a_new_track_is_stays_provisional_until_a_re_cluster(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(2, 2, founder=False))
        assert bench.store.provisional() == {"v-1.0.0", "v-1.1.1", "v-1.2.2"}
        assert provisional_people(bench) == {"p1", "p2"}
        bench.assert_consistent()
        bench.take_in(recluster=True)
    assert bench.store.provisional() == set()
    assert provisional_people(bench) == set()
    # What was published then was provisional then.
    assert [c.provisional for c in bench.changes()] == [True] * 4


def test_a_person_with_one_settled_track_is_not_provisional(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), recluster=True)
        bench.take_in(cast.track(0, 1), cast.track(0, 2), cast.track(1, 3))
        assert bench.store.provisional() == {"v-1.1.0", "v-1.2.0", "v-1.3.1"}
        assert provisional_people(bench) == {"p2"}
        bench.assert_consistent()


def test_a_track_that_grows_is_provisional_again(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0, samples=1, ended=False), recluster=True)
        assert provisional_people(bench) == set()
        bench.take_in(cast.track(0, 0, samples=3))
        assert provisional_people(bench) == {"p1"}


def test_what_comes_along_with_the_wish_for_a_re_cluster_does_not_wait_for_it(bench: Bench) -> None:
    with bench.running():
        bench.take_in(Cast().track(0, 0), recluster=True, at_once=True)
    assert bench.store.provisional() == set()
    assert [(c.kind, c.provisional) for c in bench.changes()] == [
        (ChangeKind.CREATED, True),
        (ChangeKind.ASSIGNED, True),
    ]


# Decisions ------------------------------------------------------------------------------------------------


def test_tracks_that_people_put_together_are_settled_at_once_and_for_good(
    bench: Bench, decide: Decider
) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1, samples=1, ended=False), cast.track(0, 2))
        told = len(bench.changes())
        number = decide.merge("p1", "p2")
        assert bench.store.provisional() == set()
        assert {c.provisional for c in bench.changes()[told:]} == {False}
        # Whatever the rest of it looks like, people said whose it is.
        bench.take_in(cast.track(1, 1, samples=3), cast.track(1, 4))
        assert bench.store.provisional() == {"v-1.4.1"}
        decide.undo(number)
        assert bench.store.provisional() == {"v-1.4.1"}
    bench.assert_consistent()


def test_a_split_settles_what_was_split_off(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(0, k) for k in range(3)))
        _, new = decide.split("p1", "v-1.1.0")
        assert bench.store.provisional() == {"v-1.0.0", "v-1.2.0"}
        assert provisional_people(bench) == {"p1"}
        assert new in bench.people()


# What is gone, and restarts -------------------------------------------------------------------------------


def test_nothing_is_left_of_tracks_that_are_gone(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(2, 2))
        bench.take_in([SegmentDone("v-1", 0.0, 9.0, 10, track_ids=())])
        assert bench.store.provisional() == {"v-1.1.1", "v-1.2.2"}
        bench.take_in([ForgetRequest("p2")])
        assert bench.store.provisional() == {"v-1.2.2"}
        # It comes and goes in one step.
        bench.take_in(cast.track(3, 3), [SegmentDone("v-1", 30.0, 39.0, 10, track_ids=())], at_once=True)
    assert bench.store.provisional() == {"v-1.2.2"}


def test_the_next_worker_knows_what_is_provisional(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), recluster=True)
        bench.take_in(cast.track(0, 2))
    # Of a track that is no more.
    bench.client.sadd(bench.keys.provisional, "v-9.9.9")
    with bench.running():
        until(lambda: bench.store.provisional() == {"v-1.2.0"})
        bench.take_in(recluster=True)
    assert bench.store.provisional() == set()
    # Of two tracks nothing new was known since; the third may go anywhere and is no churn.
    assert bench.store.reclusters(1)[0].earlier == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["came", "went", "decided", "reclustered", "restarted"]),
            st.sets(st.sampled_from(TRACKS)),
        ),
        max_size=12,
    )
)
def test_what_is_written_is_what_is_known(steps: list[tuple[str, set[str]]]) -> None:
    decided: set[str] = set()
    there: set[str] = set()
    expected: set[str] = set()
    stored: set[str] = set()
    settlement = Settlement(decided.__contains__)
    for what, tracks in steps:
        effects = Effects(changes=[IdentityChange(ChangeKind.ASSIGNED, "p1", t) for t in TRACKS])
        match what:
            case "came":
                there |= tracks
                expected |= tracks - decided
                for track_id in tracks:
                    settlement.track_came(track_id, effects)
            case "went":
                there -= tracks
                expected -= tracks
                for track_id in tracks:
                    settlement.track_went(track_id, effects)
                stored -= tracks
            case "decided":
                decided |= tracks
                expected -= tracks
                settlement.people_decided(tracks, effects)
            case "reclustered":
                expected.clear()
                settlement.reclustered(there, effects)
            case "restarted":
                settlement = Settlement(decided.__contains__)
                settlement.load(there, stored, effects)
        settlement.mark(effects)
        for track_id, provisional in effects.provisional.items():
            (stored.add if provisional else stored.discard)(track_id)
        assert stored == {c.track_id for c in effects.changes if c.provisional} == expected
