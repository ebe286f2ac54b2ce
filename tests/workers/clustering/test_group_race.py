from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.group_race import ENOUGH, Seen, best_group


@dataclass
class Members:
    """Groups whose members have values and weights; those that have none are gone."""

    values: dict[str, tuple[float, float]] = field(default_factory=dict)
    groups: list[list[str]] = field(default_factory=list)
    looked_at: int = 0

    def add(self, values: Iterable[float], weights: Iterable[float] | None = None, gone: int = 0) -> None:
        group = [f"{len(self.groups)}-gone-{k}" for k in range(gone)]
        told = list(values)
        for k, (value, weight) in enumerate(zip(told, weights or [1.0] * len(told), strict=True)):
            group.append(f"{len(self.groups)}-{k}")
            self.values[group[-1]] = value, weight
        self.groups.append(group)

    def look(self, some: Sequence[int], most: int | None) -> Seen:
        chosen = [spread_over(self.groups[k], most) for k in some]
        found = [(k, *self.values[m]) for k, group in enumerate(chosen) for m in group if m in self.values]
        self.looked_at += len(found)
        of, value, weight = zip(*found, strict=True) if found else ((), (), ())
        return Seen(np.array(of, np.intp), np.array(value, np.float32), np.array(weight, np.float32))

    def best(self, least: float = 0.0) -> int | None:
        return best_group([len(group) for group in self.groups], self.look, least)

    def means(self) -> list[float]:
        there = [[self.values[m] for m in group if m in self.values] for group in self.groups]
        return [
            sum(value * weight for value, weight in some) / sum(weight for _, weight in some)
            if some
            else -np.inf
            for some in there
        ]


def spread_over(group: list[str], most: int | None) -> list[str]:
    return group if most is None else group[:: -(-len(group) // most) or 1]


def spread(mean: float, count: int, seed: int = 0, scale: float = 2.0) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).normal(mean, scale, count)]


def test_among_no_groups_there_is_no_best_one() -> None:
    assert Members().best() is None


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-9, 9, width=16), st.floats(0.5, 4, width=16)), max_size=5), max_size=6
    ),
    st.sampled_from([-1.0, 0.0, 2.0]),
)
def test_of_small_groups_the_highest_mean_that_reaches_the_least_one_wins(
    groups: list[list[tuple[float, float]]], least: float
) -> None:
    members = Members()
    for group in groups:
        members.add([value for value, _ in group], [weight for _, weight in group], gone=1)
    found, means = members.best(least), members.means()
    if found is None:
        assert max(means, default=-np.inf) < least + 1e-5
    else:
        assert means[found] >= max(*means, least) - 1e-5


def test_of_large_groups_that_differ_some_members_are_enough() -> None:
    members = Members()
    for k, mean in enumerate([-5, 4, -3, -8]):
        members.add(spread(mean, 3000, k))
    assert members.best() == 1
    assert members.looked_at <= 4 * ENOUGH


def test_where_nobody_comes_near_the_least_mean_some_members_are_enough() -> None:
    members = Members()
    members.add(spread(-4, 3000))
    members.add(spread(-3, 3000, 1))
    assert members.best() is None
    assert members.looked_at <= 2 * ENOUGH


@given(st.integers(0, 50), st.sampled_from([0.0, 0.01, 0.1]))
def test_all_members_of_those_that_are_nearly_as_good_are_looked_at(seed: int, apart: float) -> None:
    members = Members()
    members.add(spread(2 + apart, 700, seed))
    members.add(spread(-7, 700, seed + 1))
    members.add(spread(2, 700, seed + 2))
    means = members.means()
    assert members.best() == int(np.argmax(means))
    assert 1400 < members.looked_at < 2100


@given(st.integers(0, 50))
def test_all_members_are_looked_at_where_the_mean_is_close_to_the_least_one(seed: int) -> None:
    members = Members()
    members.add(spread(0, 999, seed, scale=1.0))
    assert members.best() == (0 if members.means()[0] >= 0 else None)
    assert members.looked_at > 999


def test_weights_count_in_large_groups_too() -> None:
    members = Members()
    # Nine of ten speak against, but next to nothing.
    members.add([4.0 if k % 10 == 0 else -4.0 for k in range(2000)], [90.0, *[1.0] * 9] * 200)
    assert members.best() == 0


def test_members_that_are_gone_do_not_hide_those_who_are_there() -> None:
    members = Members()
    members.add([-1.0])
    members.add([3.0] * 1000)
    # None of those that are looked at first is there.
    for gone in spread_over(members.groups[1], ENOUGH):
        del members.values[gone]
    assert members.best() == 1
