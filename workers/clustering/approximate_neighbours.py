"""Who is near whom among very many: most of the neighbours, by a navigable graph."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from usearch.index import Index

from workers.clustering.neighbours import NeighbourGraph, Neighbours, RowsOfTracks, unit_queries
from workers.clustering.quantisation import quantise

FloatArray = npt.NDArray[np.float32]

# Links of a node, and nodes looked at when one is linked: with 64 of the latter, 32 links found more
# neighbours than 16, in less time than 128 nodes take.
_LINKS, _LOOKED_AT = 32, 64
# The nearest nodes are asked for in steps, until one is too far: most tracks have few neighbours.
_FIRST, _STEP = 64, 8
# Most that bytes change a similarity by, as a rule.
_ORDER_ERROR = 0.02


class ApproximateIndex(RowsOfTracks):
    """Nearly all neighbours, in a time that hardly grows with the number of vectors.

    A hierarchical navigable small world (Malkov and Yashunin 2018, "Efficient and robust approximate nearest
    neighbor search using Hierarchical Navigable Small World graphs") over vectors as bytes, by USearch. What
    it finds is compared once more in float32: no pair is wrong, some are missed (about one in 1,000; one in
    100 after half of all vectors was exchanged five times, since nodes that went leave gaps).

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

    def insert(self, track_id: str, vector: npt.ArrayLike) -> None:
        """Take in the vector of a track that is not there, see `NeighbourIndex.insert`."""
        levels = quantise(self._vectors.insert(track_id, vector)).levels
        node = self._node.get(levels.tobytes())
        if node is None:
            node = self._next
            self._next += 1
            self._node[levels.tobytes()] = node
            self._tracks[node] = set()
            self._graph.add(node, levels, threads=1)
        self._tracks[node].add(track_id)

    def remove(self, track_id: str) -> None:
        """Forget a vector, see `NeighbourIndex.remove`."""
        code = quantise(self._vectors.values[self._vectors.row_of(track_id)]).levels.tobytes()
        self._vectors.remove(track_id)
        node = self._node[code]
        self._tracks[node].remove(track_id)
        if not self._tracks[node]:
            del self._node[code], self._tracks[node]
            self._graph.remove(node)

    def within(self, vectors: FloatArray, least_similarity: float) -> list[Neighbours]:
        """Nearly all rows that are so similar to each of some vectors, see `NeighbourIndex.within`."""
        return [self._within_one(query, least_similarity) for query in unit_queries(vectors, self.dimension)]

    def graph(self, least_similarity: float) -> NeighbourGraph:
        """Nearly all pairs of rows that are so similar: those that one of the two finds."""
        count = len(self)
        pairs = [np.zeros(0, np.int64)]
        similarities = [np.zeros(0, np.float32)]
        for row, vector in enumerate(self._vectors.values):
            near = self._within_one(vector, least_similarity)
            other = near.rows != row
            found = near.rows[other]
            pairs.append(np.minimum(found, row) * count + np.maximum(found, row))
            similarities.append(near.similarities[other])
        numbers, first = np.unique(np.concatenate(pairs), return_index=True)
        return NeighbourGraph(
            (numbers // max(count, 1)).astype(np.int32),
            (numbers % max(count, 1)).astype(np.int32),
            np.concatenate(similarities)[first],
        )

    def _within_one(self, query: FloatArray, least_similarity: float) -> Neighbours:
        """Neighbours of a vector of unit length."""
        levels = quantise(query).levels
        asked = _FIRST
        while True:
            nodes = self._graph.search(levels, min(asked, max(len(self._graph), 1)), threads=1).keys.tolist()
            rows = self._vectors.rows_of(itertools.chain.from_iterable(map(self._tracks.__getitem__, nodes)))
            similarities = self._vectors.values[rows] @ query
            near = np.flatnonzero(similarities >= least_similarity)
            # Nodes come in the order of their bytes: behind one that is clearly too far, none is near.
            farthest = similarities.min(initial=1)
            if len(nodes) < asked or farthest < least_similarity - _ORDER_ERROR:
                rows, similarities = rows[near], similarities[near]
                order = np.argsort(rows)
                return Neighbours(rows[order], similarities[order])
            asked *= _STEP
