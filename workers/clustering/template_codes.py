"""Templates as bytes, for a first look at very many of them, with what that costs in accuracy known."""

from __future__ import annotations

from dataclasses import dataclass

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.quantisation import Code, quantise

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Levels are -127 to 127.
_LARGEST = 127
# Norms are rounded, and this much more makes them upper bounds.
_ROUNDED_UP = 1 + 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class CodedFace:
    """A face m + p to be compared with templates.

    Attributes:
        code: Of p; None where that is zero.
        base: p.m.
    """

    code: Code | None
    base: np.float32


class TemplateCodes:
    """Templates m + y in rows: y as bytes, where m is the mean face, and (m + y).m as float32.

    All faces are much alike, so that y is short, and its bytes say more than those of the whole template
    would: with a face m + p, the product (m + y).(m + p) is (m + y).m + p.m + y.p, of which only the last is
    of bytes. With y = y' + s and p = p' + r, where y' and p' are what the bytes say, Cauchy-Schwarz bounds
    what they leave out by |p'||s| + |r||y|.

    Args:
        mean: float32 (D,), m.
    """

    def __init__(self, mean: FloatArray) -> None:
        self._mean = mean
        self._levels = Column(mean.shape, np.int8)
        self._scales = Column((), np.float32)
        self._bases = Column((), np.float32)
        # Upper bounds of |s| and |y| of all that ever were here.
        self._rest_norm = self._own_norm = 0.0

    def put(self, rows: IntArray, fresh: int, templates: FloatArray) -> None:
        """Write rows.

        Args:
            rows: intp (K,), where to.
            fresh: How many of them are new, at the end.
            templates: float32 (K, D).
        """
        own = templates - self._mean
        scales = np.abs(own).max(axis=1) / np.float32(_LARGEST)
        levels = np.rint(own / np.where(scales > 0, scales, np.float32(1))[:, None])
        rests = np.linalg.norm(own - levels * scales[:, None], axis=1)
        self._rest_norm = max(self._rest_norm, float(rests.max(initial=0)) * _ROUNDED_UP)
        self._own_norm = max(self._own_norm, float(np.linalg.norm(own, axis=1).max(initial=0)) * _ROUNDED_UP)
        for column, values in (
            (self._levels, levels.astype(np.int8)),
            (self._scales, scales),
            (self._bases, templates @ self._mean),
        ):
            column.extend(np.zeros((fresh, *column.shape), column.values.dtype))
            column.values[rows] = values

    def remove(self, row: int) -> None:
        """Take a row out; the last one moves into its place."""
        for column in (self._levels, self._scales, self._bases):
            column.remove(row)

    def face(self, vector: FloatArray) -> CodedFace:
        """A face, float32 (D,), to be compared."""
        own = vector - self._mean
        return CodedFace(quantise(own) if own.any() else None, np.float32(own @ self._mean))

    def similarities(self, face: CodedFace, block: slice) -> FloatArray:
        """float32 (K,), products of a face with some rows, each off by `error` at most."""
        found = self._bases.values[block] + face.base
        if face.code is not None:
            products = np.asarray(numkong.cdist(face.code.levels[None], self._levels.values[block], "dot"))[0]
            found += products.astype(np.float32) * (self._scales.values[block] * face.code.scale)
        return np.asarray(found)

    def error(self, face: CodedFace) -> float:
        """Most that a product with a face is off."""
        rounding = len(self._mean) * float(np.finfo(np.float32).eps)
        if face.code is None:
            return rounding
        return (
            float(face.code.norm) * self._rest_norm + float(face.code.rest_norm) * self._own_norm + rounding
        )
