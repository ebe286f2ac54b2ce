"""Templates as bytes, for a first look at very many of them, with what that costs in accuracy known."""

from __future__ import annotations

from dataclasses import dataclass

import numkong
import numpy as np
import numpy.typing as npt

from workers.clustering.columns import Column
from workers.clustering.quantisation import quantise

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Levels are -127 to 127.
_LARGEST = 127
# Norms are rounded, and this much more makes them upper bounds.
_ROUNDED_UP = 1 + 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class CodedFaces:
    """Faces m + p to be compared with templates.

    Attributes:
        levels: int8 (F, D), bytes of each p.
        scales: float32 (F,), step of the levels; 0 where p is zero.
        bases: float32 (F,), p.m.
        norms: float32 (F,), upper bound of |p'|.
        rest_norms: float32 (F,), upper bound of |r|.
    """

    levels: npt.NDArray[np.int8]
    scales: FloatArray
    bases: FloatArray
    norms: FloatArray
    rest_norms: FloatArray


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

    def faces(self, vectors: FloatArray) -> CodedFaces:
        """Faces, float32 (F, D), to be compared."""
        own = vectors - self._mean
        found = CodedFaces(
            levels=np.zeros(own.shape, np.int8),
            scales=np.zeros(len(own), np.float32),
            bases=np.asarray(own @ self._mean, np.float32),
            norms=np.zeros(len(own), np.float32),
            rest_norms=np.zeros(len(own), np.float32),
        )
        for k in np.flatnonzero(own.any(axis=1)).tolist():
            code = quantise(own[k])
            found.levels[k], found.scales[k] = code.levels, code.scale
            found.norms[k], found.rest_norms[k] = code.norm, code.rest_norm
        return found

    def similarities(self, faces: CodedFaces, block: slice) -> FloatArray:
        """float32 (F, K), products of faces with some rows, each off by its face's `errors` at most."""
        levels = self._levels.values[block]
        if len(faces.levels) == 1:
            products = np.asarray(numkong.cdist(faces.levels, levels, "dot"))
        else:
            # Each row is read once for all faces.
            products = np.asarray(numkong.dots_packed(levels, numkong.dots_pack(faces.levels))).T
        found = products.astype(np.float32, order="C")
        found *= self._scales.values[block]
        found *= faces.scales[:, None]
        found += self._bases.values[block]
        found += faces.bases[:, None]
        return found

    def errors(self, faces: CodedFaces) -> npt.NDArray[np.float64]:
        """float64 (F,), most that a product with each face is off."""
        rounding = len(self._mean) * float(np.finfo(np.float32).eps)
        rests = faces.rest_norms * np.float64(self._own_norm)
        return np.asarray(faces.norms * np.float64(self._rest_norm) + rests + rounding)
