"""Tracks that belong together as one, and who of them must stay apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.clustering.linkage import roots
from workers.clustering.ties import Ties

IntArray = npt.NDArray[np.intp]


class Contraction:
    """Tracks of which those that belong together are one node.

    What must be apart comes before what belongs together: a pair of `Ties.must` that contradicts it, by the
    pairs that came before, is ignored (instance-level constraints; Wagstaff et al. 2001).

    Args:
        count: Number of tracks.
        ties: What is known of them.
    """

    def __init__(self, count: int, ties: Ties) -> None:
        self._parent = list(range(count))
        self._foes: dict[int, set[int]] = {}
        # Where a node stands in what people hold apart: number of the pair, and side.
        self._stands: dict[int, set[tuple[int, int]]] = {}
        for a, b in ties.apart.tolist():
            self._foes.setdefault(a, set()).add(b)
            self._foes.setdefault(b, set()).add(a)
        for number, sides in enumerate(ties.sides):
            for which, side in enumerate(sides):
                for track in np.asarray(side, np.intp).tolist():
                    self._stands.setdefault(track, set()).add((number, which))
        for a, b in ties.must.tolist():
            first, second = sorted((self._root(a), self._root(b)))
            if first != second and not self._are_apart(first, second):
                self._join(first, second)

    @property
    def nodes(self) -> IntArray:
        """The node of each track, (N,): the number of its first track."""
        return roots(np.array(self._parent, np.intp))

    def apart(self, nodes: IntArray) -> tuple[IntArray, list[tuple[IntArray, IntArray]]]:
        """Nodes that must be apart.

        Args:
            nodes: (K,), some nodes, ascending.

        Returns:
            Pairs (P, 2), as places in `nodes`, the lower one first, ascending, and sides of which neither is
            empty, of places likewise.
        """
        place = {node: k for k, node in enumerate(nodes.tolist())}
        sides: dict[tuple[int, int], list[int]] = {}
        found: set[tuple[int, int]] = set()
        for node, k in place.items():
            found.update((k, place[foe]) for foe in self._foes.get(node, ()) if foe in place and foe > node)
            for stand in self._stands.get(node, ()):
                sides.setdefault(stand, []).append(k)
        facing = [
            (np.array(side, np.intp), np.array(sides[number, 1], np.intp))
            for (number, which), side in sorted(sides.items())
            if which == 0 and (number, 1) in sides
        ]
        return np.array(sorted(found), np.intp).reshape(-1, 2), facing

    def _root(self, track: int) -> int:
        parent = self._parent
        while parent[track] != track:
            parent[track] = track = parent[parent[track]]
        return track

    def _are_apart(self, first: int, second: int) -> bool:
        there = self._stands.get(second, ())
        facing = any((number, 1 - which) in there for number, which in self._stands.get(first, ()))
        return facing or second in self._foes.get(first, ())

    def _join(self, into: int, gone: int) -> None:
        self._parent[gone] = into
        for foe in self._foes.pop(gone, set()):
            self._foes[foe].discard(gone)
            self._foes[foe].add(into)
            self._foes.setdefault(into, set()).add(foe)
        if gone in self._stands:
            self._stands.setdefault(into, set()).update(self._stands.pop(gone))
