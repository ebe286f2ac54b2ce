from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.sides import Sides

COUNT = 8
side = st.lists(st.integers(0, COUNT - 1), max_size=4, unique=True)
both = st.tuples(side, side).filter(lambda facing: not set(facing[0]) & set(facing[1]))


def held_apart(sides: Sides, count: int) -> set[tuple[int, int]]:
    a, b = np.array(list(itertools.product(range(count), repeat=2)), np.intp).reshape(-1, 2).T
    return {(x, y) for x, y, held in zip(a.tolist(), b.tolist(), sides.hold_apart(a, b), strict=True) if held}


@given(st.lists(both, max_size=20), st.lists(st.integers(0, 3), min_size=COUNT, max_size=COUNT))
def test_clusters_are_apart_where_items_of_theirs_face_each_other(
    facing: list[tuple[list[int], list[int]]], groups: list[int]
) -> None:
    sides = Sides(facing, COUNT)
    pairs = {(a, b) for one, other in facing for a, b in itertools.product(one, other)}
    pairs |= {(b, a) for a, b in pairs}
    assert bool(sides) == bool(facing)
    assert held_apart(sides, COUNT) == pairs
    _, labels = np.unique(groups, return_inverse=True)
    whole = {(int(labels[a]), int(labels[b])) for a, b in pairs}
    assert held_apart(sides.grouped(labels), int(labels.max()) + 1) == whole
    # One after the other comes to the same, and leaves those that were grouped as they were.
    first = np.array([int(np.flatnonzero(labels == label)[0]) for label in range(int(labels.max()) + 1)])
    for k in range(COUNT):
        if k not in first:
            sides.merge(np.array([first[labels[k]]]), np.array([k]))
    sides.keep(first)
    assert held_apart(sides, len(first)) == whole
