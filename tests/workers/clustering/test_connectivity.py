from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workers.clustering.connectivity import cut_off


@given(st.integers(1, 30), st.integers(0, 60), st.integers(0, 100_000))
@settings(max_examples=100, deadline=None)
def test_each_component_with_a_seed_but_one_is_cut_off(nodes: int, edges: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    first, second = random.integers(nodes, size=(2, edges))
    linked = np.zeros((nodes, nodes), np.bool_)
    linked[first, second] = linked[second, first] = True
    np.fill_diagonal(linked, val=False)
    seeds = random.permutation(nodes)[: random.integers(1, nodes + 1)].astype(np.int32)
    parts = cut_off(seeds, lambda node: np.flatnonzero(linked[node]).astype(np.int32), nodes)
    _, component = connected_components(coo_array(linked), directed=False)
    assert len(parts) == len(np.unique(component[seeds])) - 1
    for part in parts:
        (number,) = np.unique(component[part])
        assert sorted(part.tolist()) == np.flatnonzero(component == number).tolist()
    assert len({component[part[0]] for part in parts}) == len(parts)


def test_a_large_component_is_not_walked_through() -> None:
    """A path of 10,000 nodes, from whose end three are cut off."""
    looked_at: list[int] = []

    def neighbours(node: int) -> npt.NDArray[np.int32]:
        looked_at.append(node)
        near = [node - 1, node + 1]
        return np.array([k for k in near if 0 <= k < 10_000 and {k, node} != {2, 3}], np.int32)

    (part,) = cut_off(np.array([2, 3], np.int32), neighbours, 10_000)
    assert sorted(part.tolist()) == [0, 1, 2]
    assert len(looked_at) < 10
