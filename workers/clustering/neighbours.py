"""Who is near whom: the protocol of an index of neighbours, and the exact one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.quantisation import quantise
from workers.clustering.unit_vectors import UnitVectors, unit_vector

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# So many queries are faster one by one through bytes; BLAS first rearranges all vectors.
_FEW = 6
# Similarities that are computed at once: bounds the memory for intermediate results, 4 bytes each.
_AT_ONCE = 1 << 23
# Rows and columns of a block of `graph`: large enough for BLAS, small enough for the cache.
_ROWS, _COLUMNS = 1024, 4096
# Where more of all rows than this share are candidates, looking at all of them is faster than picking.
_MANY = 0.2


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

    def remove(self, track_id: str) -> None:
        """Forget a vector, in O(1).

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
        self._vectors = UnitVectors(dimension)

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


class ExactIndex(RowsOfTracks):
    """All neighbours, by comparison with all vectors.

    A query reads the vectors as bytes, and the float32 of those that may be near: among 150,000 of 512 values
    12 ms instead of 24 on one core of an EPYC of the first generation. None is missed: with q = q' + r and
    x = x' + s, where q' and x' are what the bytes say, Cauchy-Schwarz gives q.x <= q'.x' + |q'||s| + |r||x|,
    and the norms of the rests are known for each vector. Many queries at once, and `graph`, are bound by
    arithmetic, where float32 BLAS is faster (products of matrices of bytes by NumKong took half as long again
    on that processor, which has no VNNI).

    Args:
        dimension: Of a vector, D.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self._levels = Column((dimension,), np.int8)
        self._scales = Column((), np.float32)
        self._rest_norms = Column((), np.float32)
        # What rounding can add to a float32 product of two unit vectors, in whatever order it is summed.
        self._rounding = dimension * float(np.finfo(np.float32).eps)

    def insert(self, track_id: str, vector: npt.ArrayLike) -> None:
        """Take in the vector of a track that is not there, see `NeighbourIndex.insert`."""
        code = quantise(self._vectors.insert(track_id, vector))
        self._levels.append(code.levels)
        self._scales.append(code.scale)
        self._rest_norms.append(code.rest_norm)

    def remove(self, track_id: str) -> None:
        """Forget a vector, see `NeighbourIndex.remove`."""
        row = self._vectors.remove(track_id)
        for column in (self._levels, self._scales, self._rest_norms):
            column.remove(row)

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

    def graph(self, least_similarity: float) -> NeighbourGraph:
        """All pairs of rows that are at least so similar, see `NeighbourIndex.graph`."""
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

    def _within_one(self, query: FloatArray, least_similarity: float) -> Neighbours:
        """Neighbours of a vector of unit length."""
        code = quantise(query)
        products = np.asarray(numkong.cdist(code.levels[None], self._levels.values, "dot"))[0]
        # In float64, so that the bound holds by more than it is rounded.
        most = products * self._scales.values * float(code.scale)
        most += self._rest_norms.values * np.float64(code.norm)
        least = least_similarity - float(code.rest_norm) - self._rounding
        candidates = np.flatnonzero(most >= least)
        vectors = self._vectors.values
        if len(candidates) > _MANY * len(vectors):
            return _chosen(vectors @ query, least_similarity)
        near = _chosen(vectors[candidates] @ query, least_similarity)
        return Neighbours(candidates[near.rows], near.similarities)


def _chosen(similarities: FloatArray, least_similarity: float) -> Neighbours:
    """Those of all similarities (N,) that are large enough."""
    rows = np.flatnonzero(similarities >= least_similarity)
    return Neighbours(rows, similarities[rows])
