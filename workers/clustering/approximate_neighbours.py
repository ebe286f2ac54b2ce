"""Who is near whom among very many: most of the neighbours, by a navigable graph."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from usearch.index import Index

from workers.clustering.neighbours import (
    KnownNeighbours,
    Neighbours,
    RowsOfTracks,
    unit_queries,
)
from workers.clustering.quantisation import quantise
from workers.clustering.unit_vectors import unit_vector

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Links of a node, and nodes looked at when one is linked: with 64 of the latter, 32 links found more
# neighbours than 16, in less time than 128 nodes take.
_LINKS, _LOOKED_AT = 32, 64
# The nearest nodes are asked for in steps, until one is too far: most tracks have few neighbours.
_FIRST, _STEP = 64, 8
# Of the nearest so many, the known neighbours are looked at; and then of those among them that are near, as
# long as these make the found more by this share.
_SOURCES, _WORTH = 4, 0.05
# Nodes that nobody is in any more leave the graph together, so many at least and one in a hundred: the call
# that follows takes as long as a dozen do (3 ms among 100,000), since the library arranges the keys of all
# nodes anew.
_EMPTY, _EMPTY_SHARE = 256, 0.01
# Most that bytes change a similarity by, as a rule.
_ORDER_ERROR = 0.02


class ApproximateIndex(RowsOfTracks):
    """Nearly all neighbours, in a time that hardly grows with the number of vectors.

    A hierarchical navigable small world (Malkov and Yashunin 2018, "Efficient and robust approximate nearest
    neighbor search using Hierarchical Navigable Small World graphs") over vectors as bytes, by USearch. What
    it finds is compared once more in float32: no pair is wrong, some are missed (about one in 1,000; one in
    100 after half of all vectors was exchanged five times, since nodes that went leave gaps).

    Whoever has thousands of neighbours would be searched for long. Where those that were found before are
    known in full, only the nearest are searched for, and the known neighbours of these are compared: among
    150,000 vectors whose people have up to 3,000, that finds 998.8 of 1,000; all of the others are of people
    whom the search for the nearest did not come by.

    USearch, because its graph forgets nodes, its wheels are small and typed, and it takes single insertions:
    the graph of Faiss can't remove, and its inverted lists have to be trained on vectors yet to come.
    Vectors of equal bytes share a node: otherwise thousands of copies link to each other alone, and searches
    that come by such an island find nothing else, or never get there.

    Args:
        dimension: Of a vector, D.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self._graph = Index(
            ndim=dimension,
            metric="cos",
            dtype="i8",
            connectivity=_LINKS,
            expansion_add=_LOOKED_AT,
            expansion_search=_LOOKED_AT,
        )
        # Nodes are never numbered twice.
        self._next = 0
        self._node: dict[bytes, int] = {}
        self._tracks: dict[int, set[str]] = {}
        # Bytes of the nodes that nobody is in, or was in a while ago.
        self._empty: list[bytes] = []

    def insert(self, track_id: str, vector: npt.ArrayLike) -> None:
        """Take in the vector of a track that is not there, see `NeighbourIndex.insert`."""
        super().insert(track_id, vector)
        levels = self._vectors.levels[-1]
        node = self._node.get(levels.tobytes())
        if node is None:
            node = self._next
            self._next += 1
            self._node[levels.tobytes()] = node
            self._tracks[node] = set()
            self._graph.add(node, levels, threads=1)
        self._tracks[node].add(track_id)

    def remove(self, track_id: str) -> int:
        """Forget a vector, see `NeighbourIndex.remove`."""
        code = self._vectors.levels[self._vectors.row_of(track_id)].tobytes()
        row = super().remove(track_id)
        there = self._tracks[self._node[code]]
        there.remove(track_id)
        if not there:
            self._empty.append(code)
        if len(self._empty) > max(_EMPTY, _EMPTY_SHARE * len(self)):
            self._sweep()
        return row

    def _sweep(self) -> None:
        """Take the nodes that nobody is in out of the graph."""
        for code in set(self._empty):
            if not self._tracks[self._node[code]]:
                node = self._node.pop(code)
                del self._tracks[node]
                self._graph.remove(node)
        self._empty.clear()

    def within(self, vectors: FloatArray, least_similarity: float) -> list[Neighbours]:
        """Nearly all rows that are so similar to each of some vectors, see `NeighbourIndex.within`."""
        return [self._within_one(query, least_similarity) for query in unit_queries(vectors, self.dimension)]

    def rows_within(self, vector: FloatArray, least_similarity: float, known: KnownNeighbours) -> IntArray:
        """Nearly all rows that are so similar to a vector, see `NeighbourIndex.rows_within`."""
        query = unit_vector(vector, self.dimension, "query")
        code = quantise(query)
        rows, likeness, all_found = self._nearest(query, code.levels, _FIRST, least_similarity)
        near = likeness >= least_similarity
        newest, likeness = rows[near], likeness[near]
        found = newest
        if all_found:
            return found
        if len(found) == 0:
            # The nearest by their bytes are just too far; one behind them may not be.
            return self._within_one(query, least_similarity).rows
        unseen = np.ones(len(self), np.bool_)
        unseen[rows] = False
        while len(newest) > _WORTH * (len(found) - len(newest)):
            beside = np.zeros(len(self), np.bool_)
            nearest = np.argpartition(-likeness, min(_SOURCES, len(newest)) - 1)[:_SOURCES]
            beside[known(newest[nearest])] = True
            rows = np.flatnonzero(beside & unseen)
            unseen[rows] = False
            newest, likeness = self._vectors.near(query, code, least_similarity, rows)
            found = np.concatenate([found, newest])
        return found

    def _within_one(self, query: FloatArray, least_similarity: float) -> Neighbours:
        """Neighbours of a vector of unit length."""
        levels = quantise(query).levels
        asked = _FIRST
        while True:
            rows, similarities, all_found = self._nearest(query, levels, asked, least_similarity)
            if all_found:
                near = np.flatnonzero(similarities >= least_similarity)
                near = near[np.argsort(rows[near])]
                return Neighbours(rows[near], similarities[near])
            asked *= _STEP

    def _nearest(
        self, query: FloatArray, levels: npt.NDArray[np.int8], asked: int, least_similarity: float
    ) -> tuple[IntArray, FloatArray, bool]:
        """Rows of the nearest nodes, the cosine of each, and whether no others are so similar."""
        nodes = self._graph.search(levels, min(asked, max(len(self._graph), 1)), threads=1).keys.tolist()
        rows = self._vectors.rows_of(itertools.chain.from_iterable(map(self._tracks.__getitem__, nodes)))
        similarities = self._vectors.similarities(query, rows)
        # Nodes come in the order of their bytes: behind one that is clearly too far, none is near.
        farthest = float(similarities.min(initial=1))
        return rows, similarities, len(nodes) < asked or farthest < least_similarity - _ORDER_ERROR
