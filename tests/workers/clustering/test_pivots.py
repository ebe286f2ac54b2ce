from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from workers.clustering.pivots import lists_around_pivots


def vectors(count: int, people: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(count)
    centres = random.normal(size=(people, 64))
    labels = np.arange(count) % people
    found = centres[labels] + noise * random.normal(size=(count, 64))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), labels


def met(lists: list[np.ndarray], count: int) -> np.ndarray:
    """Which rows are in a list together."""
    together = np.zeros((count, count), np.bool_)
    for rows in lists:
        together[np.ix_(rows, rows)] = True
    return together


@pytest.mark.parametrize("people", [600, 5])
def test_those_who_are_alike_meet_and_few_others(people: int) -> None:
    """Two of a person have a cosine of about 0.65; people of two vectors as well as of hundreds."""
    found, labels = vectors(1200, people, 0.73)
    together = met(list(lists_around_pivots(found)), 1200)
    same = labels[:, None] == labels[None]
    assert together[~same].mean() < 0.25
    # Each meets others of its person, and through them all.
    parts, _ = connected_components(together & same)
    assert parts < 1.03 * people


def test_the_same_vectors_give_the_same_ascending_lists() -> None:
    found, _ = vectors(300, 10, 0.7)
    first, second = (list(lists_around_pivots(found)) for _ in range(2))
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in second]
    assert all((np.diff(rows) > 0).all() for rows in first)


@pytest.mark.parametrize("count", [9, 20])
def test_few_vectors_and_equal_ones_are_no_trouble(count: int) -> None:
    same = np.tile(np.eye(1, 8, dtype=np.float32), (count, 1))
    lists = list(lists_around_pivots(same))
    assert sum(map(len, lists)) == min(16, count) * count
