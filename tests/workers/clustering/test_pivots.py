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


def lists(found: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(lists_around_pivots(found, np.arange(len(found))))


def met(found: np.ndarray) -> np.ndarray:
    """Which row looks where which other one is kept, the one or the other way round."""
    together = np.zeros((len(found), len(found)), np.bool_)
    for looking, kept in lists(found):
        together[np.ix_(looking, kept)] = True
    return together | together.T


@pytest.mark.parametrize("people", [600, 5])
def test_those_who_are_alike_meet_and_few_others(people: int) -> None:
    """Two of a person have a cosine of about 0.65; people of two vectors as well as of hundreds."""
    found, labels = vectors(1200, people, 0.73)
    together = met(found)
    same = labels[:, None] == labels[None]
    assert together[~same].mean() < 0.25
    # Each meets others of its person, and through them all.
    parts, _ = connected_components(together & same)
    assert parts < 1.03 * people


def test_the_same_vectors_give_the_same_ascending_lists() -> None:
    found, _ = vectors(300, 10, 0.7)
    first, second = lists(found), lists(found)
    assert [rows.tolist() for pair in first for rows in pair] == [
        rows.tolist() for pair in second for rows in pair
    ]
    assert all((np.diff(rows) > 0).all() for pair in first for rows in pair)


def test_places_in_the_order_are_what_lists_hold() -> None:
    found, _ = vectors(200, 10, 0.7)
    order = np.random.default_rng(0).permutation(200)
    moved = [(a.tolist(), b.tolist()) for a, b in lists(found[order])]
    assert moved == [(a.tolist(), b.tolist()) for a, b in lists_around_pivots(found, order)]


@pytest.mark.parametrize("count", [9, 20])
def test_few_vectors_and_equal_ones_are_no_trouble(count: int) -> None:
    same = np.tile(np.eye(1, 8, dtype=np.float32), (count, 1))
    looking, kept = zip(*lists(same), strict=True)
    assert sum(map(len, looking)) == min(32, count) * count
    assert sum(map(len, kept)) == min(5, count) * count
