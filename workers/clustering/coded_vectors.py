"""Unit vectors as float32 and as bytes: what bytes can decide is not read as float32."""

from __future__ import annotations

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.quantisation import Code, quantise
from workers.clustering.unit_vectors import UnitVectors

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Where more of all rows than this share are compared, looking at all of them is faster than picking.
_MANY = 0.2


class CodedVectors(UnitVectors):
    """Rows of unit vectors with the bytes of each.

    With q = q' + r and x = x' + s, where q' and x' are what the bytes say, Cauchy-Schwarz gives
    |q.x - q'.x'| <= |q'||s| + |r||x|, and the norms of the rests are known for each vector. So the product of
    the bytes says of most rows for certain on which side of a similarity they are; the others are compared as
    float32.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self._levels = Column((dimension,), np.int8)
        self._scales = Column((), np.float32)
        self._rest_norms = Column((), np.float32)
        # What rounding can add to a float32 product of two unit vectors, in whatever order it is summed.
        self._rounding = dimension * float(np.finfo(np.float32).eps)

    @property
    def levels(self) -> npt.NDArray[np.int8]:
        """int8 (N, D), the bytes."""
        return self._levels.values

    def insert(self, track_id: str, vector: npt.ArrayLike) -> FloatArray:
        """Append the vector of a track that is not there, see `UnitVectors.insert`."""
        unit = super().insert(track_id, vector)
        code = quantise(unit)
        self._levels.append(code.levels)
        self._scales.append(code.scale)
        self._rest_norms.append(code.rest_norm)
        return unit

    def remove(self, track_id: str) -> int:
        """Take a vector out, see `UnitVectors.remove`."""
        row = super().remove(track_id)
        for column in (self._levels, self._scales, self._rest_norms):
            column.remove(row)
        return row

    def possible(
        self, code: Code, least_similarity: float, rows: IntArray | None = None
    ) -> tuple[IntArray, FloatArray, npt.NDArray[np.bool_]]:
        """Rows that may be so similar to a vector.

        Args:
            code: Of the vector, of unit length.
            least_similarity: Least cosine.
            rows: intp (K,), those that are asked about; all by default.

        Returns:
            intp (M,), the rows in their order; float32 (M,), the cosine of the bytes; bool (M,), whether the
            row is so similar for certain.
        """
        chosen = slice(None) if rows is None else rows
        levels = self._levels.values[chosen]
        if len(levels) == 0:
            return np.zeros(0, np.intp), np.zeros(0, np.float32), np.zeros(0, np.bool_)
        products = np.asarray(numkong.cdist(code.levels[None], levels, "dot"))[0]
        # In float64, so that the bounds hold by more than they are rounded.
        cosines = products * self._scales.values[chosen] * float(code.scale)
        errors = self._rest_norms.values[chosen] * np.float64(code.norm)
        error = float(code.rest_norm) + self._rounding
        near = np.flatnonzero(cosines + errors >= least_similarity - error)
        sure = cosines[near] - errors[near] >= least_similarity + error
        return (near if rows is None else rows[near]), cosines[near].astype(np.float32), sure

    def near(
        self, query: FloatArray, code: Code, least_similarity: float, rows: IntArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Rows that are so similar to a vector, see `possible`.

        Args:
            query: float32 (D,), of unit length.
            code: Of it.
            least_similarity: Least cosine.
            rows: intp (K,), those that are asked about; all by default.

        Returns:
            intp (M,), the rows in their order; float32 (M,), the cosine of the bytes.
        """
        found, cosines, sure = self.possible(code, least_similarity, rows)
        unsure = np.flatnonzero(~sure)
        sure[unsure] = self.similarities(query, found[unsure]) >= least_similarity
        return found[sure], cosines[sure]

    def similarities(self, query: FloatArray, rows: IntArray) -> FloatArray:
        """float32 (K,), cosine of a vector of unit length and of some rows."""
        values = self.values
        if len(rows) > _MANY * len(values):
            return np.asarray((values @ query)[rows])
        return np.asarray(values[rows] @ query)
