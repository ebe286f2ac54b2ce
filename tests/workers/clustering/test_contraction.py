from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.contraction import Contraction
from workers.clustering.linkage import constrained_average_linkage
from workers.clustering.ties import Ties

Pairs = list[tuple[int, int]]
Sides = list[tuple[list[int], list[int]]]
COUNT = 8


def contracted(must: Pairs, apart: Pairs, sides: Sequence[tuple[list[int], list[int]]] = ()) -> Contraction:
    pairs = (np.array(pairs, np.intp).reshape(-1, 2) for pairs in (must, apart))
    return Contraction(COUNT, Ties((), *pairs, tuple(sides)))


def told(
    found: Contraction, nodes: Sequence[int]
) -> tuple[list[list[int]], list[tuple[list[int], list[int]]]]:
    pairs, sides = found.apart(np.array(nodes, np.intp))
    return pairs.tolist(), [(one.tolist(), other.tolist()) for one, other in sides]


def test_tracks_that_belong_together_are_the_node_of_the_first() -> None:
    found = contracted([(4, 2), (5, 4), (7, 6)], [])
    assert found.nodes.tolist() == [0, 1, 2, 3, 2, 2, 6, 6]
    assert told(found, range(COUNT)) == ([], [])


def test_what_is_apart_comes_first_and_of_two_that_contradict_the_earlier_one_holds() -> None:
    # 0 and 2 are apart: of the two steps that would join them, the second one fails.
    found = contracted([(0, 1), (1, 2), (2, 3)], [(0, 2)])
    assert found.nodes.tolist()[:4] == [0, 0, 2, 2]
    assert told(found, [0, 2, 5]) == ([[0, 1]], [])
    said = contracted([(0, 1), (1, 2), (2, 3)], [], [([0, 7], [2, 6])])
    assert said.nodes.tolist()[:4] == [0, 0, 2, 2]
    assert told(said, [0, 2, 6, 7]) == ([], [([0, 3], [1, 2])])
    # Of nodes that aren't asked for, nothing is told.
    assert told(said, [0, 7]) == ([], [])


numbers = st.integers(0, COUNT - 1)
pairs = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=6)
side = st.lists(numbers, max_size=3, unique=True)


@given(pairs, pairs, st.lists(st.tuples(side, side).filter(lambda s: not set(s[0]) & set(s[1])), max_size=2))
def test_nodes_are_those_of_linkage_that_merges_nothing_else(must: Pairs, apart: Pairs, sides: Sides) -> None:
    affinity = np.zeros((COUNT, COUNT), np.float32)
    for a, b in apart:
        affinity[a, b] = affinity[b, a] = -np.inf
    for one, other in sides:
        affinity[np.ix_(one, other)] = affinity[np.ix_(other, one)] = -np.inf
    linked = constrained_average_linkage(affinity, np.ones(COUNT, np.float32), 1.0, must)
    _, nodes = np.unique(contracted(must, apart, sides).nodes, return_inverse=True)
    assert nodes.tolist() == linked.tolist()
