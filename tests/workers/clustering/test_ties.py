from __future__ import annotations

import numpy as np
from made_tracks import evidence, of, unit

from workers.clustering.company import Company
from workers.clustering.constraints import Constraints
from workers.clustering.ties import Ties, founding, group_said


def test_what_people_said_comes_before_what_a_track_continues() -> None:
    tracks = [of(0, 0, continues="1-0"), of(1, 0), of(2, 0), of(3, 0, continues="gone")]
    by_id = {track.track_id: track for track in tracks}
    company = Company()
    for track in tracks:
        company.insert(track)
    company.constraints = Constraints.of([["2-0", "0-0", "gone"]], [(["3-0"], ["0-0", "gone"])])
    ties = Ties.of(sorted(by_id), by_id, company)
    assert ties.must.tolist() == [[0, 2], [1, 0]]
    assert ties.apart.tolist() == []
    assert [(list(one), sorted(other)) for one, other in ties.sides] == [([3], [0, 2])]


def test_who_was_seen_together_is_apart_unless_people_put_them_together() -> None:
    tracks = [of(k, 0, moments=range(10)) for k in range(3)]
    by_id = {track.track_id: track for track in tracks}
    company = Company()
    for track in tracks:
        company.insert(track)
    company.constraints = Constraints.of([["0-0", "2-0"]])
    ties = Ties.of(sorted(by_id), by_id, company)
    assert sorted(ties.apart.tolist()) == [[0, 1], [1, 0], [1, 2], [2, 1]]
    assert [(sorted(one), sorted(other)) for one, other in ties.sides] == [([0, 2], [1])]


def test_what_is_so_of_a_track_is_so_of_all_that_people_put_together_with_it() -> None:
    # One of a group of a thousand was seen with one of another: a million pairs, of which few are listed.
    pair = [evidence("a0", unit(1.0), moments=range(10)), evidence("b0", unit(1.0), moments=range(10))]
    others = [
        evidence(f"{name}{k}", unit(1.0), source_id=f"{name}-{k}") for name in "ab" for k in range(1, 1_000)
    ]
    by_id = {track.track_id: track for track in (*pair, *others)}
    company = Company()
    for track in by_id.values():
        company.insert(track)
    groups = [[track_id for track_id in by_id if track_id[0] == name] for name in "ab"]
    company.constraints = Constraints.of(groups)
    ties = Ties.of(list(by_id), by_id, company)
    assert ties.apart.tolist() == [[0, 1], [1, 0]]
    told = {(len(one), len(other), min(one), min(other)) for one, other in ties.sides}
    assert told == {(1_000, 1_000, 0, 1), (1_000, 1_000, 1, 0)}


def test_a_part_holds_sides_of_which_both_are_in_it() -> None:
    nobody = np.zeros((0, 2), np.intp)
    ties = Ties((), nobody, nobody, (([0, 1], [2]), ([3], [0, 4]), ([1], [5])))
    part = ties.part(np.array([4, 3, 1, 0]), 6)
    assert [(one.tolist(), other.tolist()) for one, other in part.sides] == [([1], [3, 0])]
    assert Ties((), nobody, nobody, ()).part(np.array([0]), 2).sides == ()


def test_the_group_of_most_is_said_and_of_equals_always_the_same() -> None:
    constraints = Constraints.of([["a", "b", "c", "d", "gone"]])
    groups = {"a": "p9", "b": "p1", "c": "p2", "d": "p2"}
    assert group_said("a", groups, constraints) == "p2"
    assert group_said("c", groups, constraints) == "p9"
    assert group_said("x", groups, constraints) is None


def test_whom_people_put_together_is_somebody_however_poor() -> None:
    tracks = {"poor": of(0, 0, founder=False), "good": of(1, 0)}
    ids = ["poor", "good"]
    assert founding(ids, tracks, Constraints.of()).tolist() == [False, True]
    assert founding(ids, tracks, Constraints.of([["poor"]])).tolist() == [True, True]
    assert founding([], tracks, Constraints.of()).tolist() == []
