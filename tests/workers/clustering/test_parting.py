from __future__ import annotations

import numpy as np
import pytest
from made_tracks import CAST, beside, unit

from workers.clustering.contraction import Contraction
from workers.clustering.parting import keep_to
from workers.clustering.ties import Ties

Pairs = list[tuple[int, int]]


def kept(
    vectors: list[np.ndarray], labels: list[int], must: Pairs, apart: Pairs, limit: int = 100
) -> list[int]:
    """Clusters of tracks of which all are neighbours."""
    pairs = (np.array(pairs, np.intp).reshape(-1, 2) for pairs in (must, apart))
    count = len(vectors)
    return keep_to(
        Contraction(count, Ties((), *pairs, ())),
        np.array(labels, np.intp),
        np.stack(vectors),
        np.ones(count, np.float32),
        lambda members: np.triu_indices(len(members), 1),
        limit,
    ).tolist()


@pytest.mark.parametrize("limit", [1, 100])
def test_a_cluster_that_holds_who_is_apart_falls_into_the_parts_that_are_most_alike(limit: int) -> None:
    vectors = [CAST.vector(person, k) for k in range(4) for person in (0, 1)]
    assert kept(vectors, [0] * 8, [], [(0, 1)], limit) == [0, 1] * 4
    # Others stay as they are, and so do all where nobody is apart.
    assert kept(vectors, [0] * 6 + [1, 1], [], [(0, 7)], limit) == [0, 0, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("limit", [1, 100])
def test_who_belongs_together_stays_so_when_a_cluster_is_parted(limit: int) -> None:
    vectors = [CAST.vector(person, k) for k in range(4) for person in (0, 1)]
    found = kept(vectors, [0, 1] * 4, [(0, 1)], [(2, 3)], limit)
    assert found[0] == found[1]
    assert found[2] != found[3]
    assert set(found) == {found[2], found[3]}


def test_equal_tracks_that_are_apart_from_nobody_go_together() -> None:
    vectors = [unit(1), unit(1), beside(0.9), beside(0.9), unit(1)]
    assert kept(vectors, [0] * 5, [], [(0, 2)]) == [0, 0, 1, 1, 0]
