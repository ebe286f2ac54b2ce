"""Who is near whom: the protocol of an index of neighbours, and the exact one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.coded_vectors import CodedVectors
from workers.clustering.quantisation import quantise
from workers.clustering.unit_vectors import unit_vector

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# The rows of the known neighbours of some rows, in any order, some of them more than once.
KnownNeighbours = Callable[[IntArray], IntArray]

# So many queries are faster one by one through bytes; BLAS first rearranges all vectors.
_FEW = 6
# Similarities that are computed at once: bounds the memory for intermediate results, 4 bytes each.
_AT_ONCE = 1 << 23
# Rows and columns of a block of `graph`: large enough for BLAS, small enough for the cache.
_ROWS, _COLUMNS = 1024, 4096


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The neighbours of one vector.

    Attributes:
        rows: intp (K,), row of each in the index at this moment, ascending.
        similarities: float32 (K,), cosine similarity to each.
    """

    rows: IntArray
    similarities: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourGraph:
    """All pairs of neighbours, each once.

    Attributes:
        rows: int32 (E,), the lower row of each pair in the index at this moment.
        columns: int32 (E,), the higher one.
        similarities: float32 (E,), cosine similarity of the two.
    """

    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    similarities: FloatArray


class NeighbourIndex(Protocol):
    """Unit vectors under the ids of tracks, and which of them are near.

    Vectors are float32 of unit length; others are scaled to it. Similarities are cosines, computed in
    float32: pairs within 1e-6 of the least similarity may fall on either side.
    """

    @property
    def dimension(self) -> int:
        """Of a vector, D."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """Track id of each row; rows move when others are removed."""
        ...

    def __len__(self) -> int:
        """Number of vectors."""
        ...

    def __contains__(self, track_id: object) -> bool:
        """Whether there is a vector under an id."""
        ...

    def insert(self, track_id: str, vector: npt.ArrayLike) -> None:
        """Take in the vector of a track that is not there.

        Raises:
            ValueError: The track is there, or the vector has another dimension, is not finite or is zero.
        """
        ...

    def remove(self, track_id: str) -> int:
        """Forget a vector, in O(1).

        Returns:
            The row that it was in, in which the last one is now.

        Raises:
            KeyError: There is none.
        """
        ...

    def within(self, vectors: FloatArray, least_similarity: float) -> list[Neighbours]:
        """All rows that are at least so similar to each of some vectors.

        Args:
            vectors: (Q, D), of any length but zero; any number, memory stays bounded.
            least_similarity: Least cosine, [-1, 1].

        Raises:
            ValueError: A vector has another dimension, is not finite or is zero.
        """
        ...

    def rows_within(self, vector: FloatArray, least_similarity: float, known: KnownNeighbours) -> IntArray:
        """Rows that are at least so similar to a vector, and nothing but the rows.

        Args:
            vector: (D,), of any length but zero.
            least_similarity: Least cosine, [-1, 1].
            known: Who is that near to some rows, as far as it was found: whoever is near to a vector is
                mostly near to those that are near to it, so that an index need not search for all.

        Returns:
            intp (K,), each once.

        Raises:
            ValueError: The vector has another dimension, is not finite or is zero.
        """
        ...

    def graph(self, least_similarity: float) -> NeighbourGraph:
        """All pairs of rows that are at least so similar."""
        ...


def unit_queries(vectors: FloatArray, dimension: int) -> FloatArray:
    """Vectors (Q, D) to look for, each of unit length.

    Raises:
        ValueError: As for `unit_vector`, with the number of the query.
    """
    queries = [unit_vector(vector, dimension, f"query {k}") for k, vector in enumerate(vectors)]
    return np.stack(queries) if queries else np.zeros((0, dimension), np.float32)


class RowsOfTracks:
    """What all indices are: unit vectors in rows, under the ids of tracks.

    Args:
        dimension: Of a vector, D.
    """

    def __init__(self, dimension: int) -> None:
        self._vectors = CodedVectors(dimension)

    @property
    def dimension(self) -> int:
        """Of a vector, D."""
        return self._vectors.dimension

    @property
    def ids(self) -> Sequence[str]:
        """Track id of each row."""
        return self._vectors.ids

    def __len__(self) -> int:
        """Number of vectors."""
        return len(self._vectors)

    def __contains__(self, track_id: object) -> bool:
        """Whether there is a vector under an id."""
        return track_id in self._vectors

    def insert(self, track_id: str, vector: npt.ArrayLike) -> None:
        """Take in the vector of a track that is not there, see `NeighbourIndex.insert`."""
        self._vectors.insert(track_id, vector)

    def remove(self, track_id: str) -> int:
        """Forget a vector, see `NeighbourIndex.remove`."""
        return self._vectors.remove(track_id)

    def graph(self, least_similarity: float) -> NeighbourGraph:
        """All pairs of rows that are at least so similar, see `NeighbourIndex.graph`.

        All are compared with all in blocks: among 150,000 that is faster than to search for each.
        """
        vectors = self._vectors.values
        rows, columns, similarities = [], [], []
        for top in range(0, len(vectors), _ROWS):
            for left in range(top, len(vectors), _COLUMNS):
                block = vectors[top : top + _ROWS] @ vectors[left : left + _COLUMNS].T
                near = block >= least_similarity
                # Only the blocks at the diagonal hold pairs twice, and rows with themselves.
                if left < top + _ROWS:
                    near = np.triu(near, top - left + 1)
                first, second = np.nonzero(near)
                rows.append((first + top).astype(np.int32))
                columns.append((second + left).astype(np.int32))
                similarities.append(block[first, second])
        if not rows:
            return NeighbourGraph(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
        return NeighbourGraph(np.concatenate(rows), np.concatenate(columns), np.concatenate(similarities))


class ExactIndex(RowsOfTracks):
    """All neighbours, by comparison with all vectors.

    A query reads the vectors as bytes, and the float32 of those that may be near (see `CodedVectors`): among
    150,000 of 512 values 12 ms instead of 24 on one core of an EPYC of the first generation. None is missed.
    Many queries at once, and `graph`, are bound by arithmetic, where float32 BLAS is faster (products of
    matrices of bytes by NumKong took half as long again on that processor, which has no VNNI).

    Args:
        dimension: Of a vector, D.
    """

    def within(self, vectors: FloatArray, least_similarity: float) -> list[Neighbours]:
        """All rows that are at least so similar to each of some vectors, see `NeighbourIndex.within`."""
        queries = unit_queries(vectors, self.dimension)
        if len(self) == 0:
            return [Neighbours(np.zeros(0, np.intp), np.zeros(0, np.float32)) for _ in queries]
        if len(queries) <= _FEW:
            return [self._within_one(query, least_similarity) for query in queries]
        at_once = max(_AT_ONCE // len(self), 1)
        found: list[Neighbours] = []
        for start in range(0, len(queries), at_once):
            similarities = queries[start : start + at_once] @ self._vectors.values.T
            found += [_chosen(row, least_similarity) for row in similarities]
        return found

    def rows_within(
        self,
        vector: FloatArray,
        least_similarity: float,
        known: KnownNeighbours,  # noqa: ARG002 - all are looked at
    ) -> IntArray:
        """Rows that are so similar to a vector, see `NeighbourIndex.rows_within`; ascending."""
        query = unit_vector(vector, self.dimension, "query")
        return self._vectors.near(query, quantise(query), least_similarity)[0]

    def _within_one(self, query: FloatArray, least_similarity: float) -> Neighbours:
        """Neighbours of a vector of unit length."""
        rows, _, _ = self._vectors.possible(quantise(query), least_similarity)
        near = _chosen(self._vectors.similarities(query, rows), least_similarity)
        return Neighbours(rows[near.rows], near.similarities)


def _chosen(similarities: FloatArray, least_similarity: float) -> Neighbours:
    """Those of all similarities (N,) that are large enough."""
    rows = np.flatnonzero(similarities >= least_similarity)
    return Neighbours(rows, similarities[rows])
