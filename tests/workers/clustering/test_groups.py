from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_tracks import fixed_groups, of
from synthetic import CALIBRATION

from workers.clustering.gallery import Gallery
from workers.clustering.groups import Groups, GroupsOfRows

TRACKS = st.integers(0, 7)


class Book:
    """Who has which track, with groups as clusterers ask for them."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.moves = 0
        self.groups = Groups(
            self.of, lambda name: [t for t, g in self.of.items() if g == name], lambda: self.moves
        )

    def put(self, track_id: str, name: str) -> None:
        self.moves += track_id in self.of
        self.of[track_id] = name

    def take(self, track_id: str) -> None:
        self.moves += self.of.pop(track_id, None) is not None


def gallery_of_one() -> Gallery:
    gallery = Gallery(CALIBRATION)
    gallery.insert(of(0, 0))
    return gallery


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("insert"), TRACKS),
            st.tuples(st.just("remove"), TRACKS),
            st.tuples(st.sampled_from(["p0", "p1", "p2"]), TRACKS),
            st.tuples(st.just("take"), TRACKS),
            st.tuples(st.just("look"), TRACKS),
        ),
        max_size=40,
    )
)
def test_groups_are_those_that_each_track_has_now(steps: list[tuple[str, int]]) -> None:
    gallery, book = Gallery(CALIBRATION), Book()
    rows_of = GroupsOfRows(gallery)
    for step, number in steps:
        track_id, is_there = f"{number % 3}-{number}", f"{number % 3}-{number}" in gallery.ids
        if step == "insert" and not is_there:
            gallery.insert(of(number % 3, number))
        elif step == "remove" and is_there:
            gallery.remove(track_id)
        elif step == "take":
            book.take(track_id)
        elif step == "look" and gallery.ids:
            rows = np.arange(number % (len(gallery) + 1), len(gallery))
            expected = {book.of[gallery.ids[row]] for row in rows if gallery.ids[row] in book.of}
            assert rows_of.names(rows, book.groups) == expected
        elif step.startswith("p"):
            book.put(track_id, step)


def test_other_groups_are_not_taken_for_those_before() -> None:
    rows_of = GroupsOfRows(gallery_of_one())
    assert rows_of.names(np.array([0]), fixed_groups({"0-0": "p1"})) == {"p1"}
    assert rows_of.names(np.array([0]), fixed_groups({"0-0": "p2"})) == {"p2"}


def test_what_has_a_group_is_looked_up_once() -> None:
    gallery = Gallery(CALIBRATION)
    for k in range(6):
        gallery.insert(of(k % 3, k))
    asked: list[str] = []

    class Asked(dict[str, str]):
        def get(self, key: str, default: object = None) -> str | None:  # type: ignore[override]
            asked.append(key)
            return super().get(key)

    groups = fixed_groups(Asked(dict.fromkeys(gallery.ids[:5], "p1")))
    rows_of = GroupsOfRows(gallery)
    assert rows_of.names(np.arange(6), groups) == {"p1"}
    assert rows_of.names(np.arange(6), groups) == {"p1"}
    assert asked == [*gallery.ids, gallery.ids[5]]


@given(st.integers(1, 9), st.lists(st.one_of(st.integers(1, 40), st.just("leaves")), min_size=1, max_size=12))
def test_some_members_of_a_group_are_spread_over_it_however_it_grows(
    most: int, steps: list[int | str]
) -> None:
    members: list[str] = []
    moves = 0
    groups = Groups({}, lambda _: members, lambda: moves)
    rows_of = GroupsOfRows(gallery_of_one())
    ids = map(str, itertools.count())
    for step in steps:
        if isinstance(step, int):
            members += itertools.islice(ids, step)
        elif members:
            members.pop(len(members) // 2)
            moves += 1
        found = list(rows_of.some("p1", most, groups))
        if len(members) <= most:
            assert found == members
            continue
        places = [members.index(track_id) for track_id in found]
        # About as many as may be, the first among them, and no part of the group is left out.
        assert most / 2 <= len(found) <= most
        gaps = np.diff([*places, len(members)])
        assert places[0] == 0
        assert max(gaps[:-1], default=0) <= -(-len(members) // most)
        assert gaps[-1] <= -(-len(members) // most) + len(members) / 8


def test_some_members_of_a_large_group_are_not_looked_for_at_each_track_that_comes() -> None:
    went_over = 0

    class Members(list[str]):
        def __iter__(self) -> Iterator[str]:
            nonlocal went_over
            went_over += 1
            return super().__iter__()

    members = Members(map(str, range(1000)))
    groups = Groups({}, lambda _: members, lambda: 0)
    rows_of = GroupsOfRows(gallery_of_one())
    for number in range(1000, 1250):
        rows_of.some("p1", 100, groups)
        members.append(str(number))
    assert went_over == 2
