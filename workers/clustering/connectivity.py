"""Whether what was one component still is, found without walking through all of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SlotArray = npt.NDArray[np.int32]


def cut_off(seeds: SlotArray, neighbours: Callable[[int], SlotArray], capacity: int) -> list[SlotArray]:
    """The components that hold seeds, but for one that remains.

    A walk starts at each seed, and they take turns, one node each. Walks that meet go on as one; one that
    finds no further node has seen a whole component. The search ends when a single walk is left, so that the
    one component that remains, the largest as a rule, is not walked through (after Ester et al. 1998).

    Args:
        seeds: (S,), nodes; those that are nearest to all others first make it fast.
        neighbours: Gives the neighbours of a node; symmetric, and no node is its own neighbour.
        capacity: All nodes are below this number.

    Returns:
        The nodes of each component but one; none if all seeds are in one component.
    """
    if len(seeds) < 2:
        return []
    owner = np.full(capacity, -1, np.int32)
    # The walk from the first seed has made its first step: in a dense component it meets all others by that.
    near = neighbours(int(seeds[0]))
    owner[seeds[0]] = owner[near] = 0
    others = seeds[owner[seeds] < 0]
    owner[others] = np.arange(1, len(others) + 1)
    seen = [[int(seeds[0]), *near.tolist()], *([seed] for seed in others.tolist())]
    ahead = [near.tolist(), *([seed] for seed in others.tolist())]
    leader = list(range(len(seen)))
    turns = deque(leader)
    left = len(seen)
    cut: list[SlotArray] = []

    def leader_of(walk: int) -> int:
        while leader[walk] != walk:
            leader[walk] = walk = leader[leader[walk]]
        return walk

    while left > 1:
        walk = turns.popleft()
        if leader[walk] != walk:
            continue
        if not ahead[walk]:
            cut.append(np.array(seen[walk], np.int32))
            left -= 1
            continue
        near = neighbours(ahead[walk].pop())
        owners = owner[near]
        for other in {leader_of(met) for met in np.unique(owners[owners >= 0]).tolist()} - {walk}:
            leader[other] = walk
            left -= 1
            for nodes in (seen, ahead):
                shorter, longer = sorted((nodes[walk], nodes[other]), key=len)
                longer += shorter
                nodes[walk], nodes[other] = longer, []
        fresh = near[owners < 0]
        owner[fresh] = walk
        seen[walk] += fresh.tolist()
        ahead[walk] += fresh.tolist()
        turns.append(walk)
    return cut
