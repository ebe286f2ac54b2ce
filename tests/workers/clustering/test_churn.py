from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.churn import Churn, churn

BEFORE = {"a": "p1", "b": "p1", "c": "p2"}


def test_nothing_changed() -> None:
    assert churn(BEFORE, dict(BEFORE), {}, BEFORE) == Churn(3, 0)


def test_tracks_that_went_to_somebody_else_or_to_nobody_changed() -> None:
    found = churn(BEFORE, {"a": "p1", "b": "p2"}, {}, BEFORE)
    assert found == Churn(3, 2)
    assert found.share == 2 / 3


def test_two_people_who_are_found_to_be_one_are_no_churn() -> None:
    assert churn(BEFORE, dict.fromkeys("abc", "p1"), {"p2": "p1"}, BEFORE) == Churn(3, 0)


def test_a_track_that_does_not_go_where_its_person_went_changed() -> None:
    assert churn(BEFORE, {"a": "p1", "b": "p1", "c": "p3"}, {"p2": "p1"}, BEFORE) == Churn(3, 1)


def test_tracks_of_which_something_new_is_known_do_not_count() -> None:
    assert churn(BEFORE, {"a": "p9", "b": "p1", "c": "p2"}, {}, {"b", "c"}) == Churn(2, 0)


def test_who_was_nobodys_before_does_not_count() -> None:
    assert churn(BEFORE, {**BEFORE, "d": "p1"}, {}, {*BEFORE, "d"}) == Churn(3, 0)


def test_without_earlier_tracks_there_is_no_churn() -> None:
    assert churn({}, {"a": "p1"}, {}, {"a"}).share == 0


groups = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["p1", "p2", "p3"]))


@given(groups, groups, st.sets(st.sampled_from("abcdef")))
def test_it_is_a_share(before: dict[str, str], after: dict[str, str], settled: set[str]) -> None:
    found = churn(before, after, {}, settled)
    assert 0 <= found.changed <= found.earlier <= len(settled)
    assert 0 <= found.share <= 1
    assert churn(before, before, {}, settled).changed == 0
